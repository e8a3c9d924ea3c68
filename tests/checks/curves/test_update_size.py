"""Steps and the size of weights."""

import math

import pytest

from kilter.checks.curves.update_size import UpdateSize
from kilter.testing.healthy.histories import falling
from kilter.testing.healthy.histories_of_layers import measured, network
from kilter.values.finding import Severity, Skipped
from kilter.values.history import History

UNLEARNT = falling(2.3, 2.2, 1)


def examined(update, train=UNLEARNT):
    return list(UpdateSize().examine(measured(network(update=update), train=train)))


@pytest.mark.parametrize(("size", "cause"), [(0.6, "lr_too_high"), (1e-8, "lr_too_low")])
def test_out_of_proportion_without_learning(size, cause):
    (finding,) = examined(lambda _: size)
    assert (finding.severity, finding.causes[0]) == (Severity.WARNING, cause)
    assert finding.evidence["late"] == pytest.approx(size, rel=0.2)


def test_large_steps_and_then_no_numbers():
    rows = [
        (s, {"train.loss": 2.0 if s < 2 else math.nan, "update/0.weight": 0.9 if s < 2 else math.nan}) for s in range(9)
    ]
    (finding,) = UpdateSize().examine(History.of(rows))
    assert finding.evidence["numbers lost"] is True


def test_steps_that_learn_and_usual_ones_are_silent():
    assert examined(lambda _: 0.6, falling()) == []
    assert examined(lambda _: 1e-3) == []


def test_one_layer_that_begins_at_0_is_silent():
    assert examined(lambda layer: 1.0 if layer == 2 else 1e-3) == []


def test_without_measurements_it_is_skipped():
    assert isinstance(next(UpdateSize().examine(History())), Skipped)
