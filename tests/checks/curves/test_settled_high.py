"""Two losses that stand still together, far above nothing."""

import pytest

from kilter.checks.curves.settled_high import SettledHigh
from kilter.testing.healthy.histories import falling, recorded
from kilter.testing.healthy.histories_of_evaluations import by_epoch
from kilter.values.finding import Severity, Skipped


def findings(history):
    return [said for said in SettledHigh().examine(history) if not isinstance(said, Skipped)]


def examined(train, valid, evaluations=20, **options):
    return list(SettledHigh().examine(recorded(train, valid=valid, evaluations=evaluations, **options)))


def test_it_is_a_note_with_what_is_left():
    (finding,) = examined(falling(2.3, 1.5, 12), falling(2.3, 1.55, 12))
    assert finding.severity is Severity.NOTE
    assert finding.causes[0] == "underfit_capacity"
    assert finding.evidence["training loss"] == pytest.approx(1.5, abs=0.05)


@pytest.mark.parametrize(
    ("train", "valid"),
    [
        (falling(2.3, 1.5, 1), falling(2.3, 1.55, 1)),
        (falling(2.3, 1.2, 12), falling(2.3, 1.7, 12)),
        (falling(2.3, 0.5, 12), falling(2.3, 0.52, 12)),
        (lambda _: 2.3, lambda _: 2.3),
        (falling(-1.0, -2.0, 12), falling(-1.0, -2.0, 12)),
    ],
    ids=["still falling", "a gap", "low", "nothing learnt", "below 0"],
)
def test_other_ends_are_silent(train, valid):
    assert examined(train, valid) == []


def test_where_nearly_all_is_right_nothing_is_missing():
    assert examined(falling(2.3, 1.5, 12), falling(2.3, 1.55, 12), scores={"accuracy": lambda _: 0.97}) == []


def test_few_evaluations_are_skipped():
    assert isinstance(examined(falling(), falling(), evaluations=8)[0], Skipped)


@pytest.mark.parametrize(
    ("train", "valid", "cause"),
    [
        (falling(1.014, 1.008, 4), falling(0.96, 0.958, 4), "model_ignores_input"),
        (falling(1.014, 1.014, 4), falling(0.96, 0.96, 4), "model_ignores_input"),
        (falling(1.05, 0.9, 4), falling(1.04, 0.9, 4), "underfit_capacity"),
    ],
)
def test_two_losses_that_hardly_left_their_start_had_nothing_to_learn_from(train, valid, cause):
    (finding,) = findings(by_epoch(train, valid))
    assert (finding.severity, finding.causes[0]) == (Severity.NOTE, cause)


def test_a_straight_way_down_however_short_is_no_end():
    assert findings(recorded(lambda at: 1 - 0.015 * at, valid=lambda at: 1 - 0.015 * at, noise=0.001)) == []
