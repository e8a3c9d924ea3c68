"""What a person should know beside a learning rate that was found."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from kilter.finders.rate_curve import DIVERGED, heights
from kilter.values.finding import Finding, Severity, Strength
from kilter.values.rate_suggestion import RateProbe

FELL: Final = 0.02
"""Share by which a loss must fall below the untrained model's to have fallen at all."""

NEXT: Final = 2.0
"""Times the suggested rate; where that diverges, a harder batch or another seed may."""


def rate_findings(probes: Sequence[RateProbe], *, rate: float, start: float, enclosed: bool) -> Iterator[Finding]:
    """What the longest of the shortened trainings say beside the rate.

    Args:
        probes: those of one length.
        rate: that is suggested.
        start: loss of the untrained model.
        enclosed: whether the loss was seen to rise on both sides of the lowest.
    """
    told = heights({place: probe.loss for place, probe in enumerate(probes)}, start)
    lowest = min(told, key=lambda place: told[place])
    best, rates = probes[lowest], [probe.rate for probe in probes]
    low, high = min(rates), max(rates)
    if told[lowest] > -FELL:
        yield Finding(
            code="F202",
            name="no-rate-learns",
            severity=Severity.WARNING,
            seen=f"At no rate from {low:.2g} to {high:.2g} did the loss fall by {FELL:.0%} below the {start:.4g} of "
            f"the untrained model in {best.steps:,} steps; the lowest is {best.loss:.4g} at {best.rate:.2g}.",
            advice="See with `kilter check` whether it can learn at all; allow more `cost` if it is only slow.",
            causes=("too_few_epochs",),
            evidence={"start": start, "loss": best.loss, "rate": best.rate, "steps": best.steps},
            strength=Strength.SUSPECTED,
        )
    elif not enclosed and best.rate in {low, high}:
        end = "lowest" if best.rate == low else "highest"
        yield Finding(
            code="F201",
            name="rate-at-the-edge",
            severity=Severity.WARNING,
            seen=f"The loss is least, {best.loss:.4g}, at {best.rate:.2g}, the {end} rate that was tried at length.",
            advice=f"Allow more `cost`, or begin from a {'lower' if end == 'lowest' else 'higher'} rate.",
            evidence={"rate": best.rate, "low": low, "high": high},
        )
    off = [probe.rate for place, probe in enumerate(probes) if told[place] >= DIVERGED and probe.rate > rate]
    if off and min(off) <= NEXT * rate:
        yield Finding(
            code="F203",
            name="divergence-next-door",
            severity=Severity.WARNING,
            seen=f"At {min(off):.2g}, {min(off) / rate:.2g} times the rate that is best, the training diverged.",
            advice="Warm the rate up, or clip gradients, and look for the rate again: a higher one may then be better.",
            causes=("missing_warmup", "missing_grad_clip"),
            evidence={"rate": rate, "diverged": min(off)},
        )
