"""A class that is never found."""

import pytest

from kilter.checks.curves.missed_class import MissedClass
from kilter.testing.healthy.histories import falling, recorded
from kilter.values.finding import Severity, Skipped


def examined(train, valid=None, **scores):
    return list(MissedClass().examine(recorded(train, valid=valid or train, evaluations=20, scores=scores)))


LEARNT = falling(0.69, 0.15, 9)


@pytest.mark.parametrize("name", ["recall", "f1", "recall.cat", "macro_precision"])
def test_nothing_found_behind_a_fine_loss(name):
    (finding,) = examined(LEARNT, **{name: lambda _: 0.0})
    assert finding.severity is Severity.WARNING
    assert finding.causes[0] == "imbalance_zero_recall"
    assert finding.where == (f"valid.{name}",)


def test_a_class_that_is_found_in_the_end_is_no_missed_one():
    assert examined(LEARNT, recall=lambda at: 0.0 if at < 0.8 else 0.3) == []


def test_a_loss_that_has_not_come_down_may_still_find_it():
    assert examined(lambda at: 0.69 - 0.01 * at, recall=lambda _: 0.0) == []


def test_an_error_of_0_is_a_good_one():
    assert examined(LEARNT, mae=lambda _: 0.0) == []


def test_an_accuracy_that_never_moves_at_the_entropy_of_its_share():
    (finding,) = examined(falling(0.69, 0.17, 9), accuracy=lambda _: 0.96)
    assert finding.evidence["value"] == pytest.approx(0.96)
    assert examined(falling(0.69, 0.05, 9), accuracy=lambda _: 0.96) == []  # the outputs tell rows apart


def test_one_over_the_number_of_classes_is_one_answer_for_all():
    (finding,) = examined(falling(2.3, 0.4, 9), balanced_accuracy=lambda _: 0.1)
    assert finding.causes[0] == "imbalance_zero_recall"
    (finding,) = examined(falling(2.6, 2.3, 9), accuracy=lambda _: 0.1)
    assert finding.causes[0] == "model_ignores_input"


def test_a_loss_that_began_huge_points_at_dead_units():
    (finding,) = examined(falling(75.0, 1.09, 30), accuracy=lambda _: 7 / 18)
    assert finding.causes[0] == "dead_relu"


def test_one_other_value_or_perfect_answers_are_silent():
    assert examined(LEARNT, accuracy=lambda at: 0.5 if at < 0.95 else 0.51) == []
    assert examined(LEARNT, accuracy=lambda _: 1.0) == []


def test_without_scores_it_is_skipped():
    assert isinstance(examined(LEARNT)[0], Skipped)
