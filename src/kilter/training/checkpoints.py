"""Checkpoints: all that a training needs to go on exactly, written so that half of one is never taken for one."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, final

import torch
from safetensors.torch import load_file

from kilter.engine.averaging import go_on, judged
from kilter.engine.seeding import RandomState
from kilter.training.packing import pack, unpack
from kilter.training.tensor_files import content_of, write_tensors, write_text
from kilter.values.errors import DataError, TrainingError, UsageError

if TYPE_CHECKING:
    from torch import Tensor, nn
    from torch.optim import Optimizer

FORMAT: Final = 2
_MODEL: Final = "model.safetensors"
_OPTIMIZER: Final = "optimizer.safetensors"
_STATE: Final = "state.json"
_MANIFEST: Final = "manifest.json"
_NAME: Final = re.compile(r"step-(\d{8,})")
_HALF: Final = ".writing-"

Extent: TypeAlias = Literal["full", "weights"]
"""What a checkpoint holds: all that a training needs to go on, or the weights alone."""


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
        content: `full`, or `weights` alone, from which no training goes on.
    """

    path: Path
    step: int
    best: int | None
    threads: int
    content: Extent = "full"

    def weights(self) -> dict[str, Tensor]:
        """The model's state, for `load_state_dict`: the weights that are judged, where an optimizer averages."""
        weights: dict[str, Tensor] = unpack(self._state()["model"], load_file(self.path / _MODEL))
        return weights

    def load_model(self, model: nn.Module) -> None:
        """Give a model these weights.

        Raises:
            UsageError: the model is another than the one that was saved.
        """
        try:
            model.load_state_dict(self.weights())
        except RuntimeError as error:
            raise UsageError(
                f"the weights of step {self.step} are those of another model: {' '.join(str(error).split())}",
                legal="a checkpoint goes with the model that it was saved from",
                remedy="bring back the code and the settings of that model, or train again",
            ) from error

    def load_optimizer(self, optimizer: Optimizer) -> None:
        """Put an optimizer where this one was, after its model; one that averages trains on from its trained weights.

        Raises:
            UsageError: the checkpoint holds weights alone.
        """
        self.must_be_full()
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
        go_on(optimizer)

    def random_state(self) -> RandomState:
        """The global random states as they were.

        Raises:
            UsageError: the checkpoint holds weights alone.
        """
        self.must_be_full()
        return RandomState(**unpack(self._state()["random"], load_file(self.path / _OPTIMIZER)))

    def must_be_full(self) -> None:
        """See that a training can go on from here.

        Raises:
            UsageError: the checkpoint holds weights alone.
        """
        if self.content != "full":
            raise UsageError(
                f"the checkpoint of step {self.step} in {self.path.parent} holds weights alone (save.content: weights)",
                legal="a training goes on from a full checkpoint, with its optimizer and random state",
                remedy=f"begin another training with these weights: train.weights: {self.path}",
            )

    def _state(self) -> dict[str, Any]:
        return _read(self.path / _STATE)


def save(
    folder: Path,
    *,
    step: int,
    best: int | None,
    model: nn.Module,
    optimizer: Optimizer,
    random: RandomState,
    content: Extent = "full",
) -> Checkpoint:
    """Write a checkpoint into `folder`: temporary name, fsync, manifest of lengths and sums, rename.

    Tensors go to the disk from where they lie, without a copy; what is summed is summed on its way there. Where an
    optimizer averages, the weights are those that are judged, and what is trained stands in the optimizer's state.

    Raises:
        TrainingError: the disk refuses, or there is state that cannot be stored; older checkpoints stay as they are.
    """
    checkpoint = Checkpoint(
        path=folder / _name(step), step=step, best=best, threads=torch.get_num_threads(), content=content
    )
    with judged(optimizer):
        _write(checkpoint, *_packed(model, optimizer, random, content))
    return checkpoint


def _packed(
    model: nn.Module, optimizer: Optimizer, random: RandomState, content: Extent
) -> tuple[dict[str, Any], dict[str, dict[str, Tensor]]]:
    """What a checkpoint says in JSON, and the tensors of each of its files."""
    weights, weight_tensors = pack(model.state_dict())
    if content == "weights":
        return {"model": weights}, {_MODEL: weight_tensors}
    moments, moment_tensors = pack(optimizer.state_dict(), "optimizer")
    by_name = {field.name: getattr(random, field.name) for field in fields(random)}
    generators, generator_tensors = pack(by_name, "random")
    state = {"model": weights, "optimizer": moments, "random": generators}
    return state, {_MODEL: weight_tensors, _OPTIMIZER: {**moment_tensors, **generator_tensors}}


