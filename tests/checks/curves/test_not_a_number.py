"""A loss that is no number."""

import math

from kilter.checks.curves.not_a_number import NotANumber
from kilter.testing.healthy.histories import falling, recorded, series
from kilter.values.finding import Severity, Skipped
from kilter.values.history import History


def test_the_first_such_step_is_told_with_what_came_before():
    (finding,) = NotANumber().examine(series([1.0, 0.9, math.nan, math.inf]))
    assert finding.severity is Severity.FAILURE
    assert finding.evidence == {"curve": "train.loss", "step": 3, "before": [1.0, 0.9]}
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
    assert finding.follows == ("divergence",)


def test_numbers_are_silent_and_nothing_is_skipped():
    assert list(NotANumber().examine(recorded(falling()))) == []
    assert isinstance(next(NotANumber().examine(History())), Skipped)
