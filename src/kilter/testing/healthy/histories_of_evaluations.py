"""Recorded curves of trainings that went well, whose validation or learning rate looks odd."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import numpy as np

from kilter.testing.healthy.histories import Shape, falling, recorded
from kilter.testing.subjects import Healthy
from kilter.values.curve_names import EPOCH, LEARNING_RATE, TRAIN_LOSS, VALID_LOSS
from kilter.values.history import History


def scheduled(
    rate: Shape, train: Shape | None = None, *, steps: int = 400, epochs: int = 10, noise: float = 0.03, seed: int = 0
) -> History:
    """A history with a learning rate that moves over the run (0 to 1), and an evaluation an epoch.

    Args:
        rate: the learning rate.
        train: the training loss; what a settled training has, if none is given.
        steps: optimizer steps.
        epochs: passes over the data.
        noise: standard deviation of a step's loss.
        seed: of the noise.
    """
    shape = train or falling()
    draw = np.random.default_rng(seed)

    def rows() -> Iterator[tuple[int, dict[str, float]]]:
        for step in range(1, steps + 1):
            at = step / steps
            loss = shape(at) + noise * float(draw.normal())
            epoch = float((step - 1) * epochs // steps)
            yield step, {TRAIN_LOSS: loss, LEARNING_RATE: rate(at), EPOCH: epoch}
            if step % (steps // epochs) == 0:
                yield step, {VALID_LOSS: shape(at) + 0.1 + 0.2 * noise * float(draw.normal())}

    return History.of(rows())


def by_epoch(
    train: Shape, valid: Shape, *, epochs: int = 20, scores: Mapping[str, Shape] | None = None, seed: int = 0
) -> History:
    """A history with one row an epoch: the mean training loss, the validation loss, and scores by name."""
    draw = np.random.default_rng(seed)
    return History.of(
        (
            epoch + 1,
            {
                TRAIN_LOSS: train((epoch + 0.5) / epochs) * (1 + 0.01 * float(draw.normal())),
                VALID_LOSS: valid((epoch + 1) / epochs) * (1 + 0.01 * float(draw.normal())),
                EPOCH: float(epoch),
            }
            | {f"valid.{name}": curve((epoch + 1) / epochs) for name, curve in (scores or {}).items()},
        )
        for epoch in range(epochs)
    )


def _cosine(at: float) -> float:
    return 5e-4 * (1 + math.cos(math.pi * at))


def _one_cycle(at: float) -> float:
    return 1e-3 * (at / 0.3 if at < 0.3 else 0.5 * (1 + math.cos(math.pi * (at - 0.3) / 0.7)))


def _double_descent() -> History:
    """The validation loss climbs on half of the way, and falls lower than ever."""
    return recorded(
        falling(2.3, 0.02, 6),
        valid=lambda at: falling(2.2, 0.8, 15)(at) + 0.5 * math.exp(-(((at - 0.4) / 0.12) ** 2)) - 0.3 * at**4,
        evaluations=30,
    )


def _grokking() -> History:
    """Learnt by heart for long, then understood."""
    return recorded(
        falling(2.3, 0.005, 25),
        valid=lambda at: 2.3 + 1.2 * at if at < 0.7 else 3.14 * math.exp(-25 * (at - 0.7)),
        evaluations=40,
        noise=0.004,
        scores={"accuracy": lambda at: 0.1 if at < 0.7 else 1 - 0.9 * math.exp(-25 * (at - 0.7))},
    )


def _dropout() -> History:
    return recorded(falling(2.3, 0.9, 5), valid=falling(2.2, 0.5, 6), evaluations=20)


def _smoothed_labels() -> History:
    """The training loss ends at the floor that smoothed labels have; the validation's labels are not smoothed."""
    return recorded(falling(2.3, 0.56, 6), valid=falling(2.25, 0.12, 6), evaluations=20)


def _weighted_classes() -> History:
    """The accuracy falls as the rare class is found."""
    return recorded(
        falling(0.75, 0.3, 5),
        valid=falling(0.72, 0.33, 5),
        evaluations=20,
        scores={"accuracy": lambda at: 0.84 + 0.12 * math.exp(-9 * at), "f1": lambda at: 0.5 * (1 - math.exp(-9 * at))},
    )


