"""Expectations: what a person wrote down before the run, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import final


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """What is expected of a run.

    Attributes:
        about: a score of the task such as `accuracy`, `gap` (train minus held-out in the primary score), or `beats`.
        relation: one of >=, >, <=, <; empty for `beats`.
        bound: the number on its right; None for `beats`.
        rival: the model that must be beaten, for `beats`.
    """

    about: str
    relation: str = ""
    bound: float | None = None
    rival: str | None = None

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
        reasoning: why this is expected, in a person's words.
        judgements: one for each expectation, once the run was evaluated.
        references: scores reported elsewhere.
    """

    fingerprint: str
    reasoning: str = ""
    judgements: tuple[Judgement, ...] = ()
    references: tuple[Reference, ...] = ()
