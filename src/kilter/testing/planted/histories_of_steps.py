"""Recorded curves of trainings in which one step went wrong, or all from one step on."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np

from kilter.testing.healthy.histories import falling
from kilter.testing.subjects import Planted
from kilter.values.curve_names import BATCH, INPUT_SIZE, LEARNING_RATE, MOVING, TOTAL, TRAIN_LOSS, WAITING
from kilter.values.finding import Severity
from kilter.values.history import History

STEPS = 300


def stepped(
    change: Callable[[int, dict[str, float]], Mapping[str, float]] = lambda _, row: row,
    *,
    steps: int = STEPS,
    noise: float = 0.05,
    seed: int = 0,
) -> History:
    """A training that goes well, each of whose rows may be changed.

    Args:
        change: gives the row of a step, from the step and the row as it would have been.
        steps: how many there are.
        noise: standard deviation of a step's loss.
        seed: of the noise.
    """
    draw = np.random.default_rng(seed)
    way = falling(2.3, 0.3, 5.0)
    return History.of(
        (
            step,
            change(
                step,
                {
                    TRAIN_LOSS: way(step / steps) + noise * float(draw.normal()),
                    LEARNING_RATE: 1e-3,
                    BATCH: float(draw.integers(1 << 40)),
                    INPUT_SIZE: 3 + float(draw.normal()) / 4,
                },
            ),
        )
        for step in range(1, steps + 1)
    )


def _thrown_off(step: int, row: dict[str, float]) -> Mapping[str, float]:
    behind = step - 180
    return row if behind < 0 else row | {TRAIN_LOSS: row[TRAIN_LOSS] + 6 * 0.3**behind + 1.2 * math.exp(-behind / 60)}


def _spike_of_an_epoch(step: int, row: dict[str, float]) -> Mapping[str, float]:
    return row | {TRAIN_LOSS: row[TRAIN_LOSS] + 4} if step % 60 == 7 else row


def _spike_of_a_batch(step: int, row: dict[str, float]) -> Mapping[str, float]:
    return row | {TRAIN_LOSS: row[TRAIN_LOSS] + 4, BATCH: 7.0} if step in {70, 131, 255} else row


def _raised(step: int, row: dict[str, float]) -> Mapping[str, float]:
    if step < 150:
        return row
    return row | {LEARNING_RATE: 0.1, TRAIN_LOSS: row[TRAIN_LOSS] + 1.1 * (1 - math.exp(-(step - 150) / 4))}


def _raised_too_far(step: int, row: dict[str, float]) -> Mapping[str, float]:
    if step < 150:
        return row
    return row | {LEARNING_RATE: 1.0, TRAIN_LOSS: math.nan if step > 170 else 1.5 ** (step - 150)}


def _stuck(step: int, row: dict[str, float]) -> Mapping[str, float]:
    return row | {BATCH: 7.0} if step > 250 else row


def _every_third(step: int, row: dict[str, float]) -> Mapping[str, float]:
    return row | {BATCH: 7.0} if step % 3 == 0 else row


def _frozen(why: float) -> Callable[[int, dict[str, float]], Mapping[str, float]]:
    """The first layer stops about step 150."""

    def change(step: int, row: dict[str, float]) -> Mapping[str, float]:
        if step == 15:
            return row | {f"{MOVING}first.weight": 1.0, f"{MOVING}first.bias": 1.0, f"{MOVING}last.weight": 1.0}
        if step == 165:
            return row | {f"{MOVING}first.weight": why, f"{MOVING}first.bias": why}
        return row

    return change


def _large_rows(step: int, row: dict[str, float]) -> Mapping[str, float]:
    return row | {INPUT_SIZE: 900.0, TRAIN_LOSS: 60.0} if step == 200 else row


def _rows_of_none(step: int, row: dict[str, float]) -> Mapping[str, float]:
    return row | {INPUT_SIZE: math.nan if step == 200 else 3.0, TRAIN_LOSS: math.nan} if step >= 200 else row


def waited(each: float, step: float) -> History:
    """A training that goes well, in which a batch and a step take so many seconds."""
    return stepped(lambda at, row: row | {WAITING: each * at, TOTAL: (each + step) * at})


FAULTS_OF_STEPS: tuple[Planted[History], ...] = (
    Planted(code="C130", name="thrown off", make=lambda: stepped(_thrown_off), causes=("data_anomaly", "lr_too_high")),
    Planted(
        code="C130", name="spike of each epoch", make=lambda: stepped(_spike_of_an_epoch), causes=("data_anomaly",)
    ),
    Planted(code="C130", name="spike of a batch", make=lambda: stepped(_spike_of_a_batch), causes=("data_anomaly",)),
    Planted(code="C131", name="rate raised", make=lambda: stepped(_raised), causes=("lr_too_high",)),
    Planted(
        code="C131",
        name="rate raised too far",
        make=lambda: stepped(_raised_too_far),
        causes=("lr_too_high",),
        severity=Severity.FAILURE,
    ),
    Planted(code="C132", name="loader stuck", make=lambda: stepped(_stuck), causes=("data_anomaly",)),
    Planted(code="C132", name="every third batch", make=lambda: stepped(_every_third), causes=("data_anomaly",)),
    Planted(
        code="C133",
        name="no gradient asked",
        make=lambda: stepped(_frozen(-1.0)),
        causes=("unintended_frozen_layer",),
    ),
    Planted(
        code="C133",
        name="no gradient arrives",
        make=lambda: stepped(_frozen(-3.0)),
        causes=("unintended_frozen_layer", "detached_graph"),
    ),
    Planted(code="C134", name="large rows", make=lambda: stepped(_large_rows), causes=("data_anomaly",)),
    Planted(
        code="C134",
        name="rows of none",
        make=lambda: stepped(_rows_of_none),
        causes=("nan_in_data",),
        severity=Severity.FAILURE,
    ),
    Planted(
        code="C135",
        name="batches slower than steps",
        make=lambda: waited(each=0.05, step=0.04),
        causes=("input_bound",),
        severity=Severity.NOTE,
    ),
)
