"""Sections of a document: every model with its scores, intervals and tests."""

from __future__ import annotations

from collections.abc import Iterator

from kilter.report.design import consulted_line, design_lines
from kilter.report.plots import Interval, intervals
from kilter.report.verdict import Standing
from kilter.report.wording import (
    TRAINED,
    cautions,
    counted,
    direction,
    fixed,
    heading_of,
    interval,
    p_value,
    readings,
    scored,
    shown,
    value_of,
)
from kilter.values.comparison import Comparison
from kilter.values.document import Block, Figure, Grid, Heading, Paragraph
from kilter.values.evaluation import Evaluation
from kilter.values.run import Run
from kilter.values.score import Score

CALLED = "network"  # how the trained model is called in tables


def comparison_section(run: Run, standing: Standing) -> Iterator[Block]:
    """The network against each baseline with test and design, then as a figure, then with all scores."""
    models = (standing.trained, *standing.baselines)
    yield Heading(text="Comparison", anchor="comparison")
    yield _tests(run, standing, models)
    yield from _design(run, standing)
    if len(models) > 1 and any(evaluation.primary.value is not None for evaluation in models):
        yield _figure(run, standing, models)
    if len(standing.trained.scores) > 1:
        yield _all_scores(run, standing, models)


def _design(run: Run, standing: Standing) -> Iterator[Paragraph]:
    """What carries the comparison with the best baseline, and how often the rows that judge were looked at."""
    best = standing.decisive
    carried = design_lines(best) if best is not None else ()
    against = (f"The best baseline is {shown(best.right)}.",) if best is not None and carried else ()
    said = (*against, *carried, consulted_line(run.consulted))
    if any(said):
        yield Paragraph(text=" ".join(filter(None, said)))


def called(run: Run, model: str) -> str:
    """A model as a reader knows it: the trained one with the name that the configuration gives it."""
    if model != TRAINED:
        return shown(model)
    choice = run.config.get("model")
    name = choice.get("name") if hasattr(choice, "get") else None
    return f"{CALLED} ({shown(str(name), 40)})" if name else CALLED


def _figure(run: Run, standing: Standing, models: tuple[Evaluation, ...]) -> Figure:
    primary = standing.trained.primary
    rows = [
        Interval(
            name=called(run, e.model),
            value=e.primary.value,
            low=e.primary.low,
            high=e.primary.high,
            emphasised=e.model == TRAINED,
        )
        for e in models
        if e.primary.value is not None
    ]
    said = "; ".join(f"{row.name} {fixed(row.value)}" for row in rows)
    return Figure(
        title=f"{primary.name} on the {standing.split} split, with {primary.confidence:.0%} intervals",
        spec=intervals(
            rows, x_title=primary.name if primary.larger_is_better else f"{primary.name} (smaller is better)"
        ),
        says=f"{said}. Intervals of single scores may overlap where the paired difference is clear.",
    )


def _tests(run: Run, standing: Standing, models: tuple[Evaluation, ...]) -> Grid:
    primary = standing.trained.primary
    confidence = f"{primary.confidence:.0%} interval"
    known = tuple(standing.comparisons.values())
    rows = tuple(
        (
            called(run, evaluation.model),
            value_of(evaluation.primary),
            interval(evaluation.primary),
            *(_compared(standing.comparisons.get(evaluation.model)) if known else ()),
        )
        for evaluation in models
    )
    compared = ("network minus it", "its interval", "p") if known else ()
    columns = ("model", heading_of(primary), confidence, *compared)
    return Grid(
        columns=columns,
        rows=rows,
        caption=f"Models on the {standing.split} split, {counted(primary.n, 'example')}."
        f"{direction([primary])}{_how(known)}{cautions(e.primary for e in models)}",
        numeric=tuple(range(1, len(columns))),
        emphasised=(0,),
    )


def _how(comparisons: tuple[Comparison, ...]) -> str:
    """What the differences are in, and what judged them."""
    if not comparisons:
        return ""
    first = comparisons[0]
    several = first.correction is not None and first.compared > 1
    corrected = f", {first.correction} correction for {first.compared}" if several else ""
    return f" Differences are in {first.difference.name}; p by the {first.test}{corrected}."


def _compared(comparison: Comparison | None) -> tuple[str, str, str]:
    if comparison is None:
        return ("–", "–", "–")
    return (value_of(comparison.difference), interval(comparison.difference), p_value(comparison.p))


def _all_scores(run: Run, standing: Standing, models: tuple[Evaluation, ...]) -> Grid:
    rows = tuple(
        (heading_of(score), *(_scored(_find(e, score.name)) for e in models)) for score in standing.trained.scores
    )
    return Grid(
        columns=("score", *(called(run, e.model) for e in models)),
        rows=rows,
        caption=f"All scores on the {standing.split} split, with their intervals."
        f"{direction(standing.trained.scores)}{_told(standing.trained.scores, models)}",
        numeric=tuple(range(1, len(models) + 1)),
    )


def _find(evaluation: Evaluation, name: str) -> Score | None:
    return next((score for score in evaluation.scores if score.name == name), None)


def _scored(score: Score | None) -> str:
    return "–" if score is None else scored(score)


def _told(scores: tuple[Score, ...], models: tuple[Evaluation, ...]) -> str:
    """What means are taken over, which intervals may not hold, and why scores are undefined."""
    return f"{readings(scores)}{cautions(score for e in models for score in e.scores)}{_reasons(models)}"


def _reasons(models: tuple[Evaluation, ...]) -> str:
    """Why scores are undefined, once a reason."""
    reasons = {f"{s.name}: {s.undefined}" for e in models for s in e.scores if s.value is None and s.undefined}
    return "".join(f" Undefined {shown(reason, 160)}." for reason in sorted(reasons)[:4])
