"""The state of anything as plain values, so that it can be compared before and after."""

from __future__ import annotations

import hashlib
import random
import sys
from collections.abc import Mapping
from enum import Enum
from typing import Any

import numpy as np

from kilter.values.history import History


def state_of(value: object) -> object:
    """What a subject is made of, down to the bytes of its arrays; functions and classes stand for themselves.

    >>> state_of({"a": np.zeros(2)}) == state_of({"a": np.zeros(2)})
    True
    """
    return _state(value, ())


def random_states() -> object:
    """Python's and NumPy's global random states, and torch's if it is in use."""
    states: list[object] = [random.getstate(), state_of(np.random.get_state(legacy=True))]  # noqa: NPY002 - checks may not touch it
    if "torch" in sys.modules:
        torch = sys.modules["torch"]
        states += [state_of(torch.get_rng_state()), torch.is_grad_enabled(), str(torch.get_default_dtype())]
    return tuple(states)


def _state(value: Any, above: tuple[int, ...]) -> object:
    if value is None or isinstance(value, str | bytes | bool | int | Enum):
        return value
    if isinstance(value, float):
        return repr(value)  # so that what is no number equals itself
    if callable(value):
        return id(value)
    if id(value) in above:
        return "itself"
    return _parts(value, (*above, id(value)))


def _parts(value: Any, above: tuple[int, ...]) -> object:
    """The state of a thing that is made of others."""
    if hasattr(value, "detach"):  # a tensor
        value = value.detach().cpu().numpy()
    if isinstance(value, np.ndarray | np.generic):
        return _array(np.asarray(value), above)
    if isinstance(value, History):
        return tuple((name, _array(value[name].steps, above), _array(value[name].values, above)) for name in value)
    if hasattr(value, "model_dump"):  # a pydantic model
        value = value.model_dump(mode="json")
    if isinstance(value, Mapping):
        return tuple((_state(key, above), _state(item, above)) for key, item in value.items())
    if isinstance(value, list | tuple | set | frozenset):
        return tuple(_state(item, above) for item in value)
    return (type(value).__name__, *((name, _state(item, above)) for name, item in _attributes(value)))


def _array(array: np.ndarray[Any, Any], above: tuple[int, ...]) -> object:
    if array.dtype == object:
        return ("array", array.shape, _state(array.tolist(), above))
    return ("array", array.shape, str(array.dtype), hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest())


def _attributes(value: object) -> list[tuple[str, object]]:
    names = [*getattr(value, "__dict__", {}), *(name for kind in type(value).__mro__ for name in _slots(kind))]
    return [(name, getattr(value, name)) for name in names if hasattr(value, name)]


def _slots(kind: type) -> tuple[str, ...]:
    slots = kind.__dict__.get("__slots__", ())
    return (slots,) if isinstance(slots, str) else tuple(slots)
