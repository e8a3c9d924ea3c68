"""Early stopping, as a pure function of what was recorded."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from kilter.training.events import Evaluated, Event, Hook, StepDone
from kilter.training.events import Stop as StopNow
from kilter.values.curve_names import direction
from kilter.values.errors import Fault, RecipeError
from kilter.values.validation import nearest

if TYPE_CHECKING:
    from kilter.values.finding import Finding
    from kilter.values.history import History
    from kilter.values.recipe import Stop


def best_step(history: History, stop: Stop) -> int | None:
    """The step of the best evaluation so far, the earliest among equals; None before the first.

    A later value counts as better only if it is so by more than `minimum_difference`.
    """
    return _best(history, stop)[0]


def _best(history: History, stop: Stop) -> tuple[int | None, int]:
    """The step of the best evaluation, and how many evaluations came after it."""
    if stop.metric not in history:
        return None, 0
    curve = history[stop.metric]
    sign = sign_of(stop.metric, stop.mode)
    best, best_value, since = None, math.inf, 0
    for step, value in zip(curve.steps.tolist(), (sign * curve.values).tolist(), strict=True):
        if value < best_value - (stop.minimum_difference if best is not None else 0.0):
            best, best_value, since = step, value, 0
        else:
            since += 1
    return best, since


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
    for name in ("patience", "threshold", "hopeless"):
        if not evaluated and getattr(stop, name) not in {None, False}:
            yield Fault(
                met=f"stop.{name} = {getattr(stop, name)} without a validation split",
                legal="evaluations decide on stopping",
                remedy="put rows aside in a split `valid`, or leave it out",
            )


def early_stopping(stop: Stop) -> Hook:
    """Stop after `patience` evaluations without improvement, or as soon as the threshold is reached.

    Raises (when first asked after an evaluation):
        RecipeError: the metric is not among what was recorded.
    """

    def hook(event: Event, history: History) -> StopNow | Finding | None:
        if not isinstance(event, Evaluated):
            return None
        if stop.metric not in history:
            measured = [name for name in history.names if name.startswith(f"{event.split}.")]
            raise RecipeError(f"stop.metric = {stop.metric!r} is not recorded", legal=nearest(stop.metric, measured))
        value = history.last(stop.metric)
        sign = sign_of(stop.metric, stop.mode)
        if stop.threshold is not None and value is not None and sign * value <= sign * stop.threshold:
            return StopNow(f"{stop.metric} reached {value:.4g} (threshold {stop.threshold:g})")
        best, since = _best(history, stop)
        if stop.patience is not None and since >= stop.patience:
            return StopNow(f"{stop.metric} has not improved in {since} evaluations; the best was at step {best}")
        return None

    return hook


def not_finite(event: Event, history: History) -> StopNow | Finding | None:
    """Stop when a loss or a gradient is not a number: the weights before that step were kept."""
    if isinstance(event, StepDone) and not (math.isfinite(event.loss) and math.isfinite(event.gradient_norm)):
        said = f"the loss is {event.loss:g} and its gradient's norm {event.gradient_norm:g} at step {event.step}"
        return StopNow(said, failed=True)
    return None
