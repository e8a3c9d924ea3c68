"""What was expected before the run and what became of it, and scores that were reported elsewhere."""

from __future__ import annotations

from collections.abc import Iterator

from kilter.report.wording import counted, direction, fixed, heading_of, scored, shown
from kilter.values.document import Block, Grid, Heading, Paragraph
from kilter.values.evaluation import Evaluation
from kilter.values.expectation import Expected, Reference, Ruling
from kilter.values.run import Run

SHOWN_OF_FINGERPRINT = 12  # digits; enough to see that two are the same
LONGEST = 1000  # characters of a person's reasoning


def expectation_section(run: Run) -> Iterator[Block]:
    """Expectations with their rulings, and references beside what was measured; nothing where there are none."""
    expected = run.expected
    if expected is None or not (expected.expectations or expected.references or expected.reasoning or expected.changed):
        return
    yield Heading(text="What was expected", anchor="expectation")
    if expected.reasoning:
        yield Paragraph(text=f"Written down before the run: “{shown(expected.reasoning, LONGEST)}”")
    if expected.changed:
        yield Paragraph(text=shown(expected.changed, LONGEST))
    if expected.expectations:
        yield _rulings(expected)
    if expected.references:
        yield _references(expected.references, run.evaluation("test") or run.evaluation("valid"))


def expectation_lines(expected: Expected) -> tuple[str, ...]:
    """Each expectation with its ruling and what was measured, a sentence each; before the evaluation without."""
    if not expected.judgements:
        return tuple(f"{shown(str(each))}: not judged." for each in expected.expectations)
    return tuple(shown(f"{judgement}.", 300) for judgement in expected.judgements)


def rulings_line(expected: Expected | None) -> str:
    """What became of all expectations, in one line; empty where nothing was expected.

    >>> rulings_line(None)
    ''
    """
    if expected is None or not expected.expectations:
        return ""
    if not expected.judgements:
        return f"{counted(len(expected.expectations), 'expectation')}, not judged"
    told = [
        f"{ruling}: {', '.join(shown(str(each.expectation)) for each in expected.judgements if each.ruling is ruling)}"
        for ruling in Ruling
        if any(each.ruling is ruling for each in expected.judgements)
    ]
    return "; ".join(told)


def _rulings(expected: Expected) -> Grid:
    judged = {judgement.expectation: judgement for judgement in expected.judgements}
    rows = []
    for expectation in expected.expectations:
        judgement = judged.get(expectation)
        ruling, seen = ("not judged", "–") if judgement is None else (str(judgement.ruling), judgement.seen)
        rows.append((shown(str(expectation)), ruling, shown(seen, 240)))
    how = (
        "Judged by interval: met where all of it is as expected, missed where none is, undecided between."
        if expected.judgements
        else "They are judged when the run is evaluated."
    )
    return Grid(
        columns=("expected", "ruling", "measured"),
        rows=tuple(rows),
        caption=f"{how} Written down before anything was made of the data, with the fingerprint "
        f"{expected.fingerprint[:SHOWN_OF_FINGERPRINT]}.",
    )


def _references(references: tuple[Reference, ...], measured: Evaluation | None) -> Grid:
    """What was measured here above what was reported elsewhere, score by score."""
    scores = {score.name: score for score in measured.scores} if measured else {}
    rows: list[tuple[str, ...]] = []
    for metric in dict.fromkeys(reference.metric for reference in references):
        score = scores.get(metric)
        name = shown(metric) if score is None else heading_of(score)
        if score is not None and measured is not None:
            rows.append((name, "network", scored(score), f"measured here, {measured.split} split"))
        rows += [
            (name, shown(each.name), fixed(each.score), f"not measured here: {shown(each.source, 200)}")
            for each in references
            if each.metric == metric
        ]
    told = direction(scores[each.metric] for each in references if each.metric in scores)
    return Grid(
        columns=("score", "system", "value", "where from"),
        rows=tuple(rows),
        caption="What was reported elsewhere was not measured here: other rows, or another way of scoring, may lie"
        f" behind it, so that nothing is tested against it.{told}",
        numeric=(2,),
        emphasised=tuple(place for place, row in enumerate(rows) if row[1] == "network"),
    )
