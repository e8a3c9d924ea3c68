"""A witness of a training: what each step was given, and what all was made of before a step and after one."""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, final

import numpy as np
import torch
from torch import nn

from kilter.engine.forwarding import forward
from kilter.engine.optimizers import make_optimizer
from kilter.engine.seeding import random_state
from kilter.training.events import Event, Finished, StepDone

if TYPE_CHECKING:
    from torch.optim import Optimizer

    from kilter.values.batch import Batch
    from kilter.values.history import History
    from kilter.values.pipeline import Pipeline
    from kilter.values.task import Outputs

State = Mapping[str, Mapping[str, str]]
"""Digests by part (weights, optimizer, random state, what modules keep beside these) and name."""

_OF_TORCH: Final = frozenset(vars(nn.Module()))
_DEEPEST: Final = 6
"""Containers in containers that are looked into, of what a module keeps."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Deposition:
    """What a witness saw of one training.

    Attributes:
        ids: of each step, the digest of the names of its rows.
        given: of each step, the digest of its batches.
        losses: of each step, exactly.
        before: the state before the first forward pass of step k + 1.
        after: the state after step 2k.
        reason: why it ended; empty where it was killed.
    """

    ids: Mapping[int, str] = field(default_factory=dict[int, str])
    given: Mapping[int, str] = field(default_factory=dict[int, str])
    losses: Mapping[int, str] = field(default_factory=dict[int, str])
    before: State = field(default_factory=dict[str, Mapping[str, str]])
    after: State = field(default_factory=dict[str, Mapping[str, str]])
    reason: str = ""


@final
class Witness:
    """An observer of a training that writes down what it sees, and may be its death.

    Args:
        path: of the file that it writes.
        steps: k.
        done: steps that were made before.
        killing: whether it ends the process by SIGKILL, one step after the checkpoint of step k.
    """

    def __init__(self, path: Path, *, steps: int, done: int = 0, killing: bool = False) -> None:
        self._path = path
        self._steps = steps
        self._killing = killing
        self._done = done
        self._ids: list[str] = []  # of the batches since the last step
        self._given: list[str] = []
        self._model: nn.Module | None = None
        self._optimizer: Optimizer | None = None
        self._seen: dict[str, Any] = {"ids": {}, "given": {}, "losses": {}, "before": {}, "after": {}, "reason": ""}

    def attend(self, pipeline: Pipeline) -> Pipeline:
        """The pipeline, at whose forward passes and optimizer this witness is present."""

        def called(model: nn.Module, batch: Batch) -> Outputs:
            if model.training:
                self._note(model, batch)
            return forward(pipeline, model, batch)

        def made(model: nn.Module) -> Optimizer:
            self._optimizer = make_optimizer(pipeline, model)
            return self._optimizer

        return replace(pipeline, forward=called, make_optimizer=made)

    def see(self, event: Event, history: History) -> None:
        """Take down what a step was given and what came of it."""
        if isinstance(event, Finished):
            self._seen["reason"] = event.reason
            self._write()
        if not isinstance(event, StepDone):
            return
        self._done = event.step
        self._seen["ids"][event.step] = _digest(self._ids)
        self._seen["given"][event.step] = _digest(self._given)
        self._seen["losses"][event.step] = float(event.loss).hex()
        self._ids, self._given = [], []
        if event.step == 2 * self._steps:
            self._seen["after"] = self._state()
        if self._killing and event.step == self._steps + 1:
            self._write()
            os.kill(os.getpid(), signal.SIGKILL)

    def flush(self) -> None:
        """Nothing waits to be written."""

    def _note(self, model: nn.Module, batch: Batch) -> None:
        self._model = model
        self._ids.append(_digest(batch.ids))
        self._given.append(_digest([batch.inputs, batch.target, batch.weight]))
        if self._done == self._steps and not self._seen["before"]:
            self._seen["before"] = self._state()

    def _state(self) -> State:
        return {} if self._model is None else state_of(self._model, self._optimizer)

    def _write(self) -> None:
        with self._path.open("w", encoding="utf-8") as file:
            json.dump(self._seen, file)
            file.flush()
            os.fsync(file.fileno())


def read_deposition(path: Path) -> Deposition:
    """What a witness has written."""
    data = json.loads(path.read_text("utf-8"))
    for name in ("ids", "given", "losses"):
        data[name] = {int(step): digest for step, digest in data[name].items()}
    return Deposition(**data)


def state_of(model: nn.Module, optimizer: Optimizer | None) -> State:
    """Digests of all that a training is made of, by part and name."""
    states = random_state()
    return {
        "weights": {name: _digest(value) for name, value in model.state_dict().items()},
        "optimizer": {} if optimizer is None else dict(_of_optimizer(model, optimizer)),
        "random state": {
            "of Python": _digest(states.python),
            "of NumPy": _digest(states.numpy),
            "of torch": _digest([states.torch, *states.cuda]),
        },
        "modules": dict(_beside(model)),
    }


def _of_optimizer(model: nn.Module, optimizer: Optimizer) -> Iterator[tuple[str, str]]:
    names = {parameter: name for name, parameter in model.named_parameters()}
    for number, group in enumerate(optimizer.param_groups):
        for key, value in group.items():
            if key != "params":
                yield f"group {number}.{key}", _digest(value)
        for index, parameter in enumerate(group["params"]):
            for key, value in optimizer.state.get(parameter, {}).items():
                yield f"{names.get(parameter, f'group {number}.{index}')}.{key}", _digest(value)


def _beside(model: nn.Module) -> Iterator[tuple[str, str]]:
    """What modules keep that `state_dict` does not have."""
    for path, module in model.named_modules():
        inside = f"{path}." if path else ""
        for name in sorted(module._non_persistent_buffers_set):  # noqa: SLF001 - there is no public way
            yield f"{inside}{name}", _digest(module._buffers.get(name))  # noqa: SLF001
        for name, value in vars(module).items():
            if name not in _OF_TORCH:
                yield f"{inside}{name}", _digest(value)


def _digest(value: object) -> str:
    total = hashlib.blake2b(digest_size=12)
    for part in _parts(value, _DEEPEST, set()):
        total.update(part)
    return total.hexdigest()


def _parts(value: Any, depth: int, met: set[int]) -> Iterator[bytes]:
    """Bytes that tell a value: never an address, which differs from process to process."""
    match value:
        case None | bool() | int() | float() | complex() | str() | bytes():
            yield repr(value).encode()
        case torch.Tensor():
            dense = value.detach().cpu().contiguous()
            yield f"{dense.dtype} {tuple(dense.shape)}".encode()
            yield dense.reshape(-1).view(torch.uint8).numpy().tobytes()
        case np.ndarray() if value.dtype != object:
            yield f"{value.dtype} {value.shape}".encode() + np.ascontiguousarray(value).tobytes()
        case random.Random():
            yield repr(value.getstate()).encode()
        case np.random.Generator():
            yield from _parts(value.bit_generator.state, depth, met)
        case torch.Generator():
            yield from _parts(value.get_state(), depth, met)
        case _ if depth > 0 and id(value) not in met:
            yield type(value).__qualname__.encode()
            met.add(id(value))
            for part in _inside(value):
                yield from _parts(part, depth - 1, met)
        case _:
            yield type(value).__qualname__.encode()


def _inside(value: Any) -> Iterable[object]:
    """What a thing is made of, as far as that can be looked at."""
    if isinstance(value, Mapping):
        return [part for key, inner in value.items() for part in (key, inner)]
    if isinstance(value, set | frozenset):
        return sorted(_digest(part) for part in value)
    if isinstance(value, nn.Module | type) or callable(value):
        return ()
    if isinstance(value, Iterable) and hasattr(value, "__len__"):
        return list(value)
    return [part for pair in sorted(vars(value).items()) for part in pair] if hasattr(value, "__dict__") else ()
