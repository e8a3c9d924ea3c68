"""A learning rate that was found: the rate, those that are as good, the curve, what it took, how sure it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from kilter.values.finding import Finding


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class RateProbe:
    """A training at one learning rate, shortened.

    Attributes:
        rate: at the highest point of its schedule.
        steps: its length.
        seed: of weights and order.
        loss: on validation at its end, or as `RateSuggestion.validated` says; infinite where it went off.
        diverged: whether it went off.
    """

    rate: float
    steps: int
    seed: int
    loss: float
    diverged: bool = False


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class RateSuggestion:
    """A learning rate, and everything that speaks for it.

    Attributes:
        rate: what to use for the whole training.
        low: the lowest rate that is as good within noise.
        high: the highest such rate.
        probes: every shortened training, in the order of training.
        cost: what all of it took, in whole trainings.
        length: steps of the whole training, for which the rate is meant.
        stable: whether the loss was seen to rise on both sides of the lowest; else the budget ended it before.
        validated: whether losses are those of the validation split; without one, the mean training loss of the last
            quarter of the steps.
        findings: what a person should know: an optimum at the edge, a curve that never falls, divergence next door.
    """

    rate: float
    low: float
    high: float
    probes: tuple[RateProbe, ...]
    cost: float
    length: int
    stable: bool
    validated: bool = True
    findings: tuple[Finding, ...] = ()

    def __str__(self) -> str:
        sure = "" if self.stable else "; not settled, more budget may move it"
        return (
            f"learning rate {self.rate:.2g}, as good from {self.low:.2g} to {self.high:.2g}"
            f" (for {self.length:,} steps; found at {self.cost:.2g} times its cost{sure})"
        )

    def __repr__(self) -> str:
        return f"RateSuggestion({self})"
