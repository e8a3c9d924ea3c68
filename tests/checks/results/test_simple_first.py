"""A simple model that does as well."""

from dataclasses import replace

from kilter.checks.results.simple_first import SimpleFirst
from kilter.testing.healthy.outcomes import of_amounts, of_classes
from kilter.values.finding import Severity, Skipped


def test_the_baseline_that_wins_is_named_with_the_difference():
    (finding,) = SimpleFirst().examine(of_amounts(0.6, ridge=0.3))
    assert finding.severity is Severity.WARNING
    assert finding.where == ("ridge",)
    assert "ridge beats model: ridge: difference in negative squared error (standard units) -0." in finding.seen


def test_a_difference_that_is_not_established_is_a_note():
    (finding,) = SimpleFirst().examine(of_classes(0.85, linear=0.85))
    assert finding.severity is Severity.NOTE
    assert finding.evidence["verdicts"] == {"linear": "no difference established"}


def test_a_network_that_wins_is_silent():
    assert list(SimpleFirst().examine(of_classes(0.95, linear=0.7))) == []


def test_the_simplest_alone_is_left_to_another_check():
    outcome = of_classes()
    assert isinstance(next(SimpleFirst().examine(replace(outcome, baselines=outcome.baselines[:1]))), Skipped)


def test_it_is_a_consequence_of_learning_nothing():
    (finding,) = SimpleFirst().examine(of_classes(0.36, linear=0.9, confidence=0.5))
    assert finding.follows == ("no-better-than-chance",)
