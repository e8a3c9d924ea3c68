"""What was written down before the run did not come."""

from dataclasses import replace

import pytest

from kilter.checks.results.expectation_missed import ExpectationMissed
from kilter.testing.healthy.outcomes import judged, of_amounts, of_classes
from kilter.values.expectation import Expectation
from kilter.values.finding import Severity, Skipped


def examined(*said, made=None):
    expectations = [Expectation.read(*each.split(maxsplit=1)) for each in said]
    return list(ExpectationMissed().examine(judged(made or of_classes(), *expectations)))


def test_each_missed_expectation_is_a_warning_with_both_sides():
    first, second = examined("accuracy >= 0.99", "accuracy >= 0.5", "macro_f1 >= 0.98")

    assert first.severity is Severity.WARNING
    assert first.evidence["expected"] == "accuracy >= 0.99"
    assert first.seen.startswith("Expected was: accuracy >= 0.99. Measured: 0.9")
    assert second.evidence["expected"] == "macro_f1 >= 0.98"


def test_met_and_undecided_are_silent():
    assert examined("accuracy >= 0.5", "accuracy >= 0.9") == []


@pytest.mark.parametrize("said", ["accuracy < 0.5", "log_loss > 0.9"])
def test_what_is_better_than_expected_may_be_given_away(said):
    (finding,) = examined(said)

    assert finding.causes[0] == "target_leak"


@pytest.mark.parametrize("said", ["r2 > 0.99", "rmse < 0.1"])
def test_what_is_worse_than_expected_has_other_causes(said):
    (finding,) = examined(said, made=of_amounts())

    assert finding.causes[0] == "underfit_capacity"


def test_a_baseline_that_wins_is_named():
    made = of_classes(0.8, linear=0.95)
    (finding,) = ExpectationMissed().examine(judged(made, Expectation(about="beats", rival="linear")))

    assert "linear" in finding.advice


def test_a_gap_on_either_side():
    made = of_classes(0.7)
    train = replace(of_classes(0.99).evaluation, split="train")
    (large,) = examined("gap < 0.05", made=replace(made, train=train))
    (small,) = examined("gap > 0.5", made=replace(made, train=train))

    assert large.causes[0] == "overfitting"
    assert small.causes[0] == "underfit_capacity"


def test_without_expectations_it_is_skipped():
    (skipped,) = ExpectationMissed().examine(of_classes())

    assert isinstance(skipped, Skipped)