def _write(checkpoint: Checkpoint, state: dict[str, Any], tensors: dict[str, dict[str, Tensor]]) -> None:
    target, step = checkpoint.path, checkpoint.step
    folder, half = target.parent, target.with_name(f"{_HALF}{target.name}")
    about = {name: getattr(checkpoint, name) for name in ("step", "best", "threads", "content")}
    try:
        shutil.rmtree(half, ignore_errors=True)
        half.mkdir(parents=True)
        written = {name: write_tensors(half / name, inside) for name, inside in tensors.items()}
        written[_STATE] = write_text(half / _STATE, json.dumps({"format": FORMAT, **about, **state}))
        files = {name: content._asdict() for name, content in written.items()}
        write_text(half / _MANIFEST, json.dumps({"step": step, "files": files}, indent=1))
        _sync(half)
        shutil.rmtree(target, ignore_errors=True)  # one of the same step was found broken, or it would not be rewritten
        half.rename(target)
        _sync(folder)
    except OSError as error:
        shutil.rmtree(half, ignore_errors=True)
        raise TrainingError(
            f"the checkpoint of step {step} could not be written to {folder}: {error.strerror or error}",
            legal="what was saved before is untouched",
            remedy="make room, then go on with `kilter train --resume`",
        ) from error


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
        UsageError: the folder has checkpoints, and nobody wants to go on from there; or nobody can, as they hold
            weights alone.
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
    if start is not None:
        start.must_be_full()
    elif there:
        raise DataError(
            f"none of the checkpoints in {folder} is whole ({', '.join(there)})",
            legal=f"the contents of one must be as its manifest says, in format {FORMAT}",
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


def prune(folder: Path, *, step: int, keep: int | Literal["all"], budget: int | None = None) -> Mapping[int, int]:
    """Delete all but the newest `keep` checkpoints up to `step`, the best one of each, and what was half written.

    Later ones belong to a way that was left by going on from an earlier one. Where what is left takes more than
    `budget` bytes, the oldest go too, but never that of `step` and its best one, and the best one of others only after
    them: without it no training goes on from there.

    Returns:
        What was deleted for the budget: bytes by step.
    """
    stored = {int(path.name.removeprefix("step-")): path for path in _stored(folder)}
    recent = [number for number in stored if number <= step][: None if keep == "all" else keep]
    bests = {number: _best(stored[number]) for number in recent}
    wanted = stored.keys() & {*recent, *bests.values()}
    beyond: dict[int, int] = {}
    if budget is not None:
        sizes = {number: size_of(stored[number]) for number in sorted(wanted)}
        beyond = _beyond(sizes, bests, step=step, budget=budget)
    gone = (path for number, path in stored.items() if number not in wanted or number in beyond)
    for path in (*gone, *folder.glob(f"{_HALF}step-*")):
        shutil.rmtree(path, ignore_errors=True)
    return beyond


def _beyond(sizes: Mapping[int, int], bests: Mapping[int, int | None], *, step: int, budget: int) -> dict[int, int]:
    """Bytes by step of the checkpoints that do not fit into a budget, the oldest first."""
    left, gone = dict(sizes), dict[int, int]()
    while sum(left.values()) > budget:
        needed = {step, *(best for number, best in bests.items() if number in left and number != best)}
        oldest = next((number for number in left if number not in needed), None)
        if oldest is None:
            break
        gone[oldest] = left.pop(oldest)
    return gone


def size_of(checkpoint: Path) -> int:
    """The bytes that the files of a checkpoint take."""
    return sum(path.stat().st_size for path in checkpoint.iterdir())


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
        state = _read(path / _STATE)
        names = {_STATE, _MODEL, *([_OPTIMIZER] if state["content"] == "full" else [])}
        files = _read(path / _MANIFEST)["files"]
        if files != {name: content_of(path / name)._asdict() for name in names} or state["format"] != FORMAT:
            return None
        return Checkpoint(
            path=path, step=state["step"], best=state["best"], threads=state["threads"], content=state["content"]
        )
    except (OSError, ValueError, KeyError):
        return None


def _read(path: Path) -> dict[str, Any]:
    whole = json.loads(path.read_text("utf-8"))
    if not isinstance(whole, dict):
        message = f"{path} is no mapping"
        raise ValueError(message)
    return whole


def _name(step: int) -> str:
    return f"step-{step:08d}"


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
