"""Validations that are listened to."""

import torch

from kilter.checks.program.loop.validated import validated


def test_two_validations_with_steps_between(bench_of):
    bench = bench_of()
    heard = validated(bench)
    assert heard is validated(bench)
    first, after_first, before_second, last = heard.states
    assert all(torch.equal(first[name], after_first[name]) for name in first)
    assert any(not torch.equal(first[name], before_second[name]) for name in first)
    assert all(torch.equal(before_second[name], last[name]) for name in last)
    assert [len(calls) for calls in heard.calls] == [1, 1]
    assert not heard.calls[0][0].training
    assert heard.results[0] != heard.results[1]


def test_a_program_without_validation(bench_of):
    assert validated(bench_of(validate=None)) is None
