"""Why a training loss stands still, as far as the rest of the log tells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from kilter.checks.curves.series import finite, lasting, noise
from kilter.values.curve_names import GRADIENT_NORM, LEARNING_RATE, TRAIN_LOSS, VALID_LOSS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kilter.values.history import History

TINY: Final = 1e-6
"""A learning rate at which hardly anything trains, and a gradient norm at which nothing does."""
PILED: Final = 3.0
"""Times its first norms, that a gradient grows by which nobody clears."""
ALIKE: Final = 0.3
"""Correlation of neighbouring losses; drawn at random, batches have none."""
NOISY: Final = 0.25
"""Of the loss, that single steps differ by: batches of a few rows."""
MOVING: Final = 0.02
"""Of the validation loss, that it differs by from one evaluation to the next where steps are too large."""
CREEPING: Final = 0.8
"""Correlation of the validation loss with time, of a fall that is only slow."""
LARGE: Final = 100.0
"""A loss of squares that size is of targets that are not standardised."""
OUT: Final = 5.0
"""Times the noise, that three losses of which the middle one counts do not stand out by."""
FAR: Final = 5.0
"""Times its end, that the very first loss was: one step took it from there to guessing."""


class Reason(NamedTuple):
    """Likely causes, most likely first, and what in the log says so."""

    causes: tuple[str, ...]
    said: str = ""


def unmoved(history: History) -> bool:
    """Whether the validation loss was the same to its last digit at three evaluations or more.

    A value of a few digits may be a rounded one, and does not tell.
    """
    values = finite(history, VALID_LOSS)[1]
    return len(values) >= 3 and bool(np.all(values == values[0])) and len(f"{values[0]:.12g}") > 5


def exploded(losses: NDArray[np.float64], times: float) -> float | None:
    """The highest loss that lasted in the first third of a run, where that is so many times its start; else None.

    It must stand out from where the loss lies later, too, by more than its noise: one low first loss is chance.
    """
    early, late = lasting(losses[: max(10, len(losses) // 3)]), losses[len(losses) // 2 :]
    highest = float(early.max()) if len(early) else 0.0
    out = highest - float(np.median(late)) > OUT * noise(losses)
    return highest if highest > times * abs(float(losses[0])) and out else None


def reason(history: History, highest: float | None) -> Reason:
    """Why the loss stands still.

    Args:
        history: the log.
        highest: what the loss had exploded to at first, if it had.
    """
    losses = finite(history, TRAIN_LOSS)[1]
    if abs(float(losses[0])) > FAR * abs(float(np.median(losses))) + 10 * noise(losses):
        return Reason(
            ("unnormalized_input", "lr_too_high", "bad_output_init"), f"; its very first value was {losses[0]:.4g}"
        )
    if highest is not None:
        return Reason(("lr_too_high", "dead_relu", "missing_warmup"), f", after having been {highest:.4g}")
    told = _by_rate(history) or _by_gradient(history)
    if told is None and unmoved(history):
        told = Reason(
            ("no_optimizer_step", "optimizer_wrong_params", "zero_grad_after_backward"),
            "; the validation loss is the same to its last digit at every evaluation",
        )
    return told or _by_movement(history, losses)


def _by_rate(history: History) -> Reason | None:
    rates = finite(history, LEARNING_RATE)[1]
    if not len(rates) or rates.max() > TINY:
        return None
    return Reason(
        ("lr_too_low", "warmup_longer_than_run", "lr_decayed_too_early"), f"; the learning rate is {rates.max():.2g}"
    )


def _by_gradient(history: History) -> Reason | None:
    norms = finite(history, GRADIENT_NORM)[1]
    if not len(norms):
        return None
    middle = float(np.median(norms))
    if middle < TINY:
        said = f"; the gradient's norm is {middle:.2g}"
        if unmoved(history):
            return Reason(("loss_detached", "zero_grad_after_backward", "softmax_single_unit"), said)
        return Reason(("vanishing_gradient", "dead_relu", "detached_graph"), said)
    if len(norms) >= 30 and norms[-10:].min() > PILED * norms[:3].max() and unmoved(history):
        said = (
            f"; the gradient's norm grew from {norms[0]:.2g} to {norms[-1]:.2g} and the validation loss never changed"
        )
        return Reason(("optimizer_wrong_params", "no_optimizer_step", "missing_zero_grad"), said)
    return None


def _by_movement(history: History, losses: NDArray[np.float64]) -> Reason:
    if _alike(losses):
        return Reason(("no_shuffle_sorted", "lr_too_high", "label_noise"), "; losses of neighbouring steps are alike")
    values = finite(history, VALID_LOSS)[1]
    if len(values) < 5:
        return Reason(("lr_too_low", "lr_too_high", "no_optimizer_step"))
    if values.std() > 0 and np.corrcoef(np.arange(len(values)), values)[0, 1] < -CREEPING:
        said = f"; the validation loss creeps down, by {values[0] - values[-1]:.2g} in all"
        if float(np.median(losses)) > LARGE:
            return Reason(("unnormalized_target", "lr_too_low", "grad_clip_too_small"), said)
        return Reason(("lr_too_low", "grad_clip_too_small", "adam_eps_wrong"), said)
    if noise(values) > MOVING * abs(float(np.median(values))):
        noisy = noise(losses) > NOISY * abs(float(np.median(losses)))
        causes = ("lr_too_high", "batch_too_small" if noisy else "model_ignores_input", "label_noise")
        return Reason(causes, "; the validation loss jumps about")
    return Reason(("model_ignores_input", "label_misaligned", "dead_relu"), "; the validation loss stands, too")


def still_creeping(values: NDArray[np.float64]) -> bool:
    """Whether a curve falls with time all the way, and no slower in the last third: what is found at once ends sooner.

    >>> still_creeping(np.linspace(3, 2, 9)), still_creeping(2 + np.exp(-np.arange(9.0)))
    (True, False)
    """
    if len(values) < 5 or values.std() == 0 or np.corrcoef(np.arange(len(values)), values)[0, 1] > -CREEPING:
        return False
    late = float(values[-1 - len(values) // 3] - values[-1])
    return late > 0.25 * float(values[0] - values[-1]) > 0  # a straight line has a third


def _alike(losses: NDArray[np.float64]) -> bool:
    """Whether the losses of neighbouring steps go together, as those of sorted rows do."""
    if len(losses) < 60:
        return False
    late = losses[len(losses) // 4 :]
    late = np.clip(late, *np.quantile(late, [0.02, 0.98]))
    late = late - late.mean()
    return float(np.mean(late[1:] * late[:-1])) > ALIKE * float(np.mean(late**2))
