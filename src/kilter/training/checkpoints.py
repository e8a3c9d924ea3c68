"""Checkpoints: all that a training needs to go on exactly, written so that half of one is never taken for one."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, final

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from kilter.engine.seeding import RandomState
from kilter.training.packing import pack, unpack
from kilter.values.errors import DataError, TrainingError, UsageError

if TYPE_CHECKING:
    from torch import Tensor, nn
    from torch.optim import Optimizer

FORMAT: Final = 1
_MODEL: Final = "model.safetensors"
_OPTIMIZER: Final = "optimizer.safetensors"
_STATE: Final = "state.json"
_MANIFEST: Final = "manifest.json"
_NAME: Final = re.compile(r"step-(\d{8,})")
_HALF: Final = ".writing-"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """A checkpoint on disk that was found whole.

    Attributes:
        path: its folder.
        step: optimizer steps that had been made.
        best: the step of the best evaluation up to there, whose checkpoint stands beside this one; None before the
            first.
        threads: torch's threads then; other numbers of threads add up in other orders.
    """

    path: Path
    step: int
    best: int | None
    threads: int

    def weights(self) -> dict[str, Tensor]:
        """The model's state, for `load_state_dict`."""
        weights: dict[str, Tensor] = unpack(self._state()["model"], load_file(self.path / _MODEL))
        return weights

    def load_optimizer(self, optimizer: Optimizer) -> None:
        """Put an optimizer over the same parameters where this one was."""
        packed = unpack(self._state()["optimizer"], load_file(self.path / _OPTIMIZER))
        optimizer.load_state_dict(packed)
        # `load_state_dict` casts to the parameter's type and keeps the layout of the file; a fused kernel walks
        # through state and parameter as they lie in memory, and must find both laid out alike.
        parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
        for index, values in packed["state"].items():
            parameter = parameters[index]
            for key, value in values.items():
                if isinstance(value, torch.Tensor) and value.shape == parameter.shape:
                    optimizer.state[parameter][key] = torch.empty_like(parameter, dtype=value.dtype).copy_(value)

    def random_state(self) -> RandomState:
        """The global random states as they were."""
        return RandomState(**unpack(self._state()["random"], load_file(self.path / _OPTIMIZER)))

    def _state(self) -> dict[str, Any]:
        return _read(self.path / _STATE)


def save(
    folder: Path, *, step: int, best: int | None, model: nn.Module, optimizer: Optimizer, random: RandomState
) -> Checkpoint:
    """Write a checkpoint into `folder`: temporary name, fsync, hashed manifest, rename.

    Raises:
        TrainingError: the disk refuses, or there is state that cannot be stored; older checkpoints stay as they are.
    """
    target = folder / _name(step)
    half = folder / f"{_HALF}{target.name}"
    checkpoint = Checkpoint(path=target, step=step, best=best, threads=torch.get_num_threads())
    weights, weight_tensors = pack(model.state_dict())
    moments, moment_tensors = pack(optimizer.state_dict(), "optimizer")
    by_name = {field.name: getattr(random, field.name) for field in fields(random)}
    generators, generator_tensors = pack(by_name, "random")
    state = {
        "format": FORMAT,
        "step": step,
        "best": best,
        "threads": checkpoint.threads,
        "model": weights,
        "optimizer": moments,
        "random": generators,
    }
    try:
        shutil.rmtree(half, ignore_errors=True)
        half.mkdir(parents=True)
        save_file(weight_tensors, half / _MODEL)
        save_file({**moment_tensors, **generator_tensors}, half / _OPTIMIZER)
        (half / _STATE).write_text(json.dumps(state), "utf-8")
        manifest = {"step": step, "sha256": {name: _digest(half / name) for name in (_MODEL, _OPTIMIZER, _STATE)}}
        (half / _MANIFEST).write_text(json.dumps(manifest, indent=1), "utf-8")
        for path in (*half.iterdir(), half):
            _sync(path)
        shutil.rmtree(target, ignore_errors=True)  # one of the same step was found broken, or it would not be rewritten
        half.rename(target)
        _sync(folder)
    except (OSError, SafetensorError) as error:
        shutil.rmtree(half, ignore_errors=True)
        said = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise TrainingError(
            f"the checkpoint of step {step} could not be written to {folder}: {said}",
            legal="what was saved before is untouched",
            remedy="make room, then go on with `kilter train --resume`",
        ) from error
    return checkpoint


