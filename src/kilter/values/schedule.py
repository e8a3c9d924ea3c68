"""Schedules of the learning rate, by their numbers; `engine/schedules.py` says what the rate is at a step.

In each the optimizer's learning rate is the highest rate of the run, so that it means the same wherever it is searched.
"""

from __future__ import annotations

from typing import Literal, TypeAlias, final

from pydantic import BaseModel, Field

from kilter.values.duration import Duration
from kilter.values.lengths import FROZEN, Period, Steps


@final
class Constant(BaseModel):
    """The same rate from the end of the warm-up on."""

    model_config = FROZEN

    name: Literal["constant"] = "constant"
    warmup: Steps = Duration(0, "st")


@final
class Linear(BaseModel):
    """Linear warm-up, then a straight line down to `floor` times the rate."""

    model_config = FROZEN

    name: Literal["linear"] = "linear"
    warmup: Steps = Duration(5, "%")
    floor: float = Field(default=0.0, ge=0, le=1)


@final
class Polynomial(BaseModel):
    """Linear warm-up, then (1 - share of the way)^power down to `floor` times the rate."""

    model_config = FROZEN

    name: Literal["polynomial"] = "polynomial"
    warmup: Steps = Duration(5, "%")
    power: float = Field(default=2.0, gt=0)
    floor: float = Field(default=0.0, ge=0, le=1)


@final
class InverseRoot(BaseModel):
    """C · min(1/√s, s/w^1.5) at step s of a warm-up of w (Vaswani et al. 2017, section 5.3).

    The optimizer's rate is the highest, that of step w; C is that rate times √w.
    """

    model_config = FROZEN

    name: Literal["inverse_root"] = "inverse_root"
    warmup: Period = Duration(10, "%")


@final
class Cosine(BaseModel):
    """Linear warm-up, then half a cosine down to `floor` times the rate (Loshchilov and Hutter 2017)."""

    model_config = FROZEN

    name: Literal["cosine"] = "cosine"
    warmup: Steps = Duration(5, "%")
    floor: float = Field(default=0.0, ge=0, le=1)


@final
class OneCycle(BaseModel):
    """Up from `start` times the rate for the length of `rise`, then down to `floor` times, both by half a cosine.

    Smith and Topin 2019; momentum is left as it is.
    """

    model_config = FROZEN

    name: Literal["one_cycle"] = "one_cycle"
    rise: Period = Duration(30, "%")
    start: float = Field(default=0.04, ge=0, le=1)
    floor: float = Field(default=4e-6, ge=0, le=1)


@final
class Cyclical(BaseModel):
    """Up from `floor` times the rate and down again in each period (Smith 2017).

    A triangle each time, whose height is `decay` times that of the one before: .5 halves it each period.
    """

    model_config = FROZEN

    name: Literal["cyclical"] = "cyclical"
    period: Period = Duration(4, "ep")
    floor: float = Field(default=0.1, ge=0, le=1)
    decay: float = Field(default=1.0, gt=0, le=1)  # height of a period over that of the one before; 0.5 halves it


@final
class WarmRestarts(BaseModel):
    """Linear warm-up, then cosines down to `floor` times the rate, each `growth` times as long as the one before.

    Loshchilov and Hutter 2017.
    """

    model_config = FROZEN

    name: Literal["warm_restarts"] = "warm_restarts"
    warmup: Steps = Duration(0, "st")
    first: Period = Duration(2, "ep")
    growth: float = Field(default=2.0, ge=1)
    floor: float = Field(default=0.0, ge=0, le=1)


@final
class Plateau(BaseModel):
    """Linear warm-up, then the same rate until a metric has not improved in `patience` evaluations, then less.

    A function of the recorded evaluations, so that a resumed run goes on exactly.
    """

    model_config = FROZEN

    name: Literal["plateau"] = "plateau"
    warmup: Steps = Duration(0, "st")
    metric: str = "valid.loss"
    mode: Literal["auto", "min", "max"] = "auto"
    patience: int = Field(default=3, ge=1)  # evaluations
    factor: float = Field(default=0.3, gt=0, lt=1)  # that a rate is multiplied with each time
    minimum_difference: float = Field(default=0.0, ge=0)
    floor: float = Field(default=1e-3, ge=0, le=1)  # share of the rate below which it is not lowered


@final
class WarmupConstantCooldown(BaseModel):
    """Linear warm-up, a constant rate, then a cooldown to `floor` times the rate.

    The cooldown is a straight line, or 1 - √(share of the way), the best of several in Hägele et al. 2024.
    """

    model_config = FROZEN

    name: Literal["wsd"] = "wsd"
    warmup: Steps = Duration(5, "%")
    cooldown: Period = Duration(20, "%")
    shape: Literal["linear", "one_minus_sqrt"] = "linear"
    floor: float = Field(default=0.0, ge=0, le=1)


AnySchedule: TypeAlias = (
    Constant
    | Linear
    | Polynomial
    | InverseRoot
    | Cosine
    | OneCycle
    | Cyclical
    | WarmRestarts
    | Plateau
    | WarmupConstantCooldown
)
