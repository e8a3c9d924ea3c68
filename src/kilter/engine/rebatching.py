"""A person's loader with another batch size."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, Final, final

import torch
from torch.utils.data import BatchSampler, DataLoader, IterableDataset

from kilter.engine.trees import leaves, size, with_leaves
from kilter.engine.widths import numbers_in, spread
from kilter.values.errors import UsageError

WEIGHED: Final = 4096
"""Examples of a data set whose width is looked at, to find the widest."""

_ALIKE: Final = 64
"""Examples after which, if all are as wide, no more are looked at: reading them may take long."""


def rebatched(loader: Any, examples: int) -> Iterable[Any]:
    """The same examples in the same kind of order, so many a batch.

    A `DataLoader` is made again over its data set, sampler and collation, without worker processes. Batches of anything
    else are joined and cut anew, which takes tensors of one shape beyond the first dimension.

    Raises:
        UsageError: it cannot be seen how; what to declare is said.
    """
    if not isinstance(loader, DataLoader):
        return Regrouped(loader, examples)
    if isinstance(loader.dataset, IterableDataset):
        return _made_again(loader, batch_size=examples, drop_last=loader.drop_last)
    if loader.batch_size is not None:
        return _made_again(loader, batch_size=examples, sampler=loader.sampler, drop_last=loader.drop_last)
    sampler = loader.batch_sampler
    if type(sampler) is BatchSampler:
        return _made_again(loader, batch_sampler=BatchSampler(sampler.sampler, examples, sampler.drop_last))
    raise UsageError(
        f"the training loader takes its batches from a {type(sampler or loader.sampler).__name__}",
        legal="batches whose size can be seen from outside are those of a DataLoader with batch_size",
        remedy=DECLARE,
    )


DECLARE: Final = (
    "declare how your program takes a batch size: Pipeline.from_loop(make, batch_size=lambda n: make_with(n))"
)


def widest(loader: Any, examples: int) -> tuple[Any, ...]:
    """Training batches of so many examples that take most memory: of the widest examples that were looked at.

    Where examples cannot be had one by one, it is the widest of the first batches.

    Raises:
        UsageError: batches do not grow with the number of examples.
    """
    data: Any = getattr(loader, "dataset", None)
    if isinstance(loader, DataLoader) and not isinstance(data, IterableDataset) and hasattr(data, "__len__"):
        rows = spread(range(len(data)), WEIGHED)
        alike = len({numbers_in(data[row]) for row in spread(rows, _ALIKE)}) == 1
        by_width = rows if alike else sorted(rows, key=lambda row: -numbers_in(data[row]))
        chosen = [by_width[place % len(by_width)] for place in range(examples)]
        collate: Any = loader.collate_fn
        batch = collate([data[row] for row in chosen])
        if examples > 1 and numbers_in(batch) <= numbers_in(collate([data[chosen[0]]])):
            raise UsageError(
                f"the training loader's collation makes of {examples} examples no more than of one",
                legal="a batch grows with its examples",
                remedy=DECLARE,
            )
        return (batch,)
    several = list(islice(iter(rebatched(loader, examples)), 16))
    return (max(several, key=numbers_in),) if several else ()


@final
class Regrouped:
    """Batches of a foreign loader, joined along their first dimension and cut anew.

    Args:
        loader: gives batches that are trees of tensors.
        examples: a batch; the last one may have fewer.
    """

    def __init__(self, loader: Iterable[Any], examples: int) -> None:
        self._loader, self._examples = loader, examples

    def __iter__(self) -> Iterator[Any]:
        kept: list[Any] = []
        held = 0
        for batch in self._loader:
            kept.append(batch)
            held += _length(batch)
            while held >= self._examples:
                whole = _joined(kept)
                yield _cut(whole, 0, self._examples)
                held -= self._examples
                kept = [_cut(whole, self._examples, None)] if held else []
        if held:
            yield _joined(kept)

    def __len__(self) -> int:
        if iter(self._loader) is self._loader:
            message = "what can be gone through once has no length"
            raise TypeError(message)
        held = sum(_length(batch) for batch in self._loader)
        return (held + self._examples - 1) // self._examples


def _made_again(loader: DataLoader[Any], **batches: Any) -> DataLoader[Any]:
    return DataLoader(loader.dataset, collate_fn=loader.collate_fn, generator=loader.generator, **batches)


def _length(batch: Any) -> int:
    """Examples of a batch that can be cut.

    Raises:
        UsageError: it cannot.
    """
    examples = size(batch)
    if examples is None or any(not tensor.ndim or len(tensor) != examples for tensor in leaves(batch).values()):
        shapes = ", ".join(str(tuple(tensor.shape)) for tensor in leaves(batch).values()) or "no tensor"
        raise UsageError(
            f"the training loader gives batches of {shapes}",
            legal="batches that can be cut anew are tensors that agree in the first dimension, the examples",
            remedy=DECLARE,
        )
    return examples


def _joined(batches: Sequence[Any]) -> Any:
    """One batch of several; what is no tensor is the first one's."""
    if len(batches) == 1:
        return batches[0]
    parts = [leaves(batch) for batch in batches]
    shapes = [{path: tensor.shape[1:] for path, tensor in part.items()} for part in parts]
    if any(other != shapes[0] for other in shapes[1:]):
        raise UsageError(
            "the training loader's batches are of several shapes and cannot be joined",
            legal="batches that can be cut anew agree in all but the first dimension",
            remedy=DECLARE,
        )
    return with_leaves(batches[0], {path: torch.cat([part[path] for part in parts]) for path in parts[0]})


def _cut(batch: Any, start: int, stop: int | None) -> Any:
    return with_leaves(batch, {path: tensor[start:stop] for path, tensor in leaves(batch).items()})
