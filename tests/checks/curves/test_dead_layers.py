"""Units that give nothing."""

import pytest

from kilter.checks.curves.dead_layers import DeadLayers
from kilter.testing.healthy.histories_of_layers import measured
from kilter.values.finding import Severity, Skipped
from kilter.values.history import History


def examined(**dead):
    return list(DeadLayers().examine(measured({f"dead/{name}": share for name, share in dead.items()})))


@pytest.mark.parametrize(("share", "severity"), [(1.0, Severity.WARNING), (0.75, Severity.NOTE)])
def test_the_share_decides(share, severity):
    (finding,) = examined(first=0.1, second=share)
    assert (finding.severity, finding.where) == (severity, ("second",))


def test_when_they_died_tells_causes_apart():
    (born,) = examined(a=1.0)
    (killed,) = examined(a=lambda at: 0.0 if at < 0.1 else 1.0)
    assert (born.causes[1], killed.causes[1]) == ("unnormalized_input", "lr_too_high")


def test_sparse_layers_and_those_that_come_back_are_silent():
    assert examined(a=0.5, b=lambda at: 1.0 if at < 0.3 else 0.2) == []


def test_without_measurements_it_is_skipped():
    assert isinstance(next(DeadLayers().examine(History())), Skipped)
