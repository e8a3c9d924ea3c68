"""Section of a document: the batch size and the learning rate that were found, and what speaks for them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from statistics import fmean
from typing import Final

from kilter.report.plots import BLUE, COLOURS, GREY, Line, Mark, lines
from kilter.report.wording import counted, number, shown, time
from kilter.values.batch_suggestion import BatchSuggestion, NoiseScale, RateScaling, SizeProbe
from kilter.values.document import Block, Figure, Grid, Heading, Paragraph
from kilter.values.finding import Severity
from kilter.values.rate_suggestion import RateProbe, RateSuggestion
from kilter.values.run import Run

_MEBI: Final = 2.0**20
_BOUNDS: Final[Mapping[str, str]] = {
    "memory": "memory allows no more",
    "data": "the whole training split",
    "asked": "no more was asked for",
}


def found_section(run: Run) -> Iterator[Block]:
    """What was found before the training; nothing where the project left nothing open."""
    if run.batch_size is None and run.learning_rate is None:
        return
    names = ("batch size" if run.batch_size else "", "learning rate" if run.learning_rate else "")
    said = " and ".join(filter(None, names))
    yield Heading(text=said[0].upper() + said[1:], anchor="found")
    seconds = {stage.name: stage.seconds for stage in run.stages}
    if run.batch_size is not None:
        yield Heading(text=batch_line(run.batch_size), level=3)
        scaled = run.learning_rate is None  # else the rate was found at this size
        yield from batch_blocks(run.batch_size, seconds=seconds.get("batch-size"), scaled=scaled)
    if run.learning_rate is not None:
        yield Heading(text=rate_line(run.learning_rate), level=3)
        yield from rate_blocks(run.learning_rate, seconds=seconds.get("learning-rate"))


def batch_line(suggestion: BatchSuggestion) -> str:
    """A batch size in a few words."""
    step = suggestion.size * suggestion.accumulate
    several = "" if suggestion.accumulate == 1 else f", {suggestion.accumulate:,} of them a step: {step:,} examples"
    return f"Batches of {counted(suggestion.size, 'example')}{several}"


def rate_line(suggestion: RateSuggestion) -> str:
    """A learning rate in a few words."""
    return f"A learning rate of {suggestion.rate:.3g}"


def batch_blocks(suggestion: BatchSuggestion, *, seconds: float | None = None, scaled: bool = True) -> Iterator[Block]:
    """What a batch size rests on: noise, memory, speed, every size that was tried.

    Args:
        suggestion: what was found.
        seconds: that finding took, where they are known.
        scaled: whether it is said what the learning rate should become.
    """
    advice = scaling_line(suggestion.scaling) if scaled else ""
    yield Paragraph(text=f"{noise_line(suggestion.noise)} {advice}".strip())
    yield Grid(columns=("what", "how much"), rows=tuple(_batch_facts(suggestion, seconds)))
    yield Grid(
        columns=("batch size", "peak memory", "of the budget", "fits", "what happened"),
        rows=tuple(_probe_row(probe, suggestion.budget.bytes) for probe in suggestion.probes),
        caption="Sizes as they were tried, on the widest examples, with optimizer state and evaluation.",
        numeric=(0, 1, 2),
    )
    if suggestion.times:
        yield Grid(
            columns=("batch size", "a step", "examples a second"),
            rows=tuple(
                (f"{each.size:,}", time(each.seconds), number(round(each.examples_per_second)))
                for each in suggestion.times
            ),
            caption="Sizes that were timed, on batches of average width.",
            numeric=(0, 1, 2),
            emphasised=tuple(at for at, each in enumerate(suggestion.times) if each.size == suggestion.size),
        )
    yield from _memory_figure(suggestion)


def rate_blocks(suggestion: RateSuggestion, *, seconds: float | None = None) -> Iterator[Block]:
    """What a learning rate rests on: the rates that are as good, every short training.

    Args:
        suggestion: what was found.
        seconds: that finding took, where they are known.
    """
    judged = "validation loss" if suggestion.validated else "training loss"
    gone = sum(probe.diverged for probe in suggestion.probes)
    took = "" if seconds is None else f", {time(seconds)}"
    yield Grid(
        columns=("what", "how much"),
        rows=(
            ("as good, within noise", f"{suggestion.low:.3g} to {suggestion.high:.3g}"),
            ("meant for", f"a training of {counted(suggestion.length, 'step')}, as its highest rate"),
            ("tried", f"{counted(len(suggestion.probes), 'short training')}{f', {gone} diverged' if gone else ''}"),
            ("cost", f"{suggestion.cost:.2g} times that of the whole training{took}"),
            (
                "settled",
                "yes" if suggestion.stable else "no: the budget ended the search, and more of it may move the rate",
            ),
        ),
    )
    if suggestion.probes:
        yield Grid(
            columns=("learning rate", "steps", "seed", judged),
            rows=tuple(
                (
                    f"{probe.rate:.3g}",
                    f"{probe.steps:,}",
                    str(probe.seed),
                    "diverged" if probe.diverged else number(probe.loss),
                )
                for probe in sorted(suggestion.probes, key=lambda probe: (probe.steps, probe.rate, probe.seed))
            ),
            caption="Short trainings, at the end of each. Longer ones want lower rates: that is taken off."
            if suggestion.validated
            else "Short trainings; without a validation split, the mean of the last quarter of the steps of each.",
            numeric=(0, 1, 2, 3),
        )
        yield _rate_figure(suggestion)


def noise_line(noise: NoiseScale | None) -> str:
    """Where larger batches stop paying, in words."""
    if noise is None:
        return "Where larger batches stop paying was not measured."
    after = f"the gradient noise scale after {counted(noise.after, 'step')}; it grows as the loss falls"
    if noise.examples is None:
        return f"Larger batches pay up to {_examples(noise.low)} a step at least ({after})."
    high = "no upper end" if noise.high is None else f"{_rounded(noise.high)}"
    return (
        f"Larger batches stop paying beyond {_examples(noise.examples)} a step (95 % interval: {_rounded(noise.low)} to"
        f" {high}; {after})."
    )


def scaling_line(scaling: RateScaling | None) -> str:
    """What the learning rate should become, in words; nothing where it stays."""
    return "" if scaling is None else f"With it, multiply the learning rate by {scaling.factor:.2g}: {scaling.rule}."


def _batch_facts(suggestion: BatchSuggestion, seconds: float | None) -> Iterator[tuple[str, str]]:
    budget = suggestion.budget
    held = next((p.peak for p in suggestion.probes if p.size == suggestion.largest and p.fits and p.peak), None)
    peak = "" if held is None else f", {held / _MEBI:,.0f} MiB held"
    yield (
        "largest that fits",
        f"{suggestion.largest:,}{peak}: {_BOUNDS.get(suggestion.bounded_by, suggestion.bounded_by)}",
    )
    yield f"{budget.counts} allowed", f"{budget.bytes / _MEBI:,.0f} MiB: {shown(budget.source)}"
    if budget.kept_back:
        yield "kept back", f"{budget.kept_back:.0%} of what was free"
    took = "" if seconds is None else f", {time(seconds)}"
    yield "cost", f"{counted(suggestion.steps, 'training step')} for memory{took}"


def _probe_row(probe: SizeProbe, budget: int) -> tuple[str, ...]:
    peak = ("–", "–") if probe.peak is None else (f"{probe.peak / _MEBI:,.0f} MiB", f"{probe.peak / budget:.0%}")
    return (f"{probe.size:,}", *peak, "yes" if probe.fits else "no", shown(probe.said, 200))


def _memory_figure(suggestion: BatchSuggestion) -> Iterator[Block]:
    told = sorted((p.size, p.peak / _MEBI) for p in suggestion.probes if p.peak is not None)
    if len(told) < 2:
        return
    sizes = [size for size, _ in told]
    most = suggestion.budget.bytes / _MEBI
    curves = (
        Line(name="peak memory", x=sizes, y=[peak for _, peak in told], colour=BLUE, points=True),
        Line(name="budget", x=[sizes[0], sizes[-1]], y=[most, most], colour=GREY),
    )
    marks = [Mark(x=suggestion.size, text="taken")] if sizes[0] <= suggestion.size <= sizes[-1] else []
    yield Figure(
        title="Memory by batch size",
        spec=lines(curves, x_title="examples a batch", y_title="MiB", marks=marks, powers=True),
        says=f"From {told[0][1]:,.0f} MiB at {sizes[0]:,} to {told[-1][1]:,.0f} MiB at {sizes[-1]:,} examples a batch;"
        f" the budget is {most:,.0f} MiB.",
    )


def _rate_figure(suggestion: RateSuggestion) -> Block:
    lengths = sorted({probe.steps for probe in suggestion.probes})
    curves = tuple(
        _loss_line(length, [probe for probe in suggestion.probes if probe.steps == length], COLOURS[at % len(COLOURS)])
        for at, length in enumerate(reversed(lengths))
    )
    marks = [
        Mark(x=suggestion.low, text="as good from"),
        Mark(x=suggestion.rate, text="taken", severity=Severity.WARNING),
        Mark(x=suggestion.high, text="as good to"),
    ]
    gone = [probe.rate for probe in suggestion.probes if probe.diverged]
    kept = [probe for probe in suggestion.probes if not probe.diverged]
    judged = "validation loss" if suggestion.validated else "training loss"
    best = min(kept, key=lambda probe: probe.loss, default=None)
    low = "" if best is None else f" The lowest is {number(best.loss)}, at {best.rate:.3g} after {best.steps:,} steps."
    return Figure(
        title="Loss by learning rate",
        spec=lines(curves, x_title="learning rate", y_title=judged, marks=marks, powers=True),
        says=f"{judged.capitalize()} of {counted(len(suggestion.probes), 'short training')} by their highest rate."
        f"{low}{f' From {min(gone):.3g} on some diverge.' if gone else ''}",
    )


def _loss_line(length: int, probes: Sequence[RateProbe], colour: str) -> Line:
    """The mean over seeds at each rate; nothing is drawn where one of them diverged."""
    rates = sorted({probe.rate for probe in probes})
    at = [[probe for probe in probes if probe.rate == rate] for rate in rates]
    means = [math.nan if any(p.diverged for p in each) else fmean(p.loss for p in each) for each in at]
    return Line(name=f"after {counted(length, 'step')}", x=rates, y=means, colour=colour, points=True)


def _examples(count: float) -> str:
    return counted(max(1, round(count)), "example")


def _rounded(count: float) -> str:
    return f"{max(0, round(count)):,}"
