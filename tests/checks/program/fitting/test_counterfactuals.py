"""The change that mends a bad training names its cause."""

import pytest
import torch

from kilter.checks.program.fitting.counterfactuals import Counterfactuals

from .programs import adam, bench_of, network, sgd


def dropping():
    """Two layers that hardly pass anything on."""
    layers = [torch.nn.Linear(8, 24), torch.nn.ReLU(), torch.nn.Dropout(0.97)]
    more = [torch.nn.Linear(24, 24), torch.nn.ReLU(), torch.nn.Dropout(0.97), torch.nn.Linear(24, 3)]
    return torch.nn.Sequential(*layers, *more)


BAD = {
    "dropout_too_high": lambda: bench_of(adam(3e-3), model=dropping),
    "weight_decay_too_high": lambda: bench_of(sgd(0.05, weight_decay=3.0)),
    "lr_too_high": lambda: bench_of(sgd(30.0)),
    "lr_too_low": lambda: bench_of(sgd(2e-4), epochs=8),
    "adam_eps_wrong": lambda: bench_of(adam(5e-3, eps=30.0)),
}


@pytest.mark.parametrize(("cause", "bench"), BAD.items(), ids=BAD.keys())
def test_the_cause_is_named(cause, bench):
    found = list(Counterfactuals().examine(bench()))
    assert [finding.causes[0] for finding in found] == [cause]
    assert found[0].evidence["changed valid"] > found[0].evidence["valid"]


def test_a_model_that_is_too_poor_is_named_where_nothing_mends_it():
    bench = bench_of(adam(1e-2), model=lambda: network(hidden=1), noise=0.1)
    names = [(finding.name, finding.causes[0]) for finding in Counterfactuals().examine(bench)]
    assert names in ([], [("underfit", "underfit_capacity")])


def test_it_is_silent_where_the_program_learns():
    assert list(Counterfactuals().examine(bench_of(adam(5e-3)))) == []
