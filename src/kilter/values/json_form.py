"""Values as JSON and back, so that a run folder can be read by hand."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum, IntEnum
from pathlib import Path
from typing import Any, TypeVar

Value = TypeVar("Value")


def to_json(value: object) -> Any:  # noqa: PLR0911 - one line for each kind of value
    """A value as plain JSON data: names in place of enums, lists in place of tuples and arrays.

    Numbers that JSON cannot say stand as the strings "nan", "inf" and "-inf".

    Raises:
        TypeError: nothing here says how this kind of value is written.
    """
    if isinstance(value, IntEnum):
        return value.name.lower()
    if isinstance(value, Enum):
        return value.value
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: to_json(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): to_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [to_json(item) for item in value]
    if isinstance(value, Path):
        return str(value)
    if hasattr(value, "tolist"):  # numpy arrays and scalars, without importing numpy
        return to_json(value.tolist())
    message = f"{type(value).__name__} {value!r} has no JSON form"
    raise TypeError(message)


def dumps(value: object, *, indent: int | None = None) -> str:
    """A value as strict JSON text."""
    return json.dumps(to_json(value), indent=indent, ensure_ascii=False, allow_nan=False)


def from_json(kind: type[Value], data: object) -> Value:
    """A value of this kind from what `to_json` made of it.

    Raises:
        ValueError: the data do not have that form.
    """
    from pydantic import TypeAdapter

    return TypeAdapter(kind).validate_python(_lift(data))


def _lift(data: object) -> object:
    """Names of severities and strengths as their numbers, wherever a finding stands."""
    from kilter.values.finding import Severity, Strength

    if isinstance(data, Mapping):
        lifted = {key: _lift(item) for key, item in data.items()}
        for key, names in (("severity", Severity), ("strength", Strength)):
            if isinstance(lifted.get(key), str) and "advice" in lifted:
                lifted[key] = names[str(lifted[key]).upper()].value
        return lifted
    if isinstance(data, list):
        return [_lift(item) for item in data]
    return data
