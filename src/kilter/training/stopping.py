"""Early stopping, as a pure function of what was recorded."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from kilter.training.events import Evaluated, Event, Hook
from kilter.training.events import Stop as StopNow
from kilter.values.curve_names import direction
from kilter.values.errors import Fault
from kilter.values.schedule import Plateau
from kilter.values.validation import nearest

if TYPE_CHECKING:
    from kilter.values.history import History
    from kilter.values.recipe import Recipe, Stop


def best_step(history: History, stop: Stop) -> int | None:
    """The step of the best evaluation so far, the earliest among equals; None before the first.

    A later value counts as better only if it is so by more than `minimum_difference`.
    """
    return _best(history, stop)[0]


def _best(history: History, stop: Stop) -> tuple[int | None, int]:
    """The step of the best evaluation, and how many evaluations came after it."""
    best, since = None, 0
    for step, better in improvements(history, stop):
        best, since = (step, 0) if better else (best, since + 1)
    return best, since


def improvements(history: History, by: Stop | Plateau) -> Iterator[tuple[int, bool]]:
    """The step of each evaluation, and whether it was better than all before by more than the minimum difference.

    Values that are not a number improve nothing.
    """
    if by.metric not in history:
        return
    curve, sign, best = history[by.metric], sign_of(by.metric, by.mode), math.inf
    for step, value in zip(curve.steps.tolist(), (sign * curve.values).tolist(), strict=True):
        better = value < best - (by.minimum_difference if math.isfinite(best) else 0.0)
        best = value if better else best
        yield step, better


def sign_of(metric: str, mode: str) -> float:
    """What a metric is multiplied with so that smaller is better; `auto` goes by its name, as `curve_names.direction`.

    >>> sign_of("valid.loss", "auto"), sign_of("valid.macro_f1", "auto"), sign_of("valid.macro_f1", "min")
    (1.0, -1.0, 1.0)
    """
    if mode == "auto":
        return -1.0 if direction(metric) > 0 else 1.0
    return 1.0 if mode == "min" else -1.0


def stop_faults(stop: Stop, *, evaluated: bool) -> Iterator[Fault]:
    """What of `stop` cannot take effect; `evaluated` tells whether there is a validation split."""
    if not stop.metric.startswith("valid."):
        yield Fault(
            met=f"stop.metric = {stop.metric!r}",
            legal="'valid.loss', or 'valid.' and a score of the task",
            remedy="name what evaluations measure: only weights that were evaluated are kept",
        )
    elif stop.threshold is not None and stop.divergence is not None and not _between(stop):
        yield Fault(
            met=f"stop.divergence = {stop.divergence:g} is no worse than stop.threshold = {stop.threshold:g}",
            legal=f"{stop.metric} is as good as the threshold or as bad as the divergence, not both",
            remedy="set the divergence on the other side",
        )
    for name in ("patience", "threshold", "divergence", "hopeless"):
        if not evaluated and getattr(stop, name) not in {None, False}:
            yield Fault(
                met=f"stop.{name} = {getattr(stop, name)} without a validation split",
                legal="evaluations decide on stopping",
                remedy="put rows aside in a split `valid`, or leave it out",
            )


def _between(stop: Stop) -> bool:
    sign = sign_of(stop.metric, stop.mode)
    return stop.threshold is None or stop.divergence is None or sign * stop.threshold < sign * stop.divergence


def metric_faults(recipe: Recipe, history: History) -> Iterator[Fault]:
    """What is wrong with the metrics by which a recipe decides: evaluations (there was one) do not measure them.

    Or nobody knows whether they are to rise or to fall.
    """
    measured = [name for name in history.names if name.startswith("valid.")]
    asked = [("stop", recipe.stop.metric, recipe.stop.mode)]
    if isinstance(recipe.schedule, Plateau):
        asked.append(("schedule", recipe.schedule.metric, recipe.schedule.mode))
    for section, metric, mode in asked:
        if metric not in measured:
            yield Fault(
                met=f"{section}.metric = {metric!r} is nothing that evaluations measure",
                legal=nearest(metric, measured),
                remedy="name one of these",
            )
        elif mode == "auto" and not direction(metric):
            yield Fault(
                met=f"{section}.mode = 'auto', and {metric!r} does not say whether larger is better",
                legal="'min' or 'max'",
                remedy=f"say which with {section}.mode",
            )


def early_stopping(stop: Stop) -> Hook:
    """Stop after `patience` evaluations without improvement, at the threshold, and, as failed, at the divergence.

    The model as it was made may be the best, and is no reason to stop.
    """

    def hook(event: Event, history: History) -> StopNow | None:
        if not isinstance(event, Evaluated) or event.step == 0 or stop.metric not in history:
            return None
        value, sign = history[stop.metric].values[-1], sign_of(stop.metric, stop.mode)
        if stop.threshold is not None and sign * value <= sign * stop.threshold:
            return StopNow(f"{stop.metric} reached {value:.4g} (threshold {stop.threshold:g})")
        if stop.divergence is not None and not sign * value < sign * stop.divergence:  # so is what is no number
            return StopNow(f"{stop.metric} is {value:.4g} (stop.divergence {stop.divergence:g})", failed=True)
        best, since = _best(history, stop)
        if stop.patience is not None and since >= stop.patience:
            return StopNow(f"{stop.metric} has not improved in {since} evaluations; the best was at step {best}")
        return None

    return hook
