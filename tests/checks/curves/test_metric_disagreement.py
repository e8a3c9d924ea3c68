"""A score that does not follow the loss of the same rows."""

import math

import pytest

from kilter.checks.curves.metric_disagreement import MetricDisagreement
from kilter.testing.healthy.histories import falling, recorded
from kilter.testing.healthy.histories_of_evaluations import by_epoch
from kilter.values.finding import Severity, Skipped


def examined(loss, train=None, **scores):
    return list(
        MetricDisagreement().examine(recorded(train or falling(2.3, 0.1, 6), valid=loss, evaluations=20, scores=scores))
    )


FALLS = falling(2.3, 0.1, 6)


def test_an_accuracy_below_the_bound_of_the_loss_is_found_with_both_numbers():
    (finding,) = examined(FALLS, accuracy=lambda at: 0.4 + 0.01 * math.sin(50 * at))
    assert finding.severity is Severity.WARNING
    assert finding.evidence["loss"][1] == pytest.approx(0.1, abs=0.05)
    assert finding.evidence["score"][1] == pytest.approx(0.4, abs=0.02)
    assert finding.experiment


@pytest.mark.parametrize(("right", "count"), [(0.60, 1), (0.80, 0)])
def test_the_bound_is_that_of_a_wrong_row_which_costs_ln_2_at_least(right, count):
    # a loss of 0.14 allows 0.20 wrong rows; half as much again and 0.1 are left for other weights
    assert len(examined(falling(0.4, 0.14, 9), train=falling(2.3, 0.1, 6), accuracy=lambda _: right)) == count


def test_a_loss_that_is_no_entropy_has_no_such_bound():
    squares = falling(0.09, 0.05, 6)
    assert examined(squares, train=squares, accuracy=lambda _: 0.6) == []


def test_a_halved_loss_with_an_accuracy_at_chance_is_found_whatever_the_loss():
    (finding,) = examined(falling(200, 60, 6), train=falling(250, 60, 6), accuracy=lambda _: 0.1)
    assert "auxiliary_loss_dominates" in finding.causes


def test_a_score_that_follows_is_silent():
    assert examined(FALLS, accuracy=lambda at: 1 - 0.4 * FALLS(at), rmse=lambda at: math.sqrt(FALLS(at))) == []


def test_the_other_way_is_found_by_what_a_name_says_is_better():
    (finding,) = examined(FALLS, rmse=lambda at: 1 + at)
    assert finding.evidence["curve"] == "valid.rmse"
    assert examined(FALLS, r2=lambda at: -1 + at) == []
    assert examined(FALLS, thing=lambda at: 1 + at, r2=lambda at: at) == []


def test_another_score_that_improves_makes_it_a_note():
    (finding,) = examined(FALLS, accuracy=lambda at: 0.96 - 0.2 * at, f1=lambda at: 0.5 * at)
    assert finding.severity is Severity.NOTE


def test_a_loss_that_stands_still_says_nothing_about_a_score():
    assert examined(lambda _: 1.0, accuracy=lambda at: 0.9 - 0.5 * at) == []


def test_few_evaluations_or_no_score_are_skipped():
    assert isinstance(examined(FALLS)[0], Skipped)
    few = recorded(FALLS, valid=FALLS, evaluations=5, scores={"accuracy": FALLS})
    assert isinstance(next(MetricDisagreement().examine(few)), Skipped)


def test_an_accuracy_that_the_loss_has_no_room_for_is_of_other_rows():
    def accurate(best):
        return by_epoch(falling(2.3, 0.1), falling(2.3, 0.12), scores={"accuracy": lambda at: 0.1 + (best - 0.1) * at})

    (finding,) = MetricDisagreement().examine(accurate(0.5))
    assert (finding.severity, finding.causes[0]) == (Severity.WARNING, "wrong_metric")
    assert list(MetricDisagreement().examine(accurate(1.0))) == []
