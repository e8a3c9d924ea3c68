"""Recorded curves of trainings that went well, some of whose steps look odd."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np

from kilter.testing.healthy.histories import falling
from kilter.testing.subjects import Healthy
from kilter.values.curve_names import BATCH, INPUT_SIZE, LEARNING_RATE, MOVING, TRAIN_LOSS
from kilter.values.history import History

Rows = Callable[[int, float], Mapping[str, float]]
"""A step and a draw from a normal distribution, to what is recorded at that step."""


def _rows(rows: Rows, steps: int = 600, seed: int = 0) -> History:
    draw = np.random.default_rng(seed)
    return History.of((step, rows(step, float(draw.normal()))) for step in range(1, steps + 1))


def _rate(rate: Callable[[int], float], *, bump: Callable[[int], float] = lambda _: 0.0) -> History:
    way = falling(2.3, 0.3, 4.0)
    return _rows(lambda step, draw: {LEARNING_RATE: rate(step), TRAIN_LOSS: way(step / 600) + bump(step) + 0.04 * draw})


def _restarting(step: int) -> float:
    return 1e-6 + 1e-3 * (1 + math.cos(math.pi * (step % 150) / 150)) / 2


def _after_restart(step: int) -> float:
    return 0.25 * math.exp(-(step % 150) / 25) * (step > 150)


def _heavy_tails() -> History:
    """Losses whose noise has far outliers at any time, as counts and prices have."""
    draw = np.random.default_rng(1)
    losses = [1 + math.exp(-step / 200) + 0.05 * abs(float(draw.standard_t(2))) for step in range(1500)]
    return History.of((step + 1, {TRAIN_LOSS: loss}) for step, loss in enumerate(losses))


def _small_last_batch() -> History:
    """The last batch of an epoch has two rows, and its loss scatters widely."""
    return _rows(
        lambda step, draw: {TRAIN_LOSS: falling()(step / 600) + (0.03 * draw if step % 40 else abs(0.25 * draw))}
    )


def _prints(of: Callable[[int], float]) -> History:
    return _rows(lambda step, draw: {TRAIN_LOSS: falling()(step / 600) + 0.03 * draw, BATCH: of(step)})


def _moving(rows: Mapping[int, Mapping[str, float]]) -> History:
    return _rows(
        lambda step, draw: {
            TRAIN_LOSS: falling()(step / 600) + 0.03 * draw,
            **{f"{MOVING}{name}": value for name, value in rows.get(step, {}).items()},
        }
    )


def _now_and_then() -> History:
    """An expert that some batches do not use."""
    naps = {at: {"expert.weight": float(at % 60 == 0)} for at in range(60, 600, 30)}
    return _moving({15: {"gate.weight": 1.0, "expert.weight": 1.0}} | naps)


ODD_BUT_HEALTHY: tuple[Healthy[History], ...] = (
    Healthy(name="restarts of the rate", make=lambda: _rate(_restarting, bump=_after_restart)),
    Healthy(name="warm-up by the step", make=lambda: _rate(lambda step: 1e-3 * min(1.0, step / 100))),
    Healthy(name="warm-up by the epoch", make=lambda: _rate(lambda step: 1e-3 * min(1.0, (1 + step // 40) / 5))),
    Healthy(name="warm-up in one jump", make=lambda: _rate(lambda step: 1e-4 if step <= 60 else 1e-3)),
    Healthy(name="rate from 0", make=lambda: _rate(lambda step: 0.0 if step == 1 else 1e-3)),
    Healthy(name="rate in stairs", make=lambda: _rate(lambda step: 1e-3 * 0.1 ** (step // 200))),
    Healthy(name="heavy tails", make=_heavy_tails),
    Healthy(name="small last batch", make=_small_last_batch),
    Healthy(name="full batches", make=lambda: _prints(lambda _: 7.0)),
    Healthy(name="batches in order", make=lambda: _prints(lambda step: float(step % 17))),
    Healthy(name="two batches", make=lambda: _prints(lambda step: float(step % 2))),
    Healthy(name="ten steps a batch", make=lambda: _prints(lambda step: float(step // 10))),
    Healthy(name="frozen from the start", make=lambda: _moving({15: {"body.weight": -1.0, "head.weight": 1.0}})),
    Healthy(name="thawed", make=lambda: _moving({15: {"a": -1.0, "b": 1.0}, 300: {"a": 1.0}})),
    Healthy(name="all at rest at the end", make=lambda: _moving({15: {"a": 1.0, "b": 1.0}, 550: {"a": 0.0, "b": 0.0}})),
    Healthy(name="used now and then", make=_now_and_then),
    Healthy(
        name="masks of infinity",
        make=lambda: _rows(lambda step, draw: {TRAIN_LOSS: falling()(step / 600) + 0.03 * draw, INPUT_SIZE: math.inf}),
    ),
    Healthy(
        name="one large input",
        make=lambda: _rows(
            lambda step, draw: {
                TRAIN_LOSS: falling()(step / 600) + 0.03 * draw,
                INPUT_SIZE: 400.0 if step == 300 else 3.0,
            }
        ),
    ),
)
