"""Recorded statistics of layers, of trainings that went wrong in one way."""

from __future__ import annotations

from kilter.testing.healthy.histories import Shape, falling
from kilter.testing.healthy.histories_of_layers import Layers, measured, network
from kilter.testing.subjects import Planted
from kilter.values.history import History

_FLAT = falling(2.3, 2.25, 1)


def _at_rest(names: tuple[int, ...], *, gradient: float = 1e-2) -> Layers:
    """A network some of whose layers never move: no update, and a weight without a digit of change."""
    return network(
        gradient=lambda layer: gradient if layer in names else 1e-2,
        update=lambda layer: 0.0 if layer in names else 1e-3,
        weight=lambda layer: 0.0 if layer in names else 0.1,
    )


def _now_and_then(layer: int) -> Shape:
    """Moves in every third measurement."""
    return lambda at: 1e-3 if round(20 * at + layer) % 3 == 0 else 0.0


def _rounded() -> History:
    moving = network()
    return measured(moving | {f"update/{layer}.weight": _now_and_then(layer) for layer in range(6)}, train=_FLAT)


FAULTS_OF_LAYERS: tuple[Planted[History], ...] = (
    Planted(
        code="C140",
        name="ten bounded layers",
        make=lambda: measured(
            network(
                10, gradient=lambda layer: 0.02 * 0.15 ** (9 - layer), update=lambda layer: 0.01 * 0.15 ** (9 - layer)
            ),
            train=_FLAT,
        ),
        causes=("vanishing_gradient",),
    ),
    Planted(
        code="C140",
        name="layers that multiply",
        make=lambda: measured(
            network(
                8, gradient=lambda layer: 0.02 * 5.0 ** (7 - layer), update=lambda layer: 0.001 * 5.0 ** (7 - layer)
            ),
            train=_FLAT,
        ),
        causes=("exploding_gradient",),
    ),
    Planted(
        code="C141",
        name="dead from the start",
        make=lambda: measured({"dead/0": 0.1, "dead/1": 1.0}, train=_FLAT),
        causes=("dead_relu",),
    ),
    Planted(
        code="C141",
        name="killed by a step",
        make=lambda: measured({"dead/0": lambda at: 0.1 if at < 0.2 else 0.99}, train=_FLAT),
        causes=("dead_relu", "lr_too_high"),
    ),
    Planted(
        code="C142",
        name="limits from the start",
        make=lambda: measured({"saturated/0": 0.92, "activation/0": 0.1, "activation/1": 0.1}, train=_FLAT),
        causes=("saturated_activation",),
    ),
    Planted(
        code="C143",
        name="a layer nobody holds",
        make=lambda: measured(_at_rest((3,))),
        causes=("optimizer_missing_group",),
    ),
    Planted(
        code="C143",
        name="a layer out of the way",
        make=lambda: measured(_at_rest((2, 3), gradient=0.0)),
        causes=("detached_graph", "unused_layer"),
    ),
    Planted(
        code="C143",
        name="stopped halfway",
        make=lambda: measured(network() | {"update/0.weight": lambda at: 1e-3 * (at < 0.5)}),
        causes=("unintended_frozen_layer",),
    ),
    Planted(
        code="C143",
        name="no step",
        make=lambda: measured(_at_rest((0, 1, 2, 3, 4, 5)), train=_FLAT),
        causes=("no_optimizer_step",),
    ),
    Planted(code="C143", name="updates rounded away", make=_rounded, causes=("low_precision_update",)),
    Planted(
        code="C144",
        name="one place for all",
        make=lambda: measured({"entropy/attention": lambda at: 0.9 if at < 0.3 else 0.004}, train=_FLAT),
        causes=("attention_collapse",),
    ),
    Planted(
        code="C145",
        name="weights replaced",
        make=lambda: measured(network(update=lambda _: 0.8), train=lambda _: 2.3),
        causes=("lr_too_high",),
    ),
    Planted(
        code="C145",
        name="weights hardly touched",
        make=lambda: measured(network(update=lambda _: 1e-8), train=_FLAT),
        causes=("lr_too_low",),
    ),
    Planted(
        code="C146",
        name="weights drawn to 0",
        make=lambda: measured(
            network() | {f"weight/{layer}.weight": falling(0.1, 0.005, 9) for layer in range(6)}, train=_FLAT
        ),
        causes=("weight_decay_too_high",),
    ),
    Planted(
        code="C143",
        name="a trunk kept, and nothing learnt",
        make=lambda: measured(_at_rest((0, 1), gradient=0.0), train=_FLAT),
        causes=("unintended_frozen_layer",),
    ),
)
"""Each is found by its check."""
