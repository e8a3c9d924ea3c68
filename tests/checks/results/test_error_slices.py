"""Errors that have something in common."""

from dataclasses import replace

import pytest

from kilter.checks.results.error_slices import ErrorSlices
from kilter.testing.conformance import conforms
from kilter.testing.healthy.outcomes import HEALTHY_OUTCOMES, of_classes
from kilter.testing.planted.outcomes import PLANTED_OUTCOMES
from kilter.values.score import Score


def planted():
    (fault,) = (fault for fault in PLANTED_OUTCOMES if fault.code == ErrorSlices.code)
    return fault.make()


def test_it_conforms():
    conforms(ErrorSlices(), HEALTHY_OUTCOMES, PLANTED_OUTCOMES)


def test_the_worst_slice_is_told_with_its_scores_and_examples():
    outcome = planted()
    (finding,) = ErrorSlices().examine(outcome)
    assert "80 % of what model loses on test lies in the 13 % of examples where the number of tokens" in finding.seen
    assert "accuracy 0.4 [0.3, 0.51] there" in finding.seen
    assert finding.where == outcome.predictions.ids[:5]
    assert finding.evidence["slices"][0]["examples"] == 80


@pytest.mark.parametrize(("count", "said"), [(2, "There is one more."), (3, "There are 2 more.")])
def test_further_slices_are_counted(count, said):
    outcome = planted()
    evaluation = replace(outcome.evaluation, slices=outcome.evaluation.slices * count)
    (finding,) = ErrorSlices().examine(replace(outcome, evaluation=evaluation))
    assert said in finding.seen


def test_a_score_without_bounds_stands_alone():
    outcome = planted()
    (worst,) = outcome.evaluation.slices
    bare = replace(worst, inside=Score(name="contribution to span F1", value=-1.5, low=None, high=None, n=80))
    (finding,) = ErrorSlices().examine(replace(outcome, evaluation=replace(outcome.evaluation, slices=(bare,))))
    assert "contribution to span F1 -1.5 there" in finding.seen


def test_without_slices_there_is_nothing_to_say():
    assert list(ErrorSlices().examine(of_classes())) == []


def test_slices_that_lose_no_more_than_their_share_and_those_asked_for_are_not_told():
    outcome = planted()
    (worst,) = outcome.evaluation.slices
    share = worst.n / len(outcome.predictions)
    for other in (replace(worst, lost=1.2 * share), replace(worst, asked=True)):
        evaluation = replace(outcome.evaluation, slices=(other,))
        assert list(ErrorSlices().examine(replace(outcome, evaluation=evaluation))) == []
