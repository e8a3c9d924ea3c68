"""Updates that are too long are told by shorter ones on the same batches."""

import pytest
from .programs import adam, bench_of, sgd

from kilter.checks.program.fitting.rate_too_high import RateTooHigh
from kilter.values.finding import Severity


@pytest.mark.parametrize("optimizer", [sgd(30.0), adam(3.0)], ids=["sgd", "adam"])
def test_a_rate_that_is_too_high_is_named(optimizer):
    found = list(RateTooHigh().examine(bench_of(optimizer)))
    assert [finding.causes[0] for finding in found] == ["lr_too_high"]
    assert found[0].severity >= Severity.WARNING
    assert found[0].evidence["end when scaled"] < found[0].evidence["start"]


def test_it_is_silent_where_the_program_learns(healthy):
    assert list(RateTooHigh().examine(healthy)) == []


def test_it_is_silent_where_no_rate_learns():
    def still(model, _optimizer, loss_fn, batch):
        loss = loss_fn(model(batch[0]) + 1e3 * batch[0].sum(), batch[1])
        loss.backward()
        return loss

    assert list(RateTooHigh().examine(bench_of(sgd(0.1), step=still))) == []
