"""Expectations: what a person wrote down before the run, and what became of it."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, final

GAP: Final = "gap"
"""The expectation about by how much the score that decides is better on training rows than on held-out ones."""

_CLAIM: Final = re.compile(r"\s*(>=|<=|≥|≤|>|<)\s*([-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?)\s*")
_SPELT: Final = {"≥": ">=", "≤": "<="}


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """What is expected of a run.

    Attributes:
        about: a score of the task such as `accuracy`, `gap` (by how much the score that decides is better on training
            rows than on held-out ones), or `beats`.
        relation: one of >=, >, <=, <; empty for `beats`.
        bound: the number on its right; None for `beats`.
        rival: the model that must be beaten, for `beats`.
    """

    about: str
    relation: str = ""
    bound: float | None = None
    rival: str | None = None

    @staticmethod
    def read(about: str, said: str) -> Expectation:
        """What is said of a score or of the gap: a relation and a number.

        >>> print(Expectation.read("accuracy", ">= 0.9"))
        accuracy >= 0.9

        Raises:
            ValueError: it is something else.
        """
        form = _CLAIM.fullmatch(said)
        if form is None or not math.isfinite(float(form[2])):
            message = "must be a relation (>=, >, <=, <) and a number, such as '>= 0.9'"
            raise ValueError(message)
        return Expectation(about=about, relation=_SPELT.get(form[1], form[1]), bound=float(form[2]))

    def __str__(self) -> str:
        return f"beats {self.rival}" if self.rival is not None else f"{self.about} {self.relation} {self.bound:g}"


class Ruling(StrEnum):
    """What became of an expectation, by the interval of what was measured."""

    MET = "met"  # the whole interval is as expected
    MISSED = "missed"  # none of it is
    UNDECIDED = "undecided"  # the interval holds both


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """An expectation and how it was ruled; `seen` says what was measured."""

    expectation: Expectation
    ruling: Ruling
    seen: str

    def __str__(self) -> str:
        return f"{self.expectation}: {self.ruling} ({self.seen})"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A score that somebody else reported: shown beside, and never measured here.

    Attributes:
        name: of the system.
        metric: the score's name, as the task calls it.
        score: its value.
        source: where it stands: a paper, a page.
    """

    name: str
    metric: str
    score: float
    source: str


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What was written down before a run, fingerprinted before its first step, and what became of it.

    Attributes:
        fingerprint: SHA-256 of expectations, reasoning and references as they stood then.
        expectations: as they stood then.
        reasoning: why this is expected, in a person's words.
        references: scores reported elsewhere.
        judgements: one for each expectation, once the run was evaluated.
        changed: what was changed since by hand, as a sentence; empty where nothing was.
    """

    fingerprint: str
    expectations: tuple[Expectation, ...] = ()
    reasoning: str = ""
    references: tuple[Reference, ...] = ()
    judgements: tuple[Judgement, ...] = ()
    changed: str = ""
