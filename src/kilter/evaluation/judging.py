"""Judging what was expected of a model by the intervals of what was measured."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from kilter.values.comparison import Comparison
from kilter.values.evaluation import Evaluation
from kilter.values.expectation import GAP, Expectation, Judgement, Ruling
from kilter.values.score import Score


def judge(
    expectations: Iterable[Expectation],
    evaluation: Evaluation,
    *,
    train: Evaluation | None = None,
    baselines: Iterable[Evaluation] = (),
    comparisons: Iterable[Comparison] = (),
) -> tuple[Judgement, ...]:
    """What became of each expectation.

    A score is judged by its own interval, the gap by that of the difference of two independent scores, and whether
    a baseline is beaten by the paired comparison, unless the score that decides says the opposite.

    Args:
        expectations: as they were written down.
        evaluation: of the model, on the rows that judge.
        train: of the same model on its training rows.
        baselines: of the simple models on the rows that judge.
        comparisons: left is the model, right a baseline.
    """
    rivals = {baseline.model: baseline for baseline in baselines}
    compared = {made.right: made for made in comparisons if made.left == evaluation.model}
    return tuple(
        _of_rival(expectation, evaluation, rivals.get(expectation.rival), compared.get(expectation.rival))
        if expectation.rival is not None
        else _of_score(expectation, evaluation, train)
        for expectation in expectations
    )


def gap_of(train: Evaluation, held_out: Evaluation) -> Score:
    """By how much the score that decides is better on training rows than on held-out ones, with its interval."""
    better, worse = train.primary, held_out.primary
    gap = better.minus(worse) if worse.larger_is_better else worse.minus(better)
    return replace(gap, name=f"{GAP} in {worse.name}", larger_is_better=False)


def _of_score(expectation: Expectation, evaluation: Evaluation, train: Evaluation | None) -> Judgement:
    if expectation.about == GAP:
        score = None if train is None else gap_of(train, evaluation)
        where, lacks = f"between train and {evaluation.split}", "the training rows were not evaluated"
    else:
        score = next((each for each in evaluation.scores if each.name == expectation.about), None)
        where, lacks = f"on {evaluation.split}", f"{expectation.about} was not measured"
    if score is None:
        return _undecided(expectation, lacks)
    seen = f"{_told(score)} {where}, n = {score.n:,}"
    if score.low is None or score.high is None:
        return _undecided(expectation, seen if score.value is None else f"{seen}; it has no interval")
    if score.caution:
        seen = f"{seen}; {score.caution}"
    return Judgement(expectation=expectation, ruling=_ruling(expectation, score.low, score.high), seen=seen)


def _ruling(expectation: Expectation, low: float, high: float) -> Ruling:
    """Met where both ends of the interval are as expected, missed where neither is."""
    bound = expectation.bound
    if bound is None:
        message = f"an expectation of {expectation.about} without a number: `beats` alone has none"
        raise ValueError(message)
    as_expected = [
        {">=": end >= bound, ">": end > bound, "<=": end <= bound, "<": end < bound}[expectation.relation]
        for end in (low, high)
    ]
    return Ruling.MET if all(as_expected) else Ruling.UNDECIDED if any(as_expected) else Ruling.MISSED


def _of_rival(
    expectation: Expectation, evaluation: Evaluation, rival: Evaluation | None, comparison: Comparison | None
) -> Judgement:
    if comparison is None or rival is None:
        return _undecided(expectation, f"{expectation.rival} was not measured on {evaluation.split}")
    difference, ours, theirs = comparison.difference, evaluation.primary, rival.primary
    seen = f"difference in {difference.name} {_told(difference)} on {evaluation.split}, p = {comparison.p:.2g}"
    none = difference.high is not None and difference.high <= 0  # not even a difference of nothing is a win
    if comparison.winner == comparison.left:
        ruling = Ruling.MET
    elif comparison.winner == comparison.right or none:
        ruling = Ruling.MISSED
    else:
        return _undecided(expectation, seen)
    if (theirs if ruling is Ruling.MET else ours).beats(ours if ruling is Ruling.MET else theirs):
        return _undecided(expectation, f"{seen}; but {ours.name} {_told(ours)} against {_told(theirs)}")
    return Judgement(expectation=expectation, ruling=ruling, seen=seen)


def _told(score: Score) -> str:
    """A score without its name, which the expectation says, and without its n."""
    if score.value is None:
        return f"undefined ({score.undefined})"
    if score.low is None or score.high is None:
        return _number(score.value)
    return f"{_number(score.value)} [{_number(score.low)}, {_number(score.high)}]"


def _number(value: float) -> str:
    """Four digits; whole numbers with their thousands set apart from there on."""
    return f"{value:,.0f}" if 1e4 <= abs(value) < 1e15 else f"{value:.4g}"


def _undecided(expectation: Expectation, why: str) -> Judgement:
    return Judgement(expectation=expectation, ruling=Ruling.UNDECIDED, seen=why)
