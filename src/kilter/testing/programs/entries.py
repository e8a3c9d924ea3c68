"""Entries of the catalogue of programs: trainings that are well, and trainings with one fault beside their twins."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias, final

import torch

from kilter.testing.subjects import Healthy, Planted
from kilter.values.causes import CAUSES
from kilter.values.pipeline import Pipeline
from kilter.values.program import MakeProgram, Program

if TYPE_CHECKING:
    from torch import nn

Build: TypeAlias = "Callable[[], tuple[nn.Module, Any, Any, Iterable[Any], Iterable[Any] | None]]"
"""(model, optimizer, loss_fn, train_loader, valid_loader), drawn from the global random state."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Training:
    """A program that is well.

    Attributes:
        name: of the program.
        program: as a person hands it over.
        reaches: the metric that it has at its end, at least (at most, where a smaller one is better); None where
            it reports none.
    """

    name: str
    program: Program
    reaches: float | None

    @property
    def entry(self) -> Healthy[Program]:
        """As checks take it."""
        return Healthy(name=self.name, make=lambda: self.program)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Faulty:
    """A program with one fault.

    Attributes:
        name: of the program.
        program: as a person hands it over.
        causes: the right names of the fault.
        family: of the causes.
        twin: the same without the fault.
        costs: by how much its metric falls short of its twin's, at least; 0 where the metric itself is what lies.
        breaks: what is wrong where the metric does not show it.
    """

    name: str
    program: Program
    causes: tuple[str, ...]
    family: str
    twin: Program
    costs: float = 0.0
    breaks: str = ""

    @property
    def entry(self) -> Planted[Program]:
        """As checks take it; which check must find it is left to them."""
        return Planted(code="", name=self.name, make=lambda: self.program, causes=self.causes)


def well(name: str, build: Build, *, reaches: float | None = None, **about: Any) -> Training:
    """A training that is well; `about` is as `Pipeline.from_loop` takes it."""
    return Training(name=name, program=Pipeline.from_loop(_seeding(build), **about), reaches=reaches)


def fault(
    name: str,
    twin: Training,
    *causes: str,
    build: Build | None = None,
    costs: float = 0.0,
    breaks: str = "",
    **otherwise: Any,
) -> Faulty:
    """A training with one fault: its twin with another `build`, or another step or validation."""
    changes = otherwise if build is None else otherwise | {"make": _seeding(build)}
    return Faulty(
        name=name,
        program=replace(twin.program, **changes),
        causes=causes,
        family=next(family for family, names in CAUSES.items() if causes[0] in names),
        twin=twin.program,
        costs=costs,
        breaks=breaks,
    )


def _seeding(build: Build) -> MakeProgram:
    def make(seed: int) -> Any:
        torch.manual_seed(seed)
        return build()

    return make
