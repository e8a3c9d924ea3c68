"""A log that was read: the curves of a recorded run, under the names that kilter uses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import final

from kilter.values.frozen_map import FrozenMap
from kilter.values.history import History


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """A recorded run.

    Attributes:
        name: of the run, as a person would point at it.
        history: its curves, by the names of `values/curve_names.py` where they were recognised, else by their own.
        taken: what was taken for what: the name of a curve here to the name that the log has for it.
        notes: what had to be left out or supposed, a sentence each.
    """

    name: str
    history: History
    taken: Mapping[str, str] = field(default_factory=dict[str, str])
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "taken", FrozenMap(self.taken))