def newest(folder: Path) -> Checkpoint | None:
    """The newest checkpoint that is whole and has its best one beside it; broken ones are passed over."""
    for path in _stored(folder):
        checkpoint = _open(path)
        if checkpoint and (checkpoint.best in {None, checkpoint.step} or _open(folder / _name(checkpoint.best or 0))):
            return checkpoint
    return None


def departure(folder: Path, *, resume: bool) -> Checkpoint | None:
    """Where a training into a folder begins: at its newest whole checkpoint, or (None) at the first step.

    Raises:
        UsageError: the folder has checkpoints, and nobody wants to go on from there.
        DataError: none of the folder's checkpoints is whole.
    """
    there = [path.name for path in _stored(folder)]
    if there and not resume:
        raise UsageError(
            f"{folder} holds checkpoints of a training ({there[0]} is the newest)",
            legal="a training begins in a folder without checkpoints",
            remedy="go on from there with `resume`, or choose another folder",
        )
    start = newest(folder)
    if there and start is None:
        raise DataError(
            f"none of the checkpoints in {folder} is whole ({', '.join(there)})",
            legal="the contents of one must be as its manifest says",
            remedy="bring back a copy, or train again in another folder",
        )
    return start


def at_step(folder: Path, step: int) -> Checkpoint:
    """The checkpoint of a step.

    Raises:
        DataError: there is none, or it is not whole.
    """
    checkpoint = _open(folder / _name(step))
    if checkpoint is None:
        there = ", ".join(str(whole.step) for whole in map(_open, _stored(folder)) if whole) or "none"
        raise DataError(f"{folder} has no whole checkpoint of step {step}", legal=f"there are: {there}")
    return checkpoint


def prune(folder: Path, *, step: int, keep: int) -> None:
    """Delete all but the newest `keep` checkpoints up to `step`, the best one of each, and what was half written.

    Later ones belong to a way that was left by going on from an earlier one.
    """
    stored = {int(path.name.removeprefix("step-")): path for path in _stored(folder)}
    recent = [number for number in stored if number <= step][:keep]
    wanted = {*recent, *(best for number in recent if (best := _best(stored[number])) is not None)}
    for path in (*(path for number, path in stored.items() if number not in wanted), *folder.glob(f"{_HALF}step-*")):
        shutil.rmtree(path, ignore_errors=True)


def _best(path: Path) -> int | None:
    try:
        best: int | None = _read(path / _STATE)["best"]
    except (OSError, ValueError, KeyError):
        return None
    return best


def _stored(folder: Path) -> Iterator[Path]:
    """Folders that are called like checkpoints, the newest first."""
    named = [path for path in folder.glob("step-*") if _NAME.fullmatch(path.name)]
    return iter(sorted(named, key=lambda path: int(path.name.removeprefix("step-")), reverse=True))


def _open(path: Path) -> Checkpoint | None:
    """A checkpoint whose files are as its manifest says; None where they are not."""
    try:
        digests = _read(path / _MANIFEST)["sha256"]
        if digests != {name: _digest(path / name) for name in (_MODEL, _OPTIMIZER, _STATE)}:
            return None
        state = _read(path / _STATE)
    except (OSError, ValueError, KeyError):
        return None
    if state.get("format") != FORMAT:
        return None
    return Checkpoint(path=path, step=state["step"], best=state["best"], threads=state["threads"])


def _read(path: Path) -> dict[str, Any]:
    whole = json.loads(path.read_text("utf-8"))
    if not isinstance(whole, dict):
        message = f"{path} is no mapping"
        raise ValueError(message)
    return whole


def _name(step: int) -> str:
    return f"step-{step:08d}"


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
