"""Decay that undoes what the gradients do."""

import pytest
import torch

from kilter.checks.program.fitting.weight_decay import WeightDecay

from .programs import bench_of, sgd


@pytest.mark.parametrize(
    "optimizer",
    [
        sgd(0.05, weight_decay=0.7),
        lambda model: torch.optim.AdamW(model.parameters(), lr=5e-3, weight_decay=60.0),
        lambda model: torch.optim.Adam(model.parameters(), lr=5e-3, weight_decay=3.0),
    ],
    ids=["coupled", "decoupled", "in adam"],
)
def test_too_much_of_it_is_named(optimizer):
    found = list(WeightDecay().examine(bench_of(optimizer)))
    assert [finding.causes for finding in found] == [("weight_decay_too_high",)]
    assert found[0].evidence["end without"] < found[0].evidence["end"]


def test_it_is_silent_where_the_program_learns(healthy):
    assert list(WeightDecay().examine(healthy)) == []


def test_a_high_rate_is_no_decay():
    assert list(WeightDecay().examine(bench_of(sgd(30.0, weight_decay=1e-4)))) == []
