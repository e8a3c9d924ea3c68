"""Nested state as named tensors and JSON, and back again without a loss: no pickle."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from kilter.values.errors import TrainingError

if TYPE_CHECKING:
    from torch import Tensor


def pack(tree: object, name: str = "") -> tuple[Any, dict[str, Tensor]]:
    """A tree of mappings, lists, tuples, tensors, arrays and numbers as JSON, and its tensors by their place in it.

    Places begin with `name`. Tensors are not copied: they are those of the tree, and change with it. Those that share
    the whole of their memory (tied weights) are there once.

    Raises:
        TrainingError: the tree holds something else.

    >>> pack({"lr": 0.1, "betas": (0.9, 0.99)})[0]
    {'map': [['lr', 0.1], ['betas', {'tuple': [0.9, 0.99]}]]}
    """
    tensors: dict[str, Tensor] = {}
    met: dict[tuple[object, ...], str] = {}
    return _pack(tree, name, tensors, met), tensors


def _pack(tree: object, name: str, tensors: dict[str, Tensor], met: dict[tuple[object, ...], str]) -> Any:
    inside = f"{name}." if name else ""
    match tree:
        case None | bool() | int() | float() | str():
            return tree
        case torch.Tensor():
            return {"tensor": _store(tree, name, tensors, met)}
        case np.ndarray():
            return {"array": _store(torch.from_numpy(tree), name, tensors, met)}
        case Mapping():
            return {"map": [[key, _pack(value, f"{inside}{key}", tensors, met)] for key, value in tree.items()]}
        case list() | tuple():
            parts = [_pack(value, f"{inside}{index}", tensors, met) for index, value in enumerate(tree)]
            return {"list" if isinstance(tree, list) else "tuple": parts}
        case np.generic():
            return tree.item()
        case _:
            raise TrainingError(
                f"the state to be saved has a {type(tree).__name__} at {name}",
                legal="numbers, strings, tensors, arrays, lists and mappings of these",
                remedy="have the model or the optimizer keep its state in these",
            )


def _store(tensor: Tensor, name: str, tensors: dict[str, Tensor], met: dict[tuple[object, ...], str]) -> str:
    key = (tensor.device, tensor.data_ptr(), tensor.dtype, tuple(tensor.shape), tensor.stride())
    if tensor.numel() and key in met:
        return met[key]
    met[key] = name
    tensors[name] = tensor.detach()
    return name


def unpack(packed: Any, tensors: Mapping[str, Tensor]) -> Any:
    """What was packed."""
    if not isinstance(packed, dict):
        return packed
    ((kind, value),) = packed.items()
    match kind:
        case "tensor":
            return tensors[value]
        case "array":
            return tensors[value].numpy()
        case "map":
            return {key: unpack(part, tensors) for key, part in value}
        case "list":
            return [unpack(part, tensors) for part in value]
        case _:
            return tuple(unpack(part, tensors) for part in value)
