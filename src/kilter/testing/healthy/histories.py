"""Recorded curves of trainings that went well, many of them odd: no check of curves may say more than a note."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from kilter.testing.subjects import Healthy
from kilter.values.history import History

if TYPE_CHECKING:
    from numpy.typing import NDArray

Shape = Callable[[float], float]


def recorded(
    train: Shape,
    *,
    valid: Shape | None = None,
    steps: int = 400,
    evaluations: int = 10,
    noise: float = 0.05,
    scores: Mapping[str, Shape] | None = None,
    norm: Shape = lambda _: 1.0,
    seed: int = 0,
) -> History:
    """A history drawn from curves over the run (0 to 1), with noise on each step's loss.

    Args:
        train: the training loss.
        valid: the validation loss; a fifth of the noise stands on it.
        steps: optimizer steps.
        evaluations: how often the validation split is looked at.
        noise: standard deviation of a step's loss.
        scores: further curves of the validation split, by name.
        norm: the norm of the gradient, with noise in proportion.
        seed: of the noise.
    """
    draw = np.random.default_rng(seed)
    due = {round((at + 1) * steps / evaluations) for at in range(evaluations)} if evaluations else set()

    def rows() -> Iterator[tuple[int, dict[str, float]]]:
        for step in range(1, steps + 1):
            at = step / steps
            row = {
                "train.loss": train(at) + noise * float(draw.normal()),
                "train.gradient_norm": norm(at) * math.exp(0.2 * float(draw.normal())),
                "train.learning_rate": 1e-3,
                "train.epoch": float(step * max(1, evaluations) // steps),
            }
            yield step, row
            if step in due and valid is not None:
                evaluated = {"valid.loss": valid(at) + 0.2 * noise * float(draw.normal())}
                evaluated |= {f"valid.{name}": curve(at) for name, curve in (scores or {}).items()}
                yield step, evaluated

    return History.of(rows())


def falling(start: float = 2.3, end: float = 0.3, speed: float = 4.0) -> Shape:
    """An exponential way from one level down to another."""
    return lambda at: end + (start - end) * math.exp(-speed * at)


def series(values: NDArray[Any] | list[float], name: str = "train.loss") -> History:
    """One curve, value by value."""
    return History.of((step + 1, {name: float(value)}) for step, value in enumerate(values))


def _plateau_then_drop() -> History:
    return recorded(
        lambda at: 2.3 if at < 0.4 else 2.3 - 1.9 * (1 - math.exp(-8 * (at - 0.4))), valid=falling(2.3, 0.6)
    )


def _restarts() -> History:
    def train(at: float) -> float:
        return falling()(at) + 0.15 * (1 - (at * 4) % 1)

    return recorded(train, valid=falling(2.2, 0.45))


def _spikes() -> History:
    calm = recorded(falling(), noise=0.03)["train.loss"].values.copy()
    calm[[90, 200, 201, 310]] += np.array([6.0, 4.0, 9.0, 5.0])
    return series(calm)


def _mild_overfitting() -> History:
    return recorded(
        falling(0.69, 0.05),
        valid=lambda at: falling(0.66, 0.40, 9)(at) + 0.05 * max(0.0, at - 0.4),
        evaluations=20,
        noise=0.02,
        scores={"accuracy": lambda at: 0.86 - 0.3 * math.exp(-8 * at)},
    )


def _overfitting_but_kept() -> History:
    """The validation loss gives a third of its gain back; the weights of its lowest point were kept."""
    return recorded(
        falling(0.69, 0.05),
        valid=lambda at: falling(0.69, 0.35, 12)(at) + 0.18 * max(0.0, at - 0.3),
        evaluations=20,
        noise=0.02,
    )


def _negative() -> History:
    """A log-likelihood of densities: rightly below 0, and still falling."""
    return recorded(falling(3.0, -6.0, 3), valid=falling(3.1, -5.5, 3), noise=0.3)


def _from_pretrained() -> History:
    """A fine-tuning that begins nearly finished."""
    return recorded(falling(0.25, 0.12, 2), valid=falling(0.22, 0.18, 3), noise=0.03, steps=600)


def _warm_up() -> History:
    """A loss that rises a little while the rate warms up."""
    return recorded(
        lambda at: falling(2.4, 0.4)(at) + 0.3 * math.exp(-(((at - 0.03) / 0.02) ** 2)), valid=falling(2.1, 0.5)
    )


def _steps_by_epoch() -> History:
    """A training loss that falls in steps, as small sets learnt by heart have it."""
    return recorded(lambda at: 2.0 * 0.8 ** int(10 * at), valid=falling(1.9, 1.2, 6), noise=0.03)


def _one_evaluation() -> History:
    return recorded(falling(), valid=falling(), evaluations=1, steps=60)


def _noisy_small_batches() -> History:
    return recorded(falling(1.2, 0.8, 2), valid=falling(1.1, 0.85, 3), noise=0.5, steps=1500)


def _early() -> History:
    """The first look at a run that has just begun."""
    return recorded(falling(2.3, 2.1, 1), valid=falling(2.3, 2.1, 1), evaluations=1, steps=15)


HEALTHY_HISTORIES: tuple[Healthy[History], ...] = (
    Healthy(name="falling", make=lambda: recorded(falling(), valid=falling(2.2, 0.45))),
    Healthy(name="long", make=lambda: recorded(falling(), valid=falling(2.2, 0.45), steps=20_000, evaluations=100)),
    Healthy(name="plateau, then a drop", make=_plateau_then_drop),
    Healthy(name="restarts", make=_restarts),
    Healthy(name="spikes", make=_spikes),
    Healthy(name="mild overfitting", make=_mild_overfitting),
    Healthy(name="overfitting, but kept", make=_overfitting_but_kept),
    Healthy(name="negative", make=_negative),
    Healthy(name="from pretrained", make=_from_pretrained),
    Healthy(name="warm-up", make=_warm_up),
    Healthy(name="steps by epoch", make=_steps_by_epoch),
    Healthy(name="one evaluation", make=_one_evaluation),
    Healthy(name="small batches", make=_noisy_small_batches),
    Healthy(name="just begun", make=_early),
    Healthy(name="slow and steady", make=lambda: recorded(lambda at: 2.3 - 0.4 * at, valid=lambda at: 2.3 - 0.35 * at)),
    Healthy(
        name="quick and flat", make=lambda: recorded(falling(2.3, 0.1, 60), valid=falling(2.2, 0.15, 60), noise=0.02)
    ),
    Healthy(name="nothing recorded", make=History),
)
