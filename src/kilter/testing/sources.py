"""Splits held in memory, for tests of checks, finders and loops; the plainest things that are a `Source`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from typing import TYPE_CHECKING, final

import numpy as np
import torch

from kilter.values.batch import Batch, Example
from kilter.values.errors import RecipeError

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from kilter.values.recipe import BatchSize
    from kilter.values.source import Plan
    from kilter.values.task import Task


@final
class ArraySource:
    """Rows of tensors in batches of a fixed size; with `noise`, training batches are augmented.

    Args:
        inputs: name to tensor, first dimension the rows.
        targets: (n,) encoded targets.
        size: rows a batch.
        weights: (n,) what each row counts for; None counts each once.
        noise: standard deviation of what is added to float inputs of training batches, a function of
            (seed, epoch, row).
        prefix: of the rows' ids.
    """

    def __init__(
        self,
        inputs: Mapping[str, Tensor],
        targets: NDArray[np.generic],
        *,
        size: int = 16,
        weights: Sequence[float] | None = None,
        noise: float = 0.0,
        prefix: str = "row",
    ) -> None:
        self._inputs = dict(inputs)
        self._target = torch.as_tensor(targets)
        self._weight = torch.ones(len(targets)) if weights is None else torch.tensor(weights, dtype=torch.float32)
        self._size = size
        self._noise = noise
        self.targets = targets
        self.ids = tuple(f"{prefix}:{row}" for row in range(len(targets)))

    def __len__(self) -> int:
        return len(self.ids)

    def plan(self, *, seed: int, epoch: int) -> Plan:
        """Every row once, shuffled."""
        order = np.random.default_rng((seed, epoch)).permutation(len(self))
        return self._batches(order.tolist())

    def sweep(self) -> Plan:
        """Every row once, in order."""
        return self._batches(list(range(len(self))))

    def batched(self, batch: BatchSize) -> ArraySource:
        """The same rows in batches of so many rows.

        Raises:
            RecipeError: a budget of tokens.
        """
        if batch.size is None:
            raise RecipeError(f"batch.tokens = {batch.tokens}", legal="rows of one size have a batch.size")
        other = copy(self)
        other._size = batch.size  # noqa: SLF001 - a copy of its own kind
        return other

    def batch(self, rows: Sequence[int], *, seed: int, epoch: int) -> Batch:
        """These rows, augmented."""
        plain = self.plain(rows)
        if not self._noise:
            return plain
        noisy = {name: self._noisy(tensor, rows, seed, epoch) for name, tensor in plain.inputs.items()}
        return Batch(inputs=noisy, target=plain.target, weight=plain.weight, ids=plain.ids)

    def plain(self, rows: Sequence[int]) -> Batch:
        """These rows as they are."""
        index = torch.as_tensor(rows)
        return Batch(
            inputs={name: tensor[index] for name, tensor in self._inputs.items()},
            target=self._target[index],
            weight=self._weight[index],
            ids=tuple(self.ids[row] for row in rows),
        )

    def example(self, row: int) -> Example:
        """One row."""
        inputs = {name: tensor[row].tolist() for name, tensor in self._inputs.items()}
        return Example(inputs=inputs, target=self.targets[row].item(), id=self.ids[row])

    def _batches(self, order: list[int]) -> Plan:
        return [order[at : at + self._size] for at in range(0, len(order), self._size)]

    def _noisy(self, tensor: Tensor, rows: Sequence[int], seed: int, epoch: int) -> Tensor:
        if not tensor.is_floating_point():
            return tensor
        noise = [np.random.default_rng((seed, epoch, row)).normal(0, self._noise, tensor.shape[1:]) for row in rows]
        return tensor + torch.from_numpy(np.stack(noise)).to(tensor.dtype)


@final
class TextSource:
    """Rows of padded texts with targets that a task stacks; a batch is as wide as its longest row.

    Args:
        inputs: name to tensor (rows, places, ...), padded to the right; `mask` marks the places of all but `answers`,
            `answers_mask` those.
        targets: (n,) encoded, an object array where they are sequences.
        task: whose targets they are; it makes a tensor of those of a batch.
        size: rows a batch.
    """

    def __init__(
        self,
        inputs: Mapping[str, Tensor],
        targets: NDArray[np.generic],
        task: Task,
        *,
        size: int = 16,
    ) -> None:
        self._rows = ArraySource(inputs, np.arange(len(targets)), size=size)
        self._task = task
        self.targets = targets
        self.ids = self._rows.ids

    def __len__(self) -> int:
        return len(self.ids)

    def plan(self, *, seed: int, epoch: int) -> Plan:
        """Every row once, shuffled."""
        return self._rows.plan(seed=seed, epoch=epoch)

    def sweep(self) -> Plan:
        """Every row once, in order."""
        return self._rows.sweep()

    def batched(self, batch: BatchSize) -> TextSource:
        """The same rows in batches of so many rows."""
        other = copy(self)
        other._rows = self._rows.batched(batch)  # noqa: SLF001 - a copy of its own kind
        return other

    def batch(self, rows: Sequence[int], *, seed: int, epoch: int) -> Batch:
        """These rows; there is no augmentation."""
        return self.plain(rows)

    def plain(self, rows: Sequence[int]) -> Batch:
        """These rows as they are, without places at which none of them has a token."""
        given = self._rows.plain(rows)
        inputs = {}
        for name, tensor in given.inputs.items():
            mask = given.inputs.get("answers_mask" if name.startswith("answers") else "mask")
            placed = mask is not None and tensor.shape[:2] == mask.shape
            inputs[name] = tensor[:, : int(mask.sum(dim=1).max())] if placed and mask is not None else tensor
        target = self._task.stack([self.targets[row] for row in rows])
        return Batch(inputs=inputs, target=target, weight=given.weight, ids=given.ids)

    def example(self, row: int) -> Example:
        """One row."""
        return Example(inputs=self._rows.example(row).inputs, target=self.targets[row], id=self.ids[row])
