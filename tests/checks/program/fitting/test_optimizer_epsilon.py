"""An epsilon above the gradients."""

import pytest
import torch

from kilter.checks.program.fitting.optimizer_epsilon import OptimizerEpsilon

from .programs import adam, bench_of


@pytest.mark.parametrize(
    "optimizer",
    [adam(5e-3, eps=30.0), lambda model: torch.optim.RMSprop(model.parameters(), lr=2e-3, eps=30.0)],
    ids=["adam", "rmsprop"],
)
def test_one_that_is_too_large_is_named(optimizer):
    found = list(OptimizerEpsilon().examine(bench_of(optimizer)))
    assert [finding.causes for finding in found] == [("adam_eps_wrong",)]
    assert found[0].evidence["epsilon"] > found[0].evidence["typical"]


def test_it_is_silent_where_the_program_learns(healthy):
    assert list(OptimizerEpsilon().examine(healthy)) == []


def test_a_rate_that_makes_up_for_it_is_right():
    assert list(OptimizerEpsilon().examine(bench_of(adam(1.0, eps=10.0)))) == []
