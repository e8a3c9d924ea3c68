"""Tensors inside of what a person made of them: tuples, lists, mappings, named tuples, data classes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import torch

if TYPE_CHECKING:
    from torch import Tensor

Path: TypeAlias = "tuple[str | int, ...]"


def leaves(tree: Any) -> dict[Path, Tensor]:
    """The tensors of a tree by the way to them, in its own order.

    >>> list(leaves({"x": torch.zeros(2), "more": (torch.zeros(1), "text")}))
    [('x',), ('more', 0)]
    """
    if isinstance(tree, torch.Tensor):
        return {(): tree}
    return {(key, *path): tensor for key, part in _parts(tree) for path, tensor in leaves(part).items()}


def with_leaves(tree: Any, new: Mapping[Path, Tensor]) -> Any:
    """The same tree with other tensors at some places; what is not named stays the very same object.

    >>> with_leaves((torch.zeros(1), "text"), {(0,): torch.ones(1)})
    (tensor([1.]), 'text')
    """
    if not new:
        return tree
    if () in new:
        return new[()]
    below: dict[str | int, dict[Path, Tensor]] = {}
    for path, tensor in new.items():
        below.setdefault(path[0], {})[path[1:]] = tensor
    if isinstance(tree, tuple) and hasattr(tree, "_fields"):
        return type(tree)(*(with_leaves(part, below.get(at, {})) for at, part in enumerate(tree)))
    if isinstance(tree, list | tuple):
        kind: Any = type(tree)
        return kind([with_leaves(part, below.get(at, {})) for at, part in enumerate(tree)])
    if isinstance(tree, Mapping):
        return _with_parts(tree, {key: with_leaves(tree[key], more) for key, more in below.items()})
    twin = copy(tree)
    for key, more in below.items():
        object.__setattr__(twin, str(key), with_leaves(getattr(tree, str(key)), more))  # it may be frozen
    return twin


def size(tree: Any) -> int | None:
    """How many examples a batch holds: the first dimension that most of its tensors share; None without any."""
    firsts = Counter(tensor.shape[0] for tensor in leaves(tree).values() if tensor.ndim)
    return firsts.most_common(1)[0][0] if firsts else None


def take(tree: Any, rows: Sequence[int]) -> Any:
    """These examples of a batch as a batch of the same make; tensors without the first dimension stay as they are."""
    count = size(tree)
    index = torch.as_tensor(list(rows), dtype=torch.long)
    return with_leaves(
        tree,
        {p: t[index.to(t.device)] for p, t in leaves(tree).items() if t.ndim and t.shape[0] == count},
    )


def detached(tree: Any) -> Any:
    """The same tree with copies of its tensors, cut from their graphs."""
    return with_leaves(tree, {path: tensor.detach().clone() for path, tensor in leaves(tree).items()})


def apart(tree: Any) -> Any:
    """The same tree in containers of its own, so that what is popped or written inside changes nothing outside.

    Tensors are copies, but those through which a gradient is asked for.
    """
    return with_leaves(tree, {p: t if t.requires_grad else t.clone() for p, t in leaves(tree).items()})


def _with_parts(mapping: Mapping[Any, Any], new: Mapping[Any, Any]) -> Any:
    """A mapping of the same kind, a person's own kinds included, in the same order."""
    try:
        twin: Any = copy(mapping)
        for key, part in new.items():
            twin[key] = part
    except TypeError:  # it cannot be written into
        kind: Any = type(mapping)
        return kind({**mapping, **new})
    return twin


def _parts(tree: Any) -> list[tuple[str | int, Any]]:
    if isinstance(tree, list | tuple):
        return list(enumerate(tree))
    if isinstance(tree, Mapping):
        return list(tree.items())
    if is_dataclass(tree) and not isinstance(tree, type):
        return [(field.name, getattr(tree, field.name, None)) for field in fields(tree)]
    return []
