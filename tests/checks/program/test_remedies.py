"""What mends a cause."""

import pytest

from kilter.checks.program.remedies import REMEDIES, remedy_for
from kilter.values.causes import CAUSE_NAMES
from kilter.values.finding import Finding, Severity

from .fitting.programs import adam, bench_of, sgd


def _finding(*causes, **evidence):
    return Finding(code="X", name="x", severity=Severity.WARNING, seen="", advice="", causes=causes, evidence=evidence)


def test_every_remedy_is_for_a_cause_that_exists():
    assert set(REMEDIES) <= CAUSE_NAMES


@pytest.mark.parametrize("cause", sorted(REMEDIES))
def test_every_remedy_can_be_made(cause):
    remedy = remedy_for(bench_of(adam(5e-3), epochs=1), _finding(cause))
    assert remedy is None or remedy.change.name


def test_the_first_cause_counts_and_there_may_be_none():
    bench = bench_of(sgd(0.05), epochs=1)
    assert remedy_for(bench, _finding("label_noise", "lr_too_high")) is None
    assert remedy_for(bench, _finding()) is None


def test_a_scale_that_was_found_is_taken():
    assert remedy_for(bench_of(sgd(30.0)), _finding("lr_too_high", scale=0.01)).change.scale == 0.01


def test_an_early_stop_is_where_validation_was_best():
    assert remedy_for(bench_of(sgd(0.05), epochs=4), _finding("overfitting", epoch=3)).share == 0.75
