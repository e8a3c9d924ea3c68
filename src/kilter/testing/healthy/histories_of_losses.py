"""Recorded training losses that look like trouble and are none: games, restarts, likelihoods, easy and hard tasks."""

from __future__ import annotations

import math

import numpy as np

from kilter.testing.healthy.histories import falling, recorded, series
from kilter.testing.subjects import Healthy
from kilter.values.history import History


def epochs(values: list[float] | np.ndarray[tuple[int], np.dtype[np.float64]], length: int) -> History:
    """A training loss with the number of its epoch, counted from 0."""
    return History.of(
        (step + 1, {"train.loss": float(value), "train.epoch": float(step // length)})
        for step, value in enumerate(values)
    )


def _noise(count: int, size: float, seed: int = 0) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return size * np.random.default_rng(seed).normal(size=count)


def _restarts_of_the_rate() -> History:
    """A cosine with warm restarts, cut off just after one: the loss is thrown back each time."""

    def rows(step: int) -> tuple[int, dict[str, float]]:
        phase = step % 150 / 150
        rate = 0.05 * (1 + math.cos(math.pi * phase))
        loss = 2.0 * math.exp(-step / 250) + 12 * rate**1.2 * (1 - math.exp(-step / 100))
        return step + 1, {"train.loss": loss + 0.03 * noise[step], "train.learning_rate": rate}

    noise = _noise(630, 1.0)
    return History.of(rows(step) for step in range(630))


def _rewards() -> History:
    """A policy: its loss wanders and rises, and the reward shows that it learns."""
    noise = _noise(400, 1.0)
    return History.of(
        (step + 1, {"train.loss": 0.4 + 0.004 * step + 0.2 * noise[step], "train.mean_reward": step / 400})
        for step in range(400)
    )


def _policy() -> History:
    """A policy with a baseline, and nothing else in the log: its loss lies about 0."""
    return series(_noise(500, 1.0) * np.exp(-np.arange(500) / 200))


def _rivals() -> History:
    """A generator, logged alone: up at first, then about an equilibrium."""
    at = np.arange(800)
    level = 0.7 + 0.4 * (1 - np.exp(-at / 60)) + 0.12 * np.sin(at / 25)
    return series(level + _noise(800, 0.05))


def _queue() -> History:
    """A contrastive loss whose queue of others fills: more to choose from, a higher loss, and then it falls."""
    at = np.arange(600)
    return series(np.log(64 + 960 * (1 - np.exp(-at / 40))) - 1.2 * (1 - np.exp(-at / 300)) + _noise(600, 0.02))


def _maximised() -> History:
    """A log-likelihood that is maximised: below 0, and rising towards it."""
    return recorded(lambda at: -0.7 * math.exp(-6 * at) - 0.03, noise=0.005)


def _unshuffled() -> History:
    """Batches in the same order in each epoch, some harder than others, the rows in no order."""
    pattern = _noise(20, 0.15, seed=1)
    return epochs([falling(2.3, 0.4)(at / 200) + pattern[at % 20] + n for at, n in enumerate(_noise(200, 0.02))], 20)


def _sections() -> History:
    """A text read from beginning to end in each epoch: some sections are a little harder."""
    pattern = 0.05 * np.sin(np.arange(50) / 8)
    return epochs([falling(6.0, 3.5)(at / 400) + pattern[at % 50] + n for at, n in enumerate(_noise(400, 0.05))], 50)


def _separable() -> History:
    """A set that can be separated: the loss goes to nothing, over epochs."""
    return recorded(lambda at: 1.1 * math.exp(-9 * at), valid=lambda at: 1.1 * math.exp(-7 * at) + 0.05, noise=0.0)


def _margins() -> History:
    """A loss of margins, which is exactly 0 once all rows are beyond them."""
    return recorded(lambda at: max(0.0, 0.9 - 3 * at), valid=lambda at: max(0.05, 0.9 - 2.6 * at), noise=0.0)


def _scaled() -> History:
    """Half precision: a few first gradient norms are infinite while the loss scale finds its size."""
    losses = recorded(falling(), noise=0.03)["train.loss"].values
    norms = np.ones(len(losses))
    norms[:5] = np.inf
    rows = enumerate(zip(losses, norms, strict=True), start=1)
    return History.of(
        (step, {"train.loss": float(loss), "train.gradient_norm": float(norm)}) for step, (loss, norm) in rows
    )


def _little_to_learn() -> History:
    """A weak signal in much noise: the loss comes down by a twentieth, and flattens."""
    return recorded(falling(1.05, 1.0, 6), valid=falling(1.04, 1.0, 6), noise=0.05, steps=800)


def _thousand_epochs() -> History:
    """Memory of the training rows first, and a plateau before what was sought: a drop late, in all rows at once."""
    return recorded(
        lambda at: 3.1 * math.exp(-30 * at) + 0.02,
        valid=lambda at: 3.1 if at < 0.6 else 3.1 * math.exp(-25 * (at - 0.6)),
        noise=0.0,
        evaluations=200,
    )


def _by_epoch() -> History:
    """Means over epochs, a dozen of them, with a validation loss beside each."""
    return History.of(
        (epoch, {"train.loss": 0.35 + 0.6 * 0.7**epoch, "valid.loss": 0.45 + 0.5 * 0.72**epoch}) for epoch in range(12)
    )


HEALTHY_LOSSES: tuple[Healthy[History], ...] = (
    Healthy(name="restarts of the rate", make=_restarts_of_the_rate),
    Healthy(name="rewards", make=_rewards),
    Healthy(name="policy", make=_policy),
    Healthy(name="rivals", make=_rivals),
    Healthy(name="queue that fills", make=_queue),
    Healthy(name="likelihood maximised", make=_maximised),
    Healthy(name="unshuffled", make=_unshuffled),
    Healthy(name="sections of a text", make=_sections),
    Healthy(name="separable", make=_separable),
    Healthy(name="margins", make=_margins),
    Healthy(name="loss scale at work", make=_scaled),
    Healthy(name="little to learn", make=_little_to_learn),
    Healthy(name="understanding late", make=_thousand_epochs),
    Healthy(name="a dozen epochs", make=_by_epoch),
)