def _found_late() -> History:
    """The rare class is found after a third of the run."""
    return recorded(
        falling(0.7, 0.1, 4),
        valid=falling(0.69, 0.12, 4),
        evaluations=20,
        scores={"recall": lambda at: 0.0 if at < 0.35 else 0.8 * (1 - math.exp(-6 * (at - 0.35)))},
    )


def _few_validation_rows() -> History:
    """36 rows, one of them wrong, and never another one."""
    return recorded(
        falling(1.1, 0.02, 8), valid=falling(0.9, 0.08, 9), evaluations=20, scores={"accuracy": lambda _: 35 / 36}
    )


def _sequences() -> History:
    """Whole sequences are right late, when hardly a token is wrong."""
    return recorded(
        falling(3.0, 0.05, 6),
        valid=falling(2.9, 0.06, 6),
        evaluations=20,
        scores={"exact_match": lambda at: math.exp(-20 * falling(2.9, 0.06, 6)(at))},
    )


def _first_layers_lag() -> History:
    """Statistics of normalisation layers are of no use in the first epoch."""
    return recorded(
        falling(2.3, 0.1, 8), valid=lambda at: 4.0 if at < 0.06 else falling(2.0, 0.25, 8)(at), evaluations=20
    )


EVALUATED: tuple[Healthy[History], ...] = (
    Healthy(name="cosine", make=lambda: scheduled(_cosine)),
    Healthy(name="cosine, and on the way down", make=lambda: scheduled(_cosine, falling(2.3, 0.3, 2))),
    Healthy(name="one cycle", make=lambda: scheduled(_one_cycle)),
    Healthy(name="linear to nothing", make=lambda: scheduled(lambda at: 1e-3 * (1 - at))),
    Healthy(name="stairs of a tenth", make=lambda: scheduled(lambda at: 0.1 * 0.1 ** int(at / 0.3))),
    Healthy(name="root of time", make=lambda: scheduled(lambda at: 1e-3 * min(at / 0.05, math.sqrt(0.05 / at)))),
    Healthy(name="triangles", make=lambda: scheduled(lambda at: 1e-3 * (0.1 + abs((8 * at) % 2 - 1)))),
    Healthy(name="a search for a rate", make=lambda: scheduled(lambda at: 1e-6 * 10 ** (6 * at), falling(2.3, 1.0))),
    Healthy(name="a rate that reads 0", make=lambda: scheduled(lambda at: 1.0 if at < 0.02 else 0.0)),
    Healthy(name="stopped by a rate of 0", make=lambda: scheduled(lambda at: 1e-3 * (at < 0.7), falling(2.3, 0.3, 25))),
    Healthy(name="double descent", make=_double_descent),
    Healthy(name="grokking", make=_grokking),
    Healthy(name="dropout", make=_dropout),
    Healthy(name="smoothed labels", make=_smoothed_labels),
    Healthy(name="weighted classes", make=_weighted_classes),
    Healthy(name="found late", make=_found_late),
    Healthy(name="few validation rows", make=_few_validation_rows),
    Healthy(name="whole sequences", make=_sequences),
    Healthy(name="statistics lag", make=_first_layers_lag),
    Healthy(name="a row an epoch", make=lambda: by_epoch(falling(2.3, 0.1, 6), falling(2.1, 0.3, 6))),
    Healthy(
        name="a row an epoch, learnt in the first",
        make=lambda: by_epoch(falling(0.3, 0.02, 6), falling(0.31, 0.28, 6), scores={"accuracy": lambda _: 0.9}),
    ),
    Healthy(name="a row an epoch, with a gap", make=lambda: by_epoch(falling(2.3, 0.2, 9), falling(2.2, 0.7, 9))),
    Healthy(
        name="validation summed over its rows",
        make=lambda: recorded(
            falling(2.3, 0.05, 6), valid=lambda at: 360 * falling(2.3, 0.08, 6)(at), evaluations=20, noise=0.01
        ),
    ),
    Healthy(
        name="training summed over its batch",
        make=lambda: recorded(falling(147.0, 9.0, 6), valid=falling(2.3, 0.2, 6), evaluations=20, noise=0.5),
    ),
    Healthy(name="evaluations alone", make=lambda: _alone(falling(2.3, 0.3, 4))),
)
"""No check of curves may say more than a note on these."""


def _alone(valid: Shape) -> History:
    return History.of((100 * at, {VALID_LOSS: valid(at / 20)}) for at in range(1, 21))
