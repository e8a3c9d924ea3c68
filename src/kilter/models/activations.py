"""Activations by name."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal

from torch import nn

Activation = Literal["relu", "gelu", "tanh"]

_KINDS: Final[Mapping[str, type[nn.Module]]] = MappingProxyType({"relu": nn.ReLU, "gelu": nn.GELU, "tanh": nn.Tanh})


def make_activation(name: Activation) -> nn.Module:
    """A fresh activation.

    Raises:
        ValueError: there is none of that name.
    """
    if name not in _KINDS:
        message = f"activation = {name!r}: legal are {', '.join(_KINDS)}"
        raise ValueError(message)
    return _KINDS[name]()
