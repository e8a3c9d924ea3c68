"""Momentum that carries the weights past every goal."""

from kilter.checks.program.fitting.momentum import Momentum

from .programs import bench_of, sgd


def test_one_that_is_too_high_is_named():
    found = list(Momentum().examine(bench_of(sgd(0.3, momentum=0.9999), epochs=10, noise=2.0)))
    assert [finding.causes[0] for finding in found] == ["momentum_too_high"]
    assert found[0].evidence["end with usual"] < found[0].evidence["end"]


def test_it_is_silent_where_the_program_learns(healthy):
    assert list(Momentum().examine(healthy)) == []


def test_a_usual_momentum_at_a_high_rate_is_another_fault():
    assert list(Momentum().examine(bench_of(sgd(30.0)))) == []
