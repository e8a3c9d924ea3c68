"""Expectations are judged by intervals; a naive twin goes over a grid of them."""

from dataclasses import replace

import pytest
from statsmodels.stats.proportion import confint_proportions_2indep

from kilter.evaluation.judging import gap_of, judge
from kilter.metrics.intervals import proportion
from kilter.tasks.scores import as_score
from kilter.values.comparison import Comparison
from kilter.values.evaluation import Evaluation, Measures
from kilter.values.expectation import Expectation, Ruling
from kilter.values.score import Score


def score(name, value, low, high, *, n=400, larger=True, **more):
    return Score(name=name, value=value, low=low, high=high, n=n, larger_is_better=larger, **more)


def evaluation(*scores, model="model", split="test"):
    return Evaluation(model=model, split=split, measures=Measures(scores=scores))


ACCURACY = score("accuracy", 0.9, 0.87, 0.93)
RMSE = score("rmse", 3.0, 2.5, 3.5, larger=False)


def ruled(said, measured, **more):
    about, claim = said.split(maxsplit=1)
    (judgement,) = judge([Expectation.read(about, claim)], evaluation(measured), **more)
    assert judgement.expectation == Expectation.read(about, claim)
    return judgement


@pytest.mark.parametrize("relation", [">=", ">", "<=", "<"])
@pytest.mark.parametrize("bound", [0.8, 0.87, 0.9, 0.93, 0.95])
def test_met_is_all_of_the_interval_and_missed_is_none(relation, bound):
    inside = [0.87 + step * 0.06 / 600 for step in range(1, 600)]
    ends = [0.87, 0.93]
    holds = {">=": bound.__le__, ">": bound.__lt__, "<=": bound.__ge__, "<": bound.__gt__}[relation]
    as_expected = [holds(value) for value in (*ends, *inside)]

    judgement = ruled(f"accuracy {relation} {bound}", ACCURACY)

    assert (judgement.ruling is Ruling.MET) == all(as_expected)
    assert (judgement.ruling is Ruling.MISSED) == (not any(as_expected))
    assert judgement.seen == "0.9 [0.87, 0.93] on test, n = 400"


def test_a_small_error_is_expected_the_other_way_round():
    assert ruled("rmse < 4", RMSE).ruling is Ruling.MET
    assert ruled("rmse < 3", RMSE).ruling is Ruling.UNDECIDED
    assert ruled("rmse < 2", RMSE).ruling is Ruling.MISSED


def test_what_has_no_value_or_no_interval_is_undecided_with_the_reason():
    undefined = score("mcc", None, None, None, undefined="all predictions are of one class")

    assert ruled("mcc > 0", undefined).ruling is Ruling.UNDECIDED
    assert "undefined (all predictions are of one class)" in ruled("mcc > 0", undefined).seen
    assert ruled("chrf > 0", ACCURACY) == replace(ruled("chrf > 0", ACCURACY), seen="chrf was not measured")
    assert ruled("chrf > 0", ACCURACY).ruling is Ruling.UNDECIDED
    bare = score("accuracy", 1.0, None, None, n=1)
    assert ruled("accuracy > 0", bare).ruling is Ruling.UNDECIDED
    assert ruled("accuracy > 0", bare).seen.endswith("it has no interval")


def test_a_caution_about_the_interval_is_said():
    assert ruled("accuracy > 0.5", replace(ACCURACY, caution="too narrow here")).seen.endswith("; too narrow here")


@pytest.mark.parametrize(("hits", "n", "right", "m"), [(56, 70, 48, 80), (990, 1000, 90, 100), (5, 9, 9, 9)])
def test_the_gap_is_that_of_two_independent_shares(hits, n, right, m):
    train, test = (
        evaluation(as_score("accuracy", proportion(*counts)), split=split)
        for split, counts in (("train", (hits, n)), ("test", (right, m)))
    )
    gap = gap_of(train, test)
    expected = confint_proportions_2indep(hits, n, right, m, method="newcomb")

    assert gap.value == pytest.approx(hits / n - right / m)
    assert (gap.low, gap.high) == pytest.approx(expected, abs=1e-9)


def test_the_gap_of_an_error_is_above_zero_where_training_errs_less():
    train = evaluation(score("rmse", 1.0, 0.9, 1.1, larger=False), split="train")

    assert gap_of(train, evaluation(RMSE)).value == pytest.approx(2.0)
    assert ruled("gap < 1", RMSE, train=train).ruling is Ruling.MISSED
    assert ruled("gap < 3", RMSE, train=train).ruling is Ruling.MET
    assert "between train and test" in ruled("gap < 3", RMSE, train=train).seen
    assert ruled("gap < 3", RMSE) == replace(
        ruled("gap < 3", RMSE), ruling=Ruling.UNDECIDED, seen="the training rows were not evaluated"
    )


def against(low, high, p, *, ours=ACCURACY, theirs=0.85):
    linear = evaluation(score("accuracy", theirs, theirs - 0.03, theirs + 0.03), model="linear")
    difference = score("accuracy", (low + high) / 2, low, high)
    made = Comparison(left="model", right="linear", split="test", difference=difference, p_value=p, test="a test")
    expectation = Expectation(about="beats", rival="linear")
    (judgement,) = judge([expectation], evaluation(ours), baselines=[linear], comparisons=[made])
    return judgement


@pytest.mark.parametrize(
    ("low", "high", "p", "theirs", "ruling"),
    [
        (0.01, 0.09, 0.01, 0.85, Ruling.MET),
        (-0.01, 0.09, 0.2, 0.85, Ruling.UNDECIDED),
        (0.01, 0.09, 0.2, 0.85, Ruling.UNDECIDED),  # the test does not establish it
        (-0.09, -0.01, 0.01, 0.95, Ruling.MISSED),
        (0.0, 0.0, 1.0, 0.9, Ruling.MISSED),  # both answer alike
        (0.01, 0.09, 0.01, 0.95, Ruling.UNDECIDED),  # ahead in the merit, behind in the score that decides
        (-0.09, -0.01, 0.01, 0.85, Ruling.UNDECIDED),
    ],
)
def test_a_baseline_is_beaten_by_the_paired_comparison(low, high, p, theirs, ruling):
    judgement = against(low, high, p, theirs=theirs)

    assert judgement.ruling is ruling
    assert f"[{low:.4g}, {high:.4g}] on test, p = {p:.2g}" in judgement.seen


def test_a_baseline_that_was_not_measured_leaves_it_undecided():
    (judgement,) = judge([Expectation(about="beats", rival="boosted")], evaluation(ACCURACY))

    assert judgement.ruling is Ruling.UNDECIDED
    assert judgement.seen == "boosted was not measured on test"


def test_large_amounts_are_written_out():
    amount = score("rmse", 60_211.9, 57_771.9, 63_053.1, n=4128, larger=False)

    assert ruled("rmse < 7e4", amount).seen == "60,212 [57,772, 63,053] on test, n = 4,128"
    assert ruled("rmse < 7e4", score("rmse", 0.5, 1e-5, 2e16)).seen == "0.5 [1e-05, 2e+16] on test, n = 400"
