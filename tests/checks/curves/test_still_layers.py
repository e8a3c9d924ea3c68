"""Parameters that never move."""

import pytest

from kilter.checks.curves.still_layers import StillLayers
from kilter.testing.healthy.histories import falling
from kilter.testing.healthy.histories_of_layers import measured, network
from kilter.values.finding import Severity, Skipped
from kilter.values.history import History

UNLEARNT = falling(2.3, 2.25, 1)


def examined(still, *, gradient=1e-2, train=None, weight=0.0):
    layers = network(
        gradient=lambda layer: gradient if layer in still else 1e-2,
        update=lambda layer: 0.0 if layer in still else 1e-3,
        weight=lambda layer: weight if layer in still else 0.1,
    )
    return list(StillLayers().examine(measured(layers, train=train)))


@pytest.mark.parametrize(
    ("still", "gradient", "train", "severity", "cause"),
    [
        ((3,), 1e-2, None, Severity.WARNING, "optimizer_missing_group"),
        ((5,), 1e-2, None, Severity.WARNING, "optimizer_missing_group"),
        ((0, 1, 2), 1e-2, None, Severity.NOTE, "optimizer_missing_group"),
        ((0, 1, 2), 1e-2, UNLEARNT, Severity.WARNING, "optimizer_missing_group"),
        ((0, 1), 0.0, None, Severity.NOTE, "unintended_frozen_layer"),
        ((4, 5), 0.0, None, Severity.NOTE, "unused_layer"),
        ((2, 3), 0.0, None, Severity.WARNING, "unused_layer"),
        (range(6), 1e-2, UNLEARNT, Severity.WARNING, "no_optimizer_step"),
        (range(6), 0.0, UNLEARNT, Severity.WARNING, "loss_detached"),
    ],
)
def test_where_they_stand_and_their_gradients_tell(still, gradient, train, severity, cause):
    (finding,) = examined(still, gradient=gradient, train=train)
    assert (finding.severity, finding.causes[0]) == (severity, cause)
    assert finding.evidence["still"] == [f"{layer}.weight" for layer in still]


def test_a_weight_that_changes_between_measurements_is_not_still():
    assert examined((3,), weight=0.1) == []


def test_a_loss_that_comes_down_was_moved_by_something():
    assert examined(range(6)) == []


def test_updates_that_are_often_0_were_rounded_away():
    layers = network() | {
        f"update/{layer}.weight": lambda at, layer=layer: 1e-3 * (round(20 * at + layer) % 3 == 0) for layer in range(6)
    }
    (finding,) = StillLayers().examine(measured(layers, train=UNLEARNT))
    assert finding.causes[0] == "low_precision_update"
    assert finding.evidence["share of steps"] == pytest.approx(2 / 3, abs=0.1)


def test_a_parameter_that_stops_while_others_go_on():
    layers = network() | {"update/0.weight": lambda at: 1e-3 * (at < 0.5)}
    (finding,) = StillLayers().examine(measured(layers))
    assert (finding.severity, finding.causes[0]) == (Severity.WARNING, "unintended_frozen_layer")
    assert finding.evidence["after"] == 10
    assert (
        list(
            StillLayers().examine(
                measured(
                    network(update=lambda _: 0.0)
                    | {f"update/{layer}.weight": lambda at: 1e-3 * (at < 0.5) for layer in range(6)}
                )
            )
        )
        == []
    )
    late = network() | {"update/0.weight": lambda at: 1e-3 * (at < 0.9)}
    assert list(StillLayers().examine(measured(late))) == []


def test_steps_that_moved_nothing_were_none():
    layers = network(update=lambda _: 0.0) | {
        f"update/{layer}.weight": lambda at: 1e-3 * (round(20 * at) % 3 == 0) for layer in range(6)
    }
    assert list(StillLayers().examine(measured(layers))) == []


def test_without_measurements_it_is_skipped():
    assert isinstance(next(StillLayers().examine(History())), Skipped)
