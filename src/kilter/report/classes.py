"""Sections of a document: the scores of each class, and which class is taken for which."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from kilter.report.plots import Interval, heatmap, intervals
from kilter.report.wording import cautions, counted, fixed, heading_of, percent, scored, shown
from kilter.values.document import Block, Figure, Grid, Heading
from kilter.values.evaluation import ClassScores, Confusion, Evaluation, Mistake
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
    pairs = _pairs(confusion)
    examples = _examples(evaluation.mistakes)
    total = sum(sum(row) for row in confusion.counts)
    wrong = sum(count for count, _, _ in pairs)
    says = f"{wrong:,} of {counted(total, 'example')} ({percent(wrong, total)}) were taken for another class"
    if pairs:
        count, i, j = pairs[0]
        says += f", most often {shown(confusion.labels[i], 40)} for {shown(confusion.labels[j], 40)} ({count:,})"
    if len(confusion.labels) <= MOST_CLASSES:
        yield Figure(
            title="What was taken for what",
            spec=heatmap(
                confusion.counts,
                confusion.labels,
                x_title="decided",
                y_title="truth",
                cells=_cells(confusion, pairs, examples),
            ),
            says=f"{says}.",
        )
    if pairs:
        yield _pair_grid(confusion, pairs, examples)


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


def _pairs(confusion: Confusion) -> list[tuple[int, int, int]]:
    """(count, truth, decided) of what was confused, the most frequent first."""
    found = [(count, i, j) for i, row in enumerate(confusion.counts) for j, count in enumerate(row) if count and i != j]
    return sorted(found, key=lambda pair: (-pair[0], pair[1], pair[2]))


Examples = Mapping[tuple[str, str], Sequence[Mistake]]


def _examples(mistakes: Sequence[Mistake]) -> Examples:
    gathered: dict[tuple[str, str], list[Mistake]] = defaultdict(list)
    for mistake in mistakes:
        gathered[mistake.target, mistake.decided].append(mistake)
    return gathered


def _cells(
    confusion: Confusion, pairs: Sequence[tuple[int, int, int]], examples: Examples
) -> dict[tuple[int, int], dict[str, object]]:
    """What a chosen cell shows: a sentence, and the examples as (id, input, cost)."""
    sums = [sum(row) for row in confusion.counts]
    cells: dict[tuple[int, int], dict[str, object]] = {}
    for count, i, j in pairs:
        truth, decided = confusion.labels[i], confusion.labels[j]
        kept = examples.get((truth, decided), ())[:EXAMPLES_IN_CELL]
        which = f"; the {counted(len(kept), 'most costly one', 'most costly')}" if 0 < len(kept) < count else ""
        cells[i, j] = {
            "title": f"{shown(truth, 60)} taken for {shown(decided, 60)}: {counted(count, 'example')}, "
            f"{percent(count, sums[i])} of the class{which}",
            "rows": [[shown(m.id, 120), shown(m.inputs, 240), f"cost {fixed(m.cost)}"] for m in kept],
        }
    return cells


def _pair_grid(confusion: Confusion, pairs: Sequence[tuple[int, int, int]], examples: Examples) -> Grid:
    sums = [sum(row) for row in confusion.counts]
    rows = []
    for count, i, j in pairs[:MOST_PAIRS]:
        truth, decided = confusion.labels[i], confusion.labels[j]
        some = "; ".join(f"{shown(m.inputs, 60)} ({shown(m.id)})" for m in examples.get((truth, decided), ())[:3])
        rows.append((shown(truth), shown(decided), f"{count:,}", percent(count, sums[i]), some or "–"))
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
