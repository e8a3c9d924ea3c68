"""Sections of a document: whether probabilities hold what they say, and thresholds for a goal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from kilter.report.plots import BLUE, ORANGE, Steps, histogram
from kilter.report.squares import Point, against_diagonal
from kilter.report.wording import cautions, counted, fixed, number, p_value, percent, scored, shown
from kilter.values.calibration import Bin, Calibration, Cooled, Deviation, Threshold
from kilter.values.document import Block, Figure, Grid, Heading, Paragraph
from kilter.values.evaluation import Evaluation
from kilter.values.score import Score

MOST_THRESHOLDS = 60  # rows of the table
WITHOUT = " as decided"  # what the name of a score ends with that tells of no threshold
SMALL = 0.01  # of an error beyond its null band
BY = {"ece": "equal width", "ece_equal_mass": "equal mass"}  # of bins
RECALL_AT = "recall at "  # what the name of the goal begins with that is reached by a precision


def calibration_section(evaluation: Evaluation) -> Iterator[Block]:
    """The reliability diagram, the histogram of confidences, and errors beside their null bands; nothing without."""
    calibration = evaluation.calibration
    if calibration is None:
        return
    yield Heading(text="Calibration", anchor="calibration")
    yield Paragraph(text=_summary(calibration, evaluation.split))
    filled = [each for each in calibration.bins if each.n]
    yield Figure(
        title="How often decisions are right, by their probability",
        spec=against_diagonal(
            [_point(each) for each in filled],
            x_title="probability of the decision",
            y_title="share right",
            diagonal="what is said is what happens",
        ),
        says=_farthest(filled),
    )
    yield _histogram(calibration, evaluation.split)
    yield _errors(calibration)


def threshold_section(evaluation: Evaluation) -> Iterator[Block]:
    """Thresholds for a goal with what they bring, beside what is decided without; nothing where there are none."""
    thresholds = evaluation.thresholds
    if not thresholds:
        return
    yield Heading(text="Thresholds", anchor="thresholds")
    found = dict.fromkeys(score.name for threshold in thresholds for score in threshold.scores)
    names = [name for name in found if not name.endswith(WITHOUT)]
    rows: list[tuple[str, ...]] = []
    last = None
    for threshold in thresholds:
        if threshold.label != last:
            rows.append(_usual(evaluation, threshold, names))
        last = threshold.label
        rows.append(_row(threshold, names))
    reasons = dict.fromkeys(f"{each.goal}: {each.undefined}" for each in thresholds if each.undefined)
    more = f" The first {MOST_THRESHOLDS} of {len(rows):,} rows." if len(rows) > MOST_THRESHOLDS else ""
    yield Grid(
        columns=("class", "goal", "from", *names),
        rows=tuple(rows[:MOST_THRESHOLDS]),
        caption=f"Chosen on the {thresholds[0].chosen_on} split, scores on the {evaluation.split} split: a class is"
        " decided where its probability is that or more."
        + _of_recall(threshold.goal for threshold in thresholds)
        + cautions(score for threshold in thresholds for score in threshold.scores)
        + "".join(f" Out of reach: {shown(reason, 160)}." for reason in list(reasons)[:3])
        + more,
        numeric=tuple(range(2, len(names) + 3)),
    )


def _summary(calibration: Calibration, split: str) -> str:
    first = calibration.deviations[0]
    off = [each for each in calibration.deviations if each.value > each.null_high]
    said = (
        f"On {counted(calibration.n, 'example')} of the {split} split, probabilities of decisions and shares of right"
        f" ones differ by {fixed(first.value)} in the mean (ECE, bins of {BY.get(first.name, first.name)}); if each"
        f" were right as often as it says, that would be {_band(first)}."
    )
    within = len(calibration.deviations) - len(off)
    if not off:
        said += " So nothing speaks against reading them as they are."
    elif within:
        said += " One of the two ways to cut bins lies beyond that, the other within: a small deviation, if any."
    elif min(each.value - each.null_high for each in off) < SMALL:
        said += " That is a small deviation."
    else:
        said += " They cannot be read as they are."
    return said + _cooled(calibration.cooled)


def _cooled(cooled: Cooled | None) -> str:
    if cooled is None:
        return ""
    first = cooled.deviations[0]
    return (
        f" With a temperature of {number(cooled.temperature)}, fitted on the {cooled.fitted_on} split, the difference"
        f" is {fixed(first.value)}, where chance makes {_band(first)}; decisions stay the same."
    )


def _band(deviation: Deviation) -> str:
    return f"{fixed(deviation.null_low)} to {fixed(deviation.null_high)}"


def _point(each: Bin) -> Point:
    share, sure = each.right.value or 0.0, each.confidence or 0.0
    text = f"{fixed(sure)} said, {fixed(share)} right, {counted(each.n, 'example')}"
    return Point(x=sure, y=share, low=each.right.low, high=each.right.high, text=text)


def _farthest(filled: list[Bin]) -> str:
    """The bin whose confidence lies farthest outside its interval, in words."""

    def outside(each: Bin) -> float:
        low, high, sure = each.right.low, each.right.high, each.confidence
        return 0.0 if low is None or high is None or sure is None else max(low - sure, sure - high, 0.0)

    off = [each for each in filled if outside(each) > 0]
    if not off:
        return f"In all {counted(len(filled), 'bin')} the mean probability lies within the interval of the share right."
    worst = max(off, key=outside)
    return (
        f"In {len(off)} of {counted(len(filled), 'bin')} the mean probability lies outside the interval of the share"
        f" right, farthest between {number(worst.low)} and {number(worst.high)}: {fixed(worst.confidence or 0.0)} is"
        f" said, and {scored(worst.right)} are right."
    )


def _histogram(calibration: Calibration, split: str) -> Figure:
    right = [round(each.n * (each.right.value or 0.0)) for each in calibration.bins]
    wrong = [each.n - hits for each, hits in zip(calibration.bins, right, strict=True)]
    highest = calibration.bins[-1]
    edges = [*(each.low for each in calibration.bins), highest.high]
    return Figure(
        title="How sure decisions are, right and wrong ones",
        spec=histogram(
            edges,
            (Steps(name="right", heights=right, colour=BLUE), Steps(name="wrong", heights=wrong, colour=ORANGE)),
            x_title="probability of the decision",
            y_title="examples",
        ),
        says=f"{percent(highest.n, calibration.n)} of decisions on the {split} split have a probability of"
        f" {number(highest.low)} or more; {counted(wrong[-1], 'of them is', 'of them are')} wrong, of"
        f" {counted(sum(wrong), 'wrong decision')} in all.",
    )


def _errors(calibration: Calibration) -> Grid:
    cooled = calibration.cooled
    after = {} if cooled is None else {each.name: each for each in cooled.deviations}
    rows = [
        (
            f"ECE, {BY.get(each.name, each.name)}",
            fixed(each.value),
            _band(each),
            p_value(each.p_value),
            *_deviation_after(after.get(each.name), cooled),
        )
        for each in calibration.deviations
    ]
    pairs: list[tuple[Score, Score | None]] = [
        (calibration.brier, None if cooled is None else cooled.brier),
        (calibration.log_loss, None if cooled is None else cooled.log_loss),
    ]
    rows += [
        (
            before.name,
            scored(before),
            "–",
            "–",
            *(() if cooled is None else ("–" if then is None else scored(then), "–")),
        )
        for before, then in pairs
    ]
    after_it = () if cooled is None else ("cooled", "then chance")
    note = (
        ""
        if cooled is None
        else f" Cooled: logits divided by {number(cooled.temperature)}, the temperature that makes the log-loss of the"
        f" {cooled.fitted_on} split smallest."
    )
    return Grid(
        columns=("error ↓", "as it is", "chance makes", "p", *after_it),
        rows=tuple(rows),
        caption="↓: smaller is better. What chance makes of it is drawn: each decision right with exactly its stated"
        f" probability, the middle 95 % of such draws.{note}"
        f"{cautions(score for pair in pairs for score in pair if score is not None)}",
        numeric=tuple(range(1, 4 + len(after_it))),
    )


def _deviation_after(deviation: Deviation | None, cooled: Cooled | None) -> tuple[str, ...]:
    if cooled is None:
        return ()
    return ("–", "–") if deviation is None else (fixed(deviation.value), _band(deviation))


def _usual(evaluation: Evaluation, threshold: Threshold, names: list[str]) -> tuple[str, ...]:
    """What is decided without any such threshold."""
    own = next((each for each in evaluation.measures.classes if each.label == threshold.label), None)
    scores = {} if own is None else {score.name: score for score in own.scores}
    scores |= {score.name.removesuffix(WITHOUT): score for score in threshold.scores if score.name.endswith(WITHOUT)}
    return (shown(threshold.label), "as decided", "0.5", *(_scored(scores.get(name)) for name in names))


def _row(threshold: Threshold, names: list[str]) -> tuple[str, ...]:
    scores = {score.name: score for score in threshold.scores}
    value = "–" if threshold.value is None else number(threshold.value)
    goal = threshold.goal.removeprefix(RECALL_AT)  # a terminal has no room for both
    return (shown(threshold.label), goal, value, *(_scored(scores.get(name)) for name in names))


def _of_recall(goals: Iterable[str]) -> str:
    """How one of the thresholds that reach a precision is chosen, where there is such a goal."""
    asked = any(goal.startswith(RECALL_AT) for goal in goals)
    return " Of thresholds that reach a precision it is the one with the largest recall." if asked else ""


def _scored(score: Score | None) -> str:
    return "–" if score is None else scored(score)
