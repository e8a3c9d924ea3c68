"""Recorded statistics of layers, of trainings that went well."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping

import numpy as np

from kilter.testing.healthy.histories import Shape, falling
from kilter.testing.subjects import Healthy
from kilter.values.curve_names import EVERY, LEARNING_RATE, TRAIN_LOSS
from kilter.values.history import History

Layers = Mapping[str, Shape | float]
"""A curve's name, such as `gradient/0.weight`, to its values over the run (0 to 1)."""


def measured(
    layers: Layers, *, train: Shape | None = None, rate: Shape = lambda _: 1e-3, steps: int = 200, seed: int = 0
) -> History:
    """A history in which layers were measured every tenth step, with noise in proportion; zeros stay zeros.

    Args:
        layers: what was measured.
        train: the training loss; one that is learnt, if none is given.
        rate: the learning rate.
        steps: optimizer steps.
        seed: of the noise.
    """
    shape = train or falling()
    draw = np.random.default_rng(seed)

    def rows() -> Iterator[tuple[int, dict[str, float]]]:
        for step in range(1, steps + 1):
            at = step / steps
            yield step, {TRAIN_LOSS: shape(at) + 0.03 * float(draw.normal()), LEARNING_RATE: rate(at)}
            if step % 10 == 1:
                values = {name: curve(at) if callable(curve) else curve for name, curve in layers.items()}
                noisy = {name: value * math.exp(0.05 * float(draw.normal())) for name, value in values.items()}
                yield step, noisy | {EVERY: 10.0}

    return History.of(rows())


def network(
    depth: int = 6,
    *,
    gradient: Callable[[int], float] = lambda _: 1e-2,
    update: Callable[[int], float] = lambda _: 1e-3,
    weight: Callable[[int], float] = lambda _: 0.1,
) -> dict[str, Shape | float]:
    """Gradients, weights and updates of so many layers, each by its number from the input on."""
    return {
        f"{measure}/{layer}.weight": size(layer)
        for measure, size in (("gradient", gradient), ("weight", weight), ("update", update))
        for layer in range(depth)
    }


def _frozen_body() -> History:
    """Features up to the head are kept: they have a gradient, and nobody moves them."""
    still = network(update=lambda layer: 1e-3 * (layer == 5))
    return measured(still | {f"weight/{layer}.weight": _constant for layer in range(5)})


def _constant(_: float) -> float:
    return 0.0


LAYERED: tuple[Healthy[History], ...] = (
    Healthy(name="even layers", make=lambda: measured(network())),
    Healthy(name="uneven layers", make=lambda: measured(network(gradient=lambda layer: 10.0 ** (-2 - layer % 3)))),
    Healthy(
        name="small gradients that move", make=lambda: measured(network(gradient=lambda layer: 1e-9 * 30.0**layer))
    ),
    Healthy(name="frozen body", make=_frozen_body),
    Healthy(
        name="a bias before a normalisation",  # it has no use, and its gradient is what rounding leaves
        make=lambda: measured(network() | {"update/0.bias": lambda at: 4e-8 * (at < 0.6), "gradient/0.bias": 1e-8}),
    ),
    Healthy(name="sparse rectifiers", make=lambda: measured({"dead/0": 0.4, "dead/1": 0.75})),
    Healthy(
        name="a sure answer",
        make=lambda: measured(
            {
                "activation/0": 0.1,
                "saturated/0": 0.01,
                "activation/1": 0.5,
                "saturated/1": lambda at: 0.95 * min(1.0, 3 * at),
            }
        ),
    ),
    Healthy(name="attention that copies", make=lambda: measured({"entropy/a": lambda at: max(0.01, 0.9 - 3 * at)})),
    Healthy(name="large steps that learn", make=lambda: measured(network(update=lambda _: 0.5))),
    Healthy(
        name="a rate of 0 at first",
        make=lambda: measured(network(update=lambda _: 1e-3), rate=lambda at: 0.0 if at < 0.1 else 1e-3),
    ),
)
"""No check of curves may say more than a note on these."""
