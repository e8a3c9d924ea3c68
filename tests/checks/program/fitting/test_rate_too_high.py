"""Updates that are too long are told by shorter ones on the same batches."""

import pytest

from kilter.checks.program.fitting.rate_too_high import RateTooHigh
from kilter.values.finding import Finding, Severity

from .programs import bench_of, sgd


@pytest.mark.parametrize("optimizer", [sgd(30.0), sgd(60.0, momentum=0.0)], ids=["momentum", "plain"])
def test_a_rate_that_is_too_high_is_named(optimizer):
    found = list(RateTooHigh().examine(bench_of(optimizer)))
    assert [finding.causes[0] for finding in found] == ["lr_too_high"]
    assert found[0].severity >= Severity.WARNING
    assert found[0].evidence["end when scaled"] < found[0].evidence["start"]


def test_it_is_silent_where_the_program_learns(healthy):
    assert list(RateTooHigh().examine(healthy)) == []


def test_it_is_silent_where_no_rate_learns():
    def backwards(model, optimizer, loss_fn, batch):
        optimizer.zero_grad()
        loss = loss_fn(model(batch[0]), batch[1])
        (-loss).backward()
        optimizer.step()
        return loss

    assert [f for f in RateTooHigh().examine(bench_of(sgd(1.0), step=backwards)) if isinstance(f, Finding)] == []
