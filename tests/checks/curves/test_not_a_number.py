"""A loss that is no number."""

import math

from kilter.checks.curves.not_a_number import NotANumber
from kilter.testing.healthy.histories import falling, recorded, series
from kilter.values.finding import Severity, Skipped
from kilter.values.history import History


def test_the_first_such_step_is_told_with_what_came_before():
    (finding,) = NotANumber().examine(series([1.0, 0.9, math.nan, math.inf]))
    assert finding.severity is Severity.FAILURE
    assert finding.evidence == {"curve": "train.loss", "step": 3, "before": [1.0, 0.9], "batch": 3}
    assert finding.seen == "train.loss is nan at step 3, the first of 2 such values."


def test_the_earliest_curve_leads():
    rows = [(1, {"train.loss": 1.0, "train.gradient_norm": math.inf}), (2, {"train.loss": math.nan})]
    (finding,) = NotANumber().examine(History.of(rows))
    assert finding.evidence["curve"] == "train.gradient_norm"


def test_a_gradient_that_grew_before_is_an_explosion():
    rows = [(step, {"train.loss": 1.0, "train.gradient_norm": 1.0}) for step in range(1, 9)]
    rows += [(9, {"train.loss": 1.2, "train.gradient_norm": 80.0}), (10, {"train.loss": math.nan})]
    (finding,) = NotANumber().examine(History.of(rows))
    assert finding.causes[0] == "lr_too_high"


def test_it_follows_a_divergence():
    (finding,) = NotANumber().examine(series([math.nan]))
    assert "divergence" in finding.follows


def test_numbers_are_silent_and_nothing_is_skipped():
    assert list(NotANumber().examine(recorded(falling()))) == []
    assert isinstance(next(NotANumber().examine(History())), Skipped)


def logged(losses, norms=None, valid=()):
    """A history of these losses, norms and (step, validation loss)."""
    rows = [(at + 1, {"train.loss": loss}) for at, loss in enumerate(losses)]
    if norms is not None:
        rows = [(step, row | {"train.gradient_norm": norm}) for (step, row), norm in zip(rows, norms, strict=True)]
    return History.of(sorted(rows + [(step, {"valid.loss": value}) for step, value in valid], key=lambda row: row[0]))


def test_a_loss_scale_that_finds_its_size_is_a_note_and_one_that_never_does_is_graver():
    norms = [math.inf] * 3 + [1.0] * 97
    (finding,) = NotANumber().examine(logged([1.0] * 100, norms))
    assert finding.severity is Severity.NOTE
    assert finding.causes[0] == "loss_scale_overflow"
    (often,) = NotANumber().examine(logged([1.0] * 100, [math.inf, 1.0, 1.0, 1.0] * 25))
    assert often.severity is Severity.WARNING
    (ever,) = NotANumber().examine(logged([0.0] * 100, [math.nan] * 100))
    assert ever.severity is Severity.FAILURE


def test_a_single_loss_is_a_warning_since_the_training_went_on():
    (finding,) = NotANumber().examine(logged([1.0, 0.9, math.nan, 0.8, 0.7]))
    assert finding.severity is Severity.WARNING
    assert finding.causes[0] == "nan_in_data"
    assert "finite at the end" in finding.seen


def test_a_finite_validation_loss_shows_that_the_weights_are_finite():
    evaluated = [(2, 1.0), (4, 0.9)]
    (finding,) = NotANumber().examine(logged([math.nan] * 4, valid=evaluated))
    assert finding.severity is Severity.NOTE  # a column that holds no number
    (later,) = NotANumber().examine(logged([1.0, 0.9, math.nan, math.nan], valid=evaluated))
    assert later.severity is Severity.WARNING
    (lost,) = NotANumber().examine(logged([1.0, 0.9, math.nan, math.nan], valid=[(2, 1.0), (4, math.nan)]))
    assert lost.severity is Severity.FAILURE


def test_a_huge_loss_at_the_very_start_tells_an_explosion():
    (finding,) = NotANumber().examine(series([2.0, 4e5, math.nan]))
    assert finding.causes[0] == "lr_too_high"


def test_rows_that_lie_apart_do_not_show_an_explosion():
    def log(every, first=2.3, calm=10):
        rows = [(every * (at + 1), {"train.loss": first if at < calm else math.nan}) for at in range(12)]
        (finding,) = NotANumber().examine(History.of(rows))
        return finding.causes

    assert "lr_too_high" in log(10)
    assert "lr_too_high" not in log(1)
    assert "lr_too_high" in log(10, calm=0)
    assert log(1, first=5e4, calm=2)[:2] == ("lr_too_high", "unnormalized_target")


def test_what_fell_below_nought_before_is_the_root():
    (finding,) = NotANumber().examine(History.of([(1, {"train.loss": 1.0}), (2, {"train.loss": math.nan})]))
    assert "negative-loss" in finding.follows
