"""Where the examples of a batch stand in what a model is given and in what it gives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, final

import torch
from torch.utils.data import DataLoader, default_collate

from kilter.checks.persons_code import PersonsCodeFailed
from kilter.checks.program.model.scene import Scene
from kilter.engine.trees import Path, leaves, size

if TYPE_CHECKING:
    from torch import Tensor

MOST: Final = 16
"""Rows that are looked at: a dependence between rows shows among few."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Examples in arguments and outputs.

    Attributes:
        count: how many there are.
        dim: the dimension of arguments in which they stand.
        given: the arguments for so many of them.
        outputs: what the model gives for these.
        places: the dimension of each output that grows with them, and by how many places an example.
    """

    count: int
    dim: int
    given: Mapping[Path, Tensor]
    outputs: Mapping[Path, Tensor]
    places: Mapping[Path, tuple[int, int]]

    def of_example(self, path: Path, tensor: Tensor) -> tuple[Tensor, ...]:
        """An output with examples first, (count, ...): in each order in which several places of one may stand."""
        dim, each = self.places[path]
        first = tensor.movedim(dim, 0)
        if each == 1:
            return (first,)
        return (
            first.reshape(-1, each, *first.shape[1:]),
            first.reshape(each, -1, *first.shape[1:]).transpose(0, 1),
        )


def find_examples(scene: Scene, dim: int = 0, *, most: int = MOST) -> Layout | str:
    """The examples of a call, found by leaving one out; the reason where that does not tell."""
    arguments = scene.arguments
    count = batch_size(scene, dim)
    if count is None or count < 2:
        return "the batch has one example only"
    if between_rows(arguments, count):
        return "an argument relates rows to one another, as the edges of a graph do"
    for kept in dict.fromkeys((min(count, most), count)):
        given = chosen(arguments, range(kept), count, dim)
        try:
            outputs = scene.with_arguments(given)
            fewer = scene.with_arguments(chosen(arguments, range(kept - 1), count, dim))
        except PersonsCodeFailed:
            continue
        places = {
            path: place
            for path, tensor in outputs.items()
            if tensor.is_floating_point() and path in fewer
            for place in [_place(tensor, fewer[path], kept)]
            if place is not None
        }
        if places:
            return Layout(count=kept, dim=dim, given={**arguments, **given}, outputs=outputs, places=places)
        return "no output has a place for each example"
    return "the model does not take fewer rows"


def batch_size(scene: Scene, dim: int = 0) -> int | None:
    """How many examples the arguments hold in a dimension: what most of them share there."""
    arguments = [tensor for tensor in scene.arguments.values() if tensor.ndim > dim]
    if dim == 0:
        counts = {tensor.shape[0] for tensor in arguments}
        whole = size(scene.batch)
        return whole if whole in counts else size(list(scene.arguments.values()))
    widths = [tensor.shape[dim] for tensor in arguments]
    return max(set(widths), key=widths.count) if widths else None


def chosen(arguments: Mapping[Path, Tensor], rows: Sequence[int], count: int, dim: int = 0) -> dict[Path, Tensor]:
    """Arguments with these rows: where a tensor has so many in the dimension, or else in the only one that has."""
    index = torch.as_tensor(list(rows))
    new: dict[Path, Tensor] = {}
    for path, tensor in arguments.items():
        at = [d for d in range(tensor.ndim) if tensor.shape[d] == count]
        if dim in at or len(at) == 1:
            new[path] = tensor.index_select(dim if dim in at else at[0], index.to(tensor.device))
    return new


def surely_first(scene: Scene) -> bool:
    """Whether a loader says that its batches have their examples first, and the model is given them as they are."""
    loader: Any = scene.made.train
    if not isinstance(loader, DataLoader) or loader.batch_size is None:
        return False
    arguments = list(scene.arguments.values())
    if loader.collate_fn is default_collate:
        given = list(leaves(scene.batch).values())
        return all(any(part.shape == one.shape and torch.equal(part, one) for one in given) for part in arguments)
    wide = [tensor for tensor in arguments if tensor.ndim > 1]
    return size(scene.batch) == loader.batch_size and all(t.shape[1] != loader.batch_size for t in wide)


def between_rows(arguments: Mapping[Path, Tensor], count: int) -> bool:
    """Whether some argument is about pairs of rows (a square, a list of their numbers) or says where rows begin."""
    longest = max((tensor.shape[0] for tensor in arguments.values() if tensor.ndim), default=0)
    for tensor in arguments.values():
        if tensor.layout != torch.strided or _begins_rows(tensor, count, longest):
            return True
        if tensor.ndim == 2 and tensor.shape[0] == tensor.shape[1] == count and len(arguments) > 1:
            if torch.equal(tensor != 0, (tensor != 0).T):
                return True
        elif tensor.ndim == 2 and 2 in tensor.shape and tensor.dtype in (torch.int32, torch.int64):
            first, last = int(tensor.min()), int(tensor.max())
            if tensor.shape[0] != count and first >= 0 and count // 2 <= last < count:
                return True
    return False


def _begins_rows(tensor: Tensor, count: int, longest: int) -> bool:
    """Whether it holds the places where rows begin in a longer argument, as bags of embeddings have them."""
    if tensor.ndim != 1 or len(tensor) != count or tensor.dtype not in (torch.int32, torch.int64) or longest <= count:
        return False
    return int(tensor[0]) == 0 and bool((tensor.diff() >= 0).all()) and count // 2 <= int(tensor[-1]) <= longest


def _place(tensor: Tensor, fewer: Tensor, count: int) -> tuple[int, int] | None:
    """The dimension that lost an example, and how many places that was; None if it is none or more than one."""
    if tensor.ndim != fewer.ndim:
        return None
    found = [
        (d, tensor.shape[d] // count)
        for d in range(tensor.ndim)
        if tensor.shape[d] % count == 0 and tensor.shape[d] and fewer.shape[d] == tensor.shape[d] // count * (count - 1)
    ]
    return found[0] if len(found) == 1 else None
