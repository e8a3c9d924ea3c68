"""A program on other batches: its validation read as its training is, its rows dealt anew, its classes balanced."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import torch

from kilter.checks.program.fitting.changes import joined
from kilter.engine.trees import leaves, size, take, with_leaves

if TYPE_CHECKING:
    from torch import Tensor, nn

    from kilter.engine.trees import Path
    from kilter.values.program import Program


def evaluated(program: Program) -> Program:
    """The program with its model in evaluation mode whenever it is validated."""
    own = program.validate
    if own is None:
        return program

    def validate(model: nn.Module, loss_fn: Any, loader: Iterable[Any]) -> tuple[float, float]:
        model.eval()
        model.__dict__["train"] = lambda _mode=True: model
        try:
            return own(model, loss_fn, loader)
        finally:
            del model.__dict__["train"]
            model.train()

    return replace(program, validate=validate)


def read_alike(program: Program, path: Path) -> Program:
    """The program with the columns of its validation inputs of the mean and spread that training has."""

    def make(seed: int) -> Any:
        model, optimizer, loss_fn, train, valid = program.make(seed)
        taught = torch.cat([leaves(batch)[path].float() for batch in train])
        batches = list(valid or ())
        asked = torch.cat([leaves(batch)[path].float() for batch in batches])

        def alike(tensor: Tensor) -> Tensor:
            units = (tensor - asked.mean(0)) / asked.std(0).clamp_min(1e-6)
            return (units * taught.std(0) + taught.mean(0)).to(tensor.dtype)

        valid = [with_leaves(batch, {path: alike(leaves(batch)[path])}) for batch in batches]
        return model, optimizer, loss_fn, train, valid

    return replace(program, make=make)


def dealt_anew(program: Program) -> Program:
    """The program with all its rows shuffled before they are split into training and validation."""

    def make(seed: int) -> Any:
        model, optimizer, loss_fn, train, valid = program.make(seed)
        taught, asked = list(train), list(valid or ())
        whole = joined([joined(taught), joined(asked)]) if asked else joined(taught)
        rows = sum(size(batch) or 0 for batch in taught)
        count = size(whole) or 0
        order = torch.randperm(count, generator=torch.Generator().manual_seed(seed)).tolist()
        each = max(size(batch) or 1 for batch in taught)
        train = [take(whole, order[at : min(at + each, rows)]) for at in range(0, rows, each)]
        valid = [take(whole, order[at : at + each]) for at in range(rows, count, each)]
        return model, optimizer, loss_fn, train, valid

    return replace(program, make=make)


def balanced(program: Program, path: Path) -> Program:
    """The program with rows of each class drawn equally often."""

    def make(seed: int) -> Any:
        model, optimizer, loss_fn, train, valid = program.make(seed)
        given = list(train)
        whole = joined(given)
        classes = leaves(whole)[path].reshape(size(whole) or 0, -1)[:, 0]
        _, which, counts = torch.unique(classes, return_inverse=True, return_counts=True)
        drawn = torch.Generator().manual_seed(seed)
        each = max(size(batch) or 1 for batch in given)
        order = torch.multinomial(1.0 / counts[which].double(), len(classes), replacement=True, generator=drawn)
        train = [take(whole, order[at : at + each].tolist()) for at in range(0, len(order), each)]
        return model, optimizer, loss_fn, train, valid

    return replace(program, make=make)
