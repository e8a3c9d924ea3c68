"""Checkpoints: all that a training needs to go on exactly, written so that half of one is never taken for one."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

import numpy as np
import torch
from safetensors.torch import load_file, save_file

from kilter.engine.seeding import RandomState
from kilter.values.errors import DataError, TrainingError

if TYPE_CHECKING:
    from torch import Tensor, nn
    from torch.optim import Optimizer

FORMAT = 1
_FILES = ("model.safetensors", "optimizer.safetensors", "state.json")


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """A checkpoint on disk that was found whole.

    Attributes:
        path: its folder.
        step: optimizer steps that had been made.
        threads: torch's threads then; other numbers of threads add up in other orders.
    """

    path: Path
    step: int
    threads: int

    def weights(self) -> dict[str, Tensor]:
        """The model's state, for `load_state_dict`."""
        tensors = load_file(self.path / "model.safetensors")
        aliases: Mapping[str, str] = self._state()["aliases"]
        return {**tensors, **{name: tensors[kept] for name, kept in aliases.items()}}

    def load_optimizer(self, optimizer: Optimizer) -> None:
        """Put the optimizer where it was."""
        stored = self._state()["optimizer"]
        state: dict[int, dict[str, Any]] = {int(key): dict(value) for key, value in stored["state"].items()}
        for name, tensor in load_file(self.path / "optimizer.safetensors").items():
            if not name.startswith("random."):
                index, key = name.split(".", 1)
                state.setdefault(int(index), {})[key] = tensor
        optimizer.load_state_dict({"state": state, "param_groups": stored["groups"]})

    def random_state(self) -> RandomState:
        """The global random states as they were."""
        tensors = load_file(self.path / "optimizer.safetensors")
        stored = self._state()["random"]
        version, words, gauss = stored["python"]
        name, position, has_gauss, cached = stored["numpy"]
        words_of_numpy = tensors["random.numpy"].numpy().astype(np.uint32)
        cuda = sorted(key for key in tensors if key.startswith("random.cuda"))
        return RandomState(
            python=(version, tuple(words), gauss),
            numpy=(name, words_of_numpy, position, has_gauss, cached),
            torch=tensors["random.torch"],
            cuda=tuple(tensors[key] for key in cuda),
        )

    def _state(self) -> dict[str, Any]:
        state: dict[str, Any] = json.loads((self.path / "state.json").read_text("utf-8"))
        return state


def save(folder: Path, *, step: int, model: nn.Module, optimizer: Optimizer, random: RandomState) -> Checkpoint:
    """Write a checkpoint into `folder`: temporary name, fsync, hashed manifest, rename.

    Raises:
        TrainingError: the disk refuses; older checkpoints stay as they are.
    """
    target = folder / f"step-{step:08d}"
    temporary = folder / f".writing-{target.name}"
    try:
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir(parents=True)
        weights, aliases = _without_aliases(model.state_dict())
        save_file(weights, temporary / "model.safetensors")
        tensors, plain = _flatten(optimizer)
        save_file({**tensors, **_random_tensors(random)}, temporary / "optimizer.safetensors")
        state = {
            "format": FORMAT,
            "step": step,
            "threads": torch.get_num_threads(),
            "aliases": aliases,
            "optimizer": plain,
            "random": {"python": random.python, "numpy": [random.numpy[0], *random.numpy[2:]]},
        }
        (temporary / "state.json").write_text(json.dumps(state), "utf-8")
        manifest = {"step": step, "sha256": {name: _digest(temporary / name) for name in _FILES}}
        (temporary / "manifest.json").write_text(json.dumps(manifest, indent=1), "utf-8")
        for path in (*(temporary / name for name in (*_FILES, "manifest.json")), temporary):
            _sync(path)
        shutil.rmtree(target, ignore_errors=True)
        temporary.rename(target)
        _sync(folder)
    except OSError as error:
        shutil.rmtree(temporary, ignore_errors=True)
        raise TrainingError(
            f"the checkpoint of step {step} could not be written to {folder}: {error.strerror or error}",
            legal="what was saved before is untouched",
            remedy="make room, then go on with `kilter train --resume`",
        ) from error
    return Checkpoint(path=target, step=step, threads=torch.get_num_threads())


def newest(folder: Path) -> Checkpoint | None:
    """The newest checkpoint that is whole; broken ones are passed over."""
    return next(_whole(folder), None)


def at_step(folder: Path, step: int) -> Checkpoint:
    """The checkpoint of a step.

    Raises:
        DataError: there is none, or it is not whole.
    """
    for checkpoint in _whole(folder):
        if checkpoint.step == step:
            return checkpoint
    there = ", ".join(str(checkpoint.step) for checkpoint in _whole(folder)) or "none"
    raise DataError(f"{folder} has no whole checkpoint of step {step}", legal=f"there are: {there}")


def prune(folder: Path, *, keep: int, best: int | None) -> None:
    """Delete all but the newest `keep` checkpoints and the best one."""
    whole = list(_whole(folder))
    for checkpoint in whole[keep:]:
        if checkpoint.step != best:
            shutil.rmtree(checkpoint.path, ignore_errors=True)


def _whole(folder: Path) -> Iterator[Checkpoint]:
    for path in sorted(folder.glob("step-*"), reverse=True):
        try:
            manifest = json.loads((path / "manifest.json").read_text("utf-8"))
            if any(_digest(path / name) != digest for name, digest in manifest["sha256"].items()):
                continue
            state = json.loads((path / "state.json").read_text("utf-8"))
        except (OSError, ValueError, KeyError):
            continue
        if state.get("format") == FORMAT:
            yield Checkpoint(path=path, step=state["step"], threads=state["threads"])


def _without_aliases(state: Mapping[str, Tensor]) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Tensors that share their memory once, and which other names they have; safetensors refuses shared memory."""
    kept: dict[str, Tensor] = {}
    first: dict[tuple[int, tuple[int, ...], tuple[int, ...]], str] = {}
    aliases: dict[str, str] = {}
    for name, tensor in state.items():
        key = (tensor.data_ptr(), tuple(tensor.shape), tensor.stride())
        if tensor.numel() and key in first:
            aliases[name] = first[key]
        else:
            first[key] = name
            kept[name] = tensor.detach().cpu().contiguous().clone()
    return kept, aliases


def _flatten(optimizer: Optimizer) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """An optimizer's state as named tensors, and the rest as JSON."""
    whole = optimizer.state_dict()
    tensors: dict[str, Tensor] = {}
    plain: dict[str, dict[str, Any]] = {}
    for index, state in whole["state"].items():
        plain[str(index)] = {key: value for key, value in state.items() if not isinstance(value, torch.Tensor)}
        for key, value in state.items():
            if isinstance(value, torch.Tensor):
                tensors[f"{index}.{key}"] = value.detach().cpu().contiguous().clone()
    groups = [
        {key: float(value) if isinstance(value, torch.Tensor) else value for key, value in group.items()}
        for group in whole["param_groups"]
    ]
    return tensors, {"state": plain, "groups": groups}


def _random_tensors(random: RandomState) -> dict[str, Tensor]:
    cuda = {f"random.cuda{number:03d}": state for number, state in enumerate(random.cuda)}
    words = torch.from_numpy(np.asarray(random.numpy[1]).astype(np.int64))
    return {"random.torch": random.torch, "random.numpy": words, **cuda}


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
