"""Sections of a document: the scores of each class, and which class is taken for which."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kilter.report.confused import Confused, confused
from kilter.report.plots import Interval, heatmap, intervals
from kilter.report.wording import cautions, counted, fixed, heading_of, percent, scored, shown
from kilter.values.document import Block, Figure, Grid, Heading
from kilter.values.evaluation import ClassScores, Evaluation
from kilter.values.score import Score

MOST_PAIRS = 15  # rows of the table of confused pairs
EXAMPLES_IN_CELL = 5
CHARTED_CLASSES = 30  # rows of the chart of classes; the table has them all
TELLING = "f1"
MOST_CLASSES = 150  # beyond, cells of the chart would be smaller than a pointer can choose


def class_section(evaluation: Evaluation) -> Iterator[Block]:
    """Each class with its scores, the worst first."""
    classes = evaluation.measures.classes
    if not classes:
        return
    yield Heading(text="Per class", anchor="classes")
    worst_first = sorted(classes, key=_badness)
    charted = [each for each in worst_first if (own := _telling(each)) is not None and own.value is not None]
    if len(charted) > 2 and (score := _telling(charted[0])) is not None:
        rows = [_row(each) for each in charted]
        which = f"the {CHARTED_CLASSES} worst of {len(rows)} classes" if len(rows) > CHARTED_CLASSES else "each class"
        yield Figure(
            title=f"{heading_of(score)} of {which}, the worst first",
            spec=intervals(rows[:CHARTED_CLASSES], x_title=heading_of(score)),
            says=f"The worst is {shown(rows[0].name)} with {score.name} {fixed(rows[0].value)}, "
            f"the best {shown(rows[-1].name)} with {fixed(rows[-1].value)}.",
        )
    names = [score.name for score in classes[0].scores]
    yield Grid(
        columns=("class", "examples", *names),
        rows=tuple(
            (shown(each.label), f"{each.support:,}", *(scored(score) for score in each.scores)) for each in worst_first
        ),
        caption=f"Scores of each class on the {evaluation.split} split, the worst first.{_reasons(classes)}"
        f"{cautions(score for each in classes for score in each.scores)}",
        numeric=tuple(range(1, len(names) + 2)),
    )


def confusion_section(evaluation: Evaluation) -> Iterator[Block]:
    """Which class is taken for which: a chart whose cells lead to examples, and the pairs as a table."""
    confusion = evaluation.measures.confusion
    if confusion is None:
        return
    yield Heading(text="Confusion", anchor="confusion")
    pairs = confused(evaluation)
    total = sum(sum(row) for row in confusion.counts)
    wrong = sum(pair.count for pair in pairs)
    says = f"{wrong:,} of {counted(total, 'example')} ({percent(wrong, total)}) were taken for another class"
    if pairs:
        most = pairs[0]
        says += f", most often {shown(most.truth, 40)} for {shown(most.decided, 40)} ({most.count:,})"
    if len(confusion.labels) <= MOST_CLASSES:
        yield Figure(
            title="What was taken for what",
            spec=heatmap(
                confusion.counts,
                confusion.labels,
                x_title="decided",
                y_title="truth",
                cells={(pair.row, pair.column): _cell(pair) for pair in pairs},
            ),
            says=f"{says}.",
        )
    if pairs:
        yield _pair_grid(pairs)


def _row(each: ClassScores) -> Interval:
    score = _telling(each)
    if score is None:
        return Interval(name=each.label, value=0.0, low=None, high=None)
    return Interval(name=each.label, value=score.value or 0.0, low=score.low, high=score.high)


def _telling(each: ClassScores) -> Score | None:
    """The score by which classes are put in order: F1 where there is one, else the last."""
    return next((score for score in each.scores if score.name == TELLING), each.scores[-1] if each.scores else None)


def _badness(each: ClassScores) -> float:
    score = _telling(each)
    return float("-inf") if score is None or score.value is None else score.value


def _cell(pair: Confused) -> dict[str, object]:
    """What a chosen cell shows: a sentence, and the examples as (id, input, cost)."""
    kept = pair.examples[:EXAMPLES_IN_CELL]
    which = f"; the {counted(len(kept), 'most costly one', 'most costly')}" if 0 < len(kept) < pair.count else ""
    return {
        "title": f"{shown(pair.truth, 60)} taken for {shown(pair.decided, 60)}: {counted(pair.count, 'example')}, "
        f"{percent(pair.count, pair.of)} of the class{which}",
        "rows": [[shown(m.id, 120), shown(m.inputs, 240), f"cost {fixed(m.cost)}"] for m in kept],
    }


def _pair_grid(pairs: Sequence[Confused]) -> Grid:
    rows = []
    for pair in pairs[:MOST_PAIRS]:
        some = "; ".join(f"{shown(m.inputs, 60)} ({shown(m.id)})" for m in pair.examples[:3])
        share = percent(pair.count, pair.of)
        rows.append((shown(pair.truth), shown(pair.decided), f"{pair.count:,}", share, some or "–"))
    more = f", the first {MOST_PAIRS} of {len(pairs):,}" if len(pairs) > MOST_PAIRS else ""
    return Grid(
        columns=("truth", "decided", "examples", "of the class", "the most costly"),
        rows=tuple(rows),
        caption=f"The most confused pairs{more}.",
        numeric=(2, 3),
    )


def _reasons(classes: Sequence[ClassScores]) -> str:
    reasons = {f"{s.name}: {s.undefined}" for each in classes for s in each.scores if s.value is None and s.undefined}
    more = f" (and {len(reasons) - 3} more reasons)" if len(reasons) > 3 else ""
    return "".join(f" Undefined {shown(reason, 120)}." for reason in sorted(reasons)[:3]) + more
