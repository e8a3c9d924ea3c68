"""Durations as fields of a recipe."""

from __future__ import annotations

from typing import Annotated, Final, TypeAlias

from pydantic import AfterValidator, ConfigDict, PlainSerializer, PlainValidator

from kilter.values.duration import Duration

# Strict: `patience: true` is a slip, not the number 1, and "12" is no number.
FROZEN: Final = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, strict=True)


def _duration(given: object) -> Duration:
    if isinstance(given, Duration):
        return given
    if isinstance(given, str):
        return Duration.read(given)
    message = f"a duration has a unit, such as '{given}ep' (epochs) or '{given}st' (steps)"
    raise ValueError(message)


def _some(length: Duration) -> Duration:
    if length.amount > 0:
        return length
    message = "must be longer than nothing"
    raise ValueError(message)


def _whole(length: Duration) -> Duration:
    if length.unit != "%":
        return length
    message = (
        "must be in epochs ('10ep'), steps ('5000st') or by the clock ('20min'): the run is what shares are taken of"
    )
    raise ValueError(message)


def _countable(length: Duration) -> Duration:
    if not length.is_clock:
        return length
    message = (
        "must be in epochs ('1ep'), steps ('200st') or percent of the run ('5%'): a rate is a function of the step"
    )
    raise ValueError(message)


Length: TypeAlias = Annotated[Duration, PlainValidator(_duration), PlainSerializer(str, return_type=str)]
"""Any duration, nothing among them."""
Span: TypeAlias = Annotated[Length, AfterValidator(_some)]
"""Any duration but nothing, by the clock, too."""
Extent: TypeAlias = Annotated[Span, AfterValidator(_whole)]
"""Of a whole run: any duration but nothing, and no share."""
Steps: TypeAlias = Annotated[Length, AfterValidator(_countable)]
"""What can be told in steps, nothing among it."""
Period: TypeAlias = Annotated[Steps, AfterValidator(_some)]
"""What can be told in steps, but nothing."""
