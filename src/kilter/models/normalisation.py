"""Normalisation by name: of vectors, and of maps of channels."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final, Literal

from torch import nn

Normalisation = Literal["layer", "rms", "none"]
MapNormalisation = Literal["group", "batch", "none"]

_OF_VECTORS: Final[Mapping[str, Callable[[int], nn.Module]]] = MappingProxyType(
    {"layer": nn.LayerNorm, "rms": nn.RMSNorm, "none": lambda _: nn.Identity()}
)


def make_norm(name: Normalisation, width: int) -> nn.Module:
    """A fresh norm of the last dimension, which is `width` wide.

    `layer` is Ba, Kiros and Hinton 2016, section 3, equation 4; `rms` leaves out the centring (Zhang and Sennrich
    2019, Root mean square layer normalization, equation 4); `none` changes nothing.

    Raises:
        ValueError: there is none of that name.
    """
    return _chosen(name, _OF_VECTORS)(width)


def make_map_norm(name: MapNormalisation, channels: int) -> nn.Module:
    """A fresh norm of maps (b, channels, height, width).

    `group` takes the channels in up to 8 groups and makes no example depend on the others of its batch (Wu and He
    2018, Group normalization, section 3.1); `batch` is Ioffe and Szegedy 2015, section 3.2; `none` changes nothing.

    Raises:
        ValueError: there is none of that name.
    """
    return _chosen(name, _OF_MAPS)(channels)


def _group(channels: int) -> nn.Module:
    return nn.GroupNorm(next(groups for groups in (8, 4, 2, 1) if channels % groups == 0), channels)


_OF_MAPS: Final[Mapping[str, Callable[[int], nn.Module]]] = MappingProxyType(
    {"group": _group, "batch": nn.BatchNorm2d, "none": lambda _: nn.Identity()}
)


def _chosen(name: str, kinds: Mapping[str, Callable[[int], nn.Module]]) -> Callable[[int], nn.Module]:
    if name not in kinds:
        message = f"normalisation = {name!r}: legal are {', '.join(kinds)}"
        raise ValueError(message)
    return kinds[name]
