"""What a person should know of a batch size that was found."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

from kilter.values.batch_suggestion import BatchSuggestion
from kilter.values.finding import Finding, Severity, Strength

FAR: Final = 4
"""Times the upper end of the noise scale from which a batch is far above it: the scale grows as the loss falls."""

TAKEN: Final = 0.8
"""The share of the budget from which what is held between steps leaves little to batches."""


def size_findings(suggestion: BatchSuggestion, *, rows: int, devices: int = 1, timed: bool = True) -> Iterator[Finding]:
    """What is worth saying of a suggestion.

    Args:
        suggestion: what was found.
        rows: of the training split.
        devices: that share a step.
        timed: whether speed was asked for.
    """
    step = suggestion.size * suggestion.accumulate * devices
    yield from _against_noise(suggestion, step, rows)
    if step >= rows:
        yield Finding(
            code="F102",
            name="step-takes-whole-split",
            severity=Severity.NOTE,
            seen=f"A step of {step:,} examples takes the whole training split of {rows:,}: an epoch is one step.",
            advice="Take smaller batches, or count the length of the training in steps instead of epochs.",
            causes=("batch_too_large", "too_little_data"),
            evidence={"examples a step": step, "rows": rows},
        )
    yield from _against_budget(suggestion)
    if timed and not suggestion.times:
        yield Finding(
            code="F105",
            name="steps-not-timed",
            severity=Severity.NOTE,
            seen=f"Steps could not be timed, so that {suggestion.size:,} is the largest size, not the quickest.",
            advice="Give it more memory, or time a smaller batch yourself before a long run.",
            evidence={"size": suggestion.size},
        )


def _against_noise(suggestion: BatchSuggestion, step: int, rows: int) -> Iterator[Finding]:
    noise = suggestion.noise
    if noise is None:
        return
    if noise.high is not None and FAR * noise.high < step:
        yield Finding(
            code="F101",
            name="batch-above-noise",
            severity=Severity.NOTE,
            seen=f"A step takes {step:,} examples, {step / noise.high:,.0f} times the gradient noise scale"
            f" (at most {noise.high:,.0f}, {_after(noise.after)}).",
            advice="Make steps of fewer examples, and more of them: larger batches save next to no steps here.",
            causes=("batch_too_large",),
            experiment="Train once with a quarter of the batch for as many epochs, and compare the curves by time.",
            evidence={"examples a step": step, "noise scale": noise.examples, "upper end": noise.high},
            strength=Strength.SUSPECTED,
        )
    if suggestion.bounded_by == "memory" and suggestion.size == suggestion.largest and 2 * step < noise.low:
        batches = math.ceil(min(noise.low, rows) / step) * suggestion.accumulate
        yield Finding(
            code="F104",
            name="batch-below-noise",
            severity=Severity.NOTE,
            seen=f"Memory allows steps of {step:,} examples, and the gradient noise scale is {noise.low:,.0f} or more"
            f" ({_after(noise.after)}).",
            advice=f"Accumulate up to {batches:,} batches a step: until then, twice the examples a step save nearly"
            " half the steps.",
            causes=("batch_too_small",),
            evidence={"examples a step": step, "lower end of the noise scale": noise.low, "batches": batches},
        )


def _against_budget(suggestion: BatchSuggestion) -> Iterator[Finding]:
    between = [probe.between for probe in suggestion.probes if probe.fits and probe.between is not None]
    budget = suggestion.budget
    if suggestion.bounded_by != "memory" or not between or max(between) < TAKEN * budget.bytes:
        return
    held = max(between)
    yield Finding(
        code="F103",
        name="memory-taken-between-steps",
        severity=Severity.NOTE,
        seen=f"Between steps {held / 2**20:,.0f} of {budget.bytes / 2**20:,.0f} MiB are held, before any batch is.",
        advice="Where larger batches are wanted, take a smaller model, or an optimizer that keeps less.",
        causes=("batch_too_small",),
        evidence={"between steps": held, "budget": budget.bytes},
    )


def _after(steps: int) -> str:
    return f"measured after {steps:,} step{'s' * (steps != 1)}"
