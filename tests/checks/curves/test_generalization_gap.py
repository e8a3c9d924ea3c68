"""A training loss that is gone, and a validation loss that is not."""

import pytest

from kilter.checks.curves.generalization_gap import GeneralizationGap
from kilter.testing.healthy.histories import falling, recorded
from kilter.testing.healthy.histories_of_evaluations import by_epoch
from kilter.values.finding import Severity, Skipped


def examined(train, valid, evaluations=20, **options):
    return list(
        GeneralizationGap().examine(recorded(train, valid=valid, evaluations=evaluations, noise=0.01, **options))
    )


@pytest.mark.parametrize(("left", "severity"), [(1.8, Severity.WARNING), (1.2, Severity.NOTE)])
def test_the_less_it_gave_the_graver(left, severity):
    (finding,) = examined(falling(2.3, 0.02, 8), falling(2.3, left, 8))
    assert finding.severity is severity
    assert finding.evidence["share given"] == pytest.approx(1 - left / 2.3, abs=0.06)


def test_a_gap_at_once_is_more_than_learning_by_heart():
    (finding,) = examined(falling(2.3, 0.02, 12), falling(2.0, 1.7, 6))
    assert finding.causes[0] == "bn_stats_stale"
    (finding,) = examined(falling(2.3, 0.02, 6), falling(2.3, 1.7, 6), evaluations=100)
    assert finding.causes[0] == "too_little_data"


def test_small_gaps_and_losses_that_are_not_gone_are_silent():
    assert examined(falling(2.3, 0.02, 8), falling(2.3, 0.7, 8)) == []
    assert examined(falling(2.3, 0.5, 8), falling(2.3, 1.8, 8)) == []


def test_means_over_epochs_and_losses_below_0_are_not_judged():
    assert list(GeneralizationGap().examine(by_epoch(falling(2.3, 0.02, 3), falling(2.3, 0.7, 3)))) == []
    assert examined(falling(2.3, -4.0, 8), falling(2.3, 1.8, 8)) != []
    assert examined(falling(-1.0, -4.0, 8), falling(-1.0, -1.2, 8)) == []


def test_means_over_epochs_that_lie_apart_at_once_are_of_rows_that_are_alike():
    right = {"accuracy": lambda at: 0.1 + 0.5 * at}
    (finding,) = GeneralizationGap().examine(by_epoch(falling(2.3, 0.8, 15), falling(2.0, 1.5, 6), scores=right))
    assert (finding.severity, finding.causes[0]) == (Severity.NOTE, "no_shuffle_sorted")
    (finding,) = GeneralizationGap().examine(by_epoch(falling(2.3, 0.8, 15), falling(3.0, 2.2, 6), scores=right))
    assert finding.causes[0] == "bn_stats_stale"
    assert list(GeneralizationGap().examine(by_epoch(falling(2.3, 0.8, 12), falling(2.3, 0.9, 12), scores=right))) == []


def test_few_evaluations_are_skipped():
    assert isinstance(examined(falling(), falling(), evaluations=3)[0], Skipped)


def test_the_same_loss_in_other_units_has_no_gap():
    assert examined(falling(2.3, 0.02, 8), lambda at: 64 * falling(2.3, 0.02, 8)(at)) == []
