"""Finding a learning rate: shortened trainings around the lowest loss, and what a longer training makes of it."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, final

from kilter.finders.limits import shared_room
from kilter.finders.nursery import Nursery
from kilter.finders.rate_curve import DIVERGED, as_good, heights, lengthened, middle, noise_of, together
from kilter.finders.rate_findings import rate_findings
from kilter.finders.rate_probing import Outset, see_outset, try_rate
from kilter.finders.rate_walk import next_place
from kilter.values.errors import TrainingError, UsageError
from kilter.values.rate_suggestion import RateProbe, RateSuggestion

if TYPE_CHECKING:
    from kilter.values.pipeline import Pipeline
    from kilter.values.program import Program

COARSE: Final = 64
"""Part of the whole training that the first probes take, four times apart: they tell where to look, no more."""

SHORTEST: Final = 8
"""Steps of such a probe where that would be fewer, but no more than a twentieth of the training."""

RISE: Final = 0.02
"""How much higher, in logarithms, the ends of so short a curve must be: noise is small before much is learnt."""

FURTHEST: Final = 24
"""Octaves from where a walk begins: seven orders of magnitude, beyond which something else is wrong."""

SHARES: Final = 6
"""Probes that what is left must do for, each as long as that allows: four enclose the lowest, two tell the noise."""


def find_learning_rate(
    subject: Pipeline | Program,
    *,
    cost: float = 1.0,
    seed: int = 0,
    told: Callable[[str], None] = lambda _: None,
) -> RateSuggestion:
    """The learning rate for a training as long as it is set up, from shortened ones; nothing of the caller's changes.

    Each is a training of its own in a child process, with the whole schedule gone through in fewer steps, the same seed
    and the same order. Very short ones, at rates four times apart, show where to look; longer ones, at rates twice
    apart, go on until the loss is higher on both sides of the lowest. The best rate falls as a training becomes longer,
    which is taken off by a rule. Parameter groups keep the ratios of their rates; `rate` is that of the first.

    Without a validation split the losses of training judge: the mean of the last quarter of the steps.

    Args:
        subject: a pipeline, or a person's own program.
        cost: training steps that may be spent, in whole trainings; evaluations come on top.
        seed: of weights and order.
        told: what is being tried, as it begins.

    Raises:
        UsageError: the rate cannot be changed from outside, or nobody can tell how long the training is.
        TrainingError: the person's code raised an error; its trace is in it.
    """
    if not 0 < cost < math.inf:
        raise UsageError(f"cost={cost!r}", legal="it is a number of whole trainings above 0")
    with Nursery(subject, room=shared_room()) as nursery:
        outset = see_outset(nursery, seed=seed)
        total, log = outset.total, _Log(nursery, outset, cost, seed, told)
        short = max(1, total // COARSE, min(SHORTEST, total // 20))
        coarse = _Walk(log, anchor=outset.rate, octaves=2, steps=short)
        coarse.go(rise=RISE)
        steps = max(short, min(total, int((cost * total - log.made) / SHARES)))
        place = lengthened(2 * middle(coarse.heights()), steps=short, total=steps)
        fine = _Walk(log, anchor=outset.rate * 2 ** (place - 0.5), octaves=1, steps=steps)
        enclosed = steps > short and fine.go()
        again = fine.anew(seed + 1) if enclosed else {}
    if not fine.losses:
        fine = coarse
    curve = together(fine.heights(), again)
    low, high = as_good(curve, noise=noise_of(fine.heights(), again))
    rates = [fine.rate(place, lengthened_to=total) for place in (middle(curve), low, high)]
    rate = rates[0]
    longest = [probe for probe in log.probes if probe.steps == fine.steps and probe.seed == seed]
    return RateSuggestion(
        rate=rate,
        low=min(rate, rates[1]),
        high=max(rate, rates[2]),
        probes=tuple(log.probes),
        cost=log.made / total,
        length=total,
        stable=enclosed,
        validated=outset.validated,
        findings=tuple(rate_findings(longest, rate=rate, start=outset.start, enclosed=enclosed)),
    )


@final
class _Log:
    """All probes, and the steps that they made."""

    def __init__(self, nursery: Nursery, outset: Outset, cost: float, seed: int, told: Callable[[str], None]) -> None:
        self.probes: list[RateProbe] = []
        self.made, self.outset, self.seed = 0, outset, seed
        self._nursery, self._most, self._told = nursery, cost * outset.total, told

    def affords(self, steps: int) -> bool:
        """Whether that many steps more are within the budget; the first probe always is."""
        return not self.probes or self.made + steps <= self._most

    def probe(self, rate: float, steps: int, seed: int) -> float:
        """Train, and note it; the loss.

        Raises:
            TrainingError: the person's code raised an error before anything had worked.
        """
        self._told(f"training {steps:,} steps at a rate of {rate:.2g} …")
        try:
            outcome = try_rate(self._nursery, rate, steps=steps, seed=seed, validated=self.outset.validated)
            loss, made = outcome.loss, outcome.made
        except TrainingError:
            if not self.probes:
                raise
            loss, made = math.inf, steps  # a program that refuses a loss that is no number
        self.made += made
        off = heights({0: loss}, self.outset.start)[0] >= DIVERGED
        self.probes.append(RateProbe(rate=rate, steps=steps, seed=seed, loss=loss, diverged=off))
        return loss


@final
class _Walk:
    """Probes of one length at rates that are evenly apart, in octaves."""

    def __init__(self, log: _Log, *, anchor: float, octaves: int, steps: int) -> None:
        self._log, self._anchor, self._octaves, self.steps = log, anchor, octaves, steps
        self.losses: dict[int, float] = {}

    def go(self, **options: float) -> bool:
        """Try rates until the lowest loss is enclosed, or the budget ends it; whether it is enclosed."""
        while (place := next_place(self.heights(), **options)) is not None:
            if abs(place) > FURTHEST // self._octaves or not self._log.affords(self.steps):
                return False
            self.losses[place] = self._log.probe(self.rate(place), self.steps, self._log.seed)
        return True

    def anew(self, seed: int) -> dict[int, float]:
        """Heights of the lowest places with another seed, as far as the budget goes."""
        told = self.heights()
        losses: dict[int, float] = {}
        for place in sorted(told, key=lambda each: told[each])[:2]:
            if self._log.affords(self.steps):
                losses[place] = self._log.probe(self.rate(place), self.steps, seed)
        return heights(losses, self._log.outset.start)

    def heights(self) -> dict[int, float]:
        """Of all that were tried."""
        return heights(self.losses, self._log.outset.start)

    def rate(self, place: float, *, lengthened_to: int | None = None) -> float:
        """The rate at a place, or what becomes of it in a longer training."""
        octaves = self._octaves * place
        if lengthened_to is not None:
            octaves = lengthened(octaves, steps=self.steps, total=lengthened_to)
        return float(self._anchor * 2**octaves)
