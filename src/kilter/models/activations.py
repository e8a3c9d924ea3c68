"""Activations by name, gated ones among them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final, Literal

from torch import Tensor, nn

Activation = Literal["relu", "gelu", "silu", "tanh", "selu", "reglu", "geglu", "swiglu"]


class Gated(nn.Module):
    """A gated linear unit: one half of the entries, times the other half through an activation.

    Shazeer 2020, GLU variants improve transformer, equations 5 and 6. Takes (..., 2 d) to (..., d).
    """

    def __init__(self, gate: nn.Module) -> None:
        super().__init__()
        self.gate = gate

    def forward(self, features: Tensor) -> Tensor:
        """Features (..., 2 d) as (..., d)."""
        content, gate = features.chunk(2, dim=-1)
        gated: Tensor = content * self.gate(gate)
        return gated


_KINDS: Final[Mapping[str, Callable[[], nn.Module]]] = MappingProxyType(
    {
        "relu": nn.ReLU,
        "gelu": nn.GELU,  # Hendrycks and Gimpel 2016, section 2
        "silu": nn.SiLU,  # Elfwing et al. 2018, equation 3; later called swish
        "tanh": nn.Tanh,
        "selu": nn.SELU,  # Klambauer et al. 2017, equation 2
        "reglu": lambda: Gated(nn.ReLU()),
        "geglu": lambda: Gated(nn.GELU()),
        "swiglu": lambda: Gated(nn.SiLU()),
    }
)


def make_activation(name: Activation) -> nn.Module:
    """A fresh activation; a gated one halves the last dimension.

    Raises:
        ValueError: there is none of that name.
    """
    if name not in _KINDS:
        message = f"activation = {name!r}: legal are {', '.join(_KINDS)}"
        raise ValueError(message)
    return _KINDS[name]()


def widening(name: Activation) -> int:
    """How many times as wide its input is as its output: 2 for gated activations, 1 for all others.

    >>> widening("geglu"), widening("gelu")
    (2, 1)
    """
    return 2 if name in {"reglu", "geglu", "swiglu"} else 1
