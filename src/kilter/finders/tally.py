"""Counting the bytes of tensors that live, without computing them."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, final

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

_ATEN: Final = torch.ops.aten


@final
class Tally(TorchDispatchMode):  # type: ignore[no-untyped-call]  # torch has no types there
    """Inside, bytes of whatever tensors are made count until they are given up; for fake tensors, which hold none.

    What hangs on the numbers, of which fake tensors have none, is answered so that a training goes on and takes no
    less memory than it would: a number read from a tensor is 1, and places picked by a mask are all places.

    Attributes:
        now: bytes of the tensors that live.
        most: the most they were.
    """

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # the same
        self.now = 0
        self.most = 0
        self._living: dict[int, weakref.ref[Any]] = {}

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        """Do what is asked for, and count what comes of it."""
        given = _answered(func, args, kwargs or {})
        for leaf in tree_leaves(given):
            if isinstance(leaf, torch.Tensor):
                self._count(leaf.untyped_storage())
        return given

    def _count(self, storage: Any) -> None:
        key = id(storage)
        known = self._living.get(key)
        if known is not None and known() is storage:
            return
        size = storage.nbytes()
        self._living[key] = weakref.ref(storage, self._forgetting(key, size))
        self.now += size
        self.most = max(self.most, self.now)

    def _forgetting(self, key: int, size: int) -> Callable[[Any], None]:
        def forget(gone: Any) -> None:
            self.now -= size
            if self._living.get(key) is gone:
                del self._living[key]

        return forget


def _answered(func: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    if func is _ATEN._local_scalar_dense.default:  # noqa: SLF001 - what `.item()` calls
        kind = args[0].dtype
        return True if kind is torch.bool else 1.0 if kind.is_floating_point else 1
    if func is _ATEN.nonzero.default:
        return args[0].new_zeros((args[0].numel(), args[0].ndim), dtype=torch.int64)
    if func is _ATEN.masked_select.default:
        return args[0].new_empty(args[0].numel())
    if func in (_ATEN.index.Tensor, _ATEN.index_put_.default, _ATEN.index_put.default):
        return func(args[0], _picked(args[1]), *args[2:], **kwargs)
    return func(*args, **kwargs)


def _picked(indices: Sequence[Any]) -> list[Any]:
    """Indices in which masks are replaced by places, as many as the mask has."""
    placed: list[Any] = []
    for index in indices:
        if isinstance(index, torch.Tensor) and index.dtype in (torch.bool, torch.uint8):
            placed += [index.new_zeros(index.numel(), dtype=torch.int64) for _ in range(index.ndim)]
        else:
            placed.append(index)
    return placed
