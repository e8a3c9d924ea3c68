"""Encoded rows as a source of batches."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import replace
from operator import itemgetter
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, final

import numpy as np
import torch
from torch import Tensor

from kilter.data.augmentation import augmentation_faults, augmented
from kilter.data.batching import bucketed, of_rows, refuse_rest, shuffled, swept, swept_by_length
from kilter.data.mixing import mixed, tasks_of
from kilter.data.mixup import mixed_up
from kilter.data.preprocessing import Encoded
from kilter.data.sampling import balanced, weighted
from kilter.data.windows import Windows
from kilter.values.batch import Batch, Example
from kilter.values.errors import DataError, Fault, RecipeError
from kilter.values.recipe import Augment, BatchSize
from kilter.values.source import Plan
from kilter.values.table import Kind, Schema, Table

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kilter.data.text_variations import Synonyms

Stack = Callable[[Sequence[object]], Tensor]
"""Encoded targets of a batch as one tensor; a task's `stack`."""


_AGAIN: Final = 1000
"""Times that the rows of a small task may come round in one epoch before their order repeats."""
_MASKS: Final = MappingProxyType({"tokens": "mask", "answers": "answers_mask"})
"""The mask of each padded input; the others are padded where tokens are."""


@final
class EncodedSource:
    """The rows of one split as tensors, of which a batch is a selection (see `values.source.Source`).

    All rows are collated once, so that a batch costs little more than plain indexing.
    """

    __slots__ = (
        "_augment",
        "_batch",
        "_classes",
        "_dense",
        "_lengths",
        "_letters",
        "_ragged",
        "_schema",
        "_stack",
        "_synonyms",
        "_table",
        "_target_rows",
        "_targets",
        "_tasks",
        "_weights",
        "_words",
    )

    def __init__(
        self,
        *,
        encoded: Encoded,
        table: Table,
        schema: Schema,
        targets: NDArray[np.generic] | None,
        stack: Stack,
        batch: BatchSize,
        augment: Augment | None = None,
        synonyms: Synonyms | None = None,
    ) -> None:
        """Collate the rows.

        Args:
            encoded: the inputs, as `Preprocessing.encode` made them of the table.
            table: the same rows as they were read, for their ids, weights and examples.
            schema: what the table's columns are.
            targets: (n,) as the task encodes them; None at prediction, where there are none.
            stack: makes a tensor of targets.
            batch: how many rows or tokens a batch holds.
            augment: how training rows are varied; None for all other splits.
            synonyms: what `augment.synonyms` finds for the tokens.

        Raises:
            RecipeError: settings that decide nothing for these inputs and targets, or do not go with them.
        """
        if encoded.rows != len(table) or (targets is not None and len(targets) != len(table)):
            given = "no targets" if targets is None else f"{len(targets)} targets"
            message = f"{encoded.rows} encoded rows, a table of {len(table)} rows and {given} must be equally many"
            raise ValueError(message)
        self._augment = None if augment == Augment() else augment
        whole = targets is not None and targets.dtype != object
        faults = _batch_faults(batch, schema, texts=encoded.tokens is not None)
        if self._augment is not None:
            each_token = targets is not None and not whole and encoded.answers is None
            faults += augmentation_faults(self._augment, encoded, each_token=each_token)
        if faults:
            raise RecipeError("the recipe does not fit the data", faults=faults)
        self._synonyms = synonyms
        self._batch = batch
        self._table = table
        self._schema = schema
        self._targets = targets
        self._stack = stack
        # Targets of one size are stacked once; sequences, an object array, are padded batch by batch
        self._target_rows = stack(list(targets)) if targets is not None and whole else None
        self._weights = _weights(table, schema)
        self._tasks = tasks_of(_present(targets)) if targets is not None and batch.sampling == "tasks" else None
        self._classes = (
            targets.astype(np.int64) if targets is not None and whole and batch.sampling == "balanced" else None
        )
        ragged = {"tokens": encoded.tokens, "segments": encoded.segments, "answers": encoded.answers}
        self._ragged = tuple((name, Windows.of(rows)) for name, rows in ragged.items() if rows is not None)
        self._words = None if encoded.spelled is None else Windows.of(encoded.spelled.words)
        self._letters = None if encoded.spelled is None else torch.from_numpy(encoded.spelled.letters)
        self._lengths = _lengths(encoded)
        dense = {"numbers": encoded.numbers, "categories": encoded.categories, "image": encoded.image}
        self._dense = tuple((name, torch.from_numpy(array)) for name, array in dense.items() if array is not None)

    def __len__(self) -> int:
        return len(self._table)

    def __repr__(self) -> str:
        names = [name for name, _ in (*self._ragged, *self._dense)]
        return f"EncodedSource({len(self)} rows: {', '.join(names)})"

    @property
    def ids(self) -> tuple[str, ...]:
        """The name of each row."""
        return self._table.ids

    @property
    def targets(self) -> NDArray[np.generic]:
        """The encoded target of each row; not-a-number where there are none."""
        return np.full(len(self), np.nan) if self._targets is None else self._targets

    def plan(self, *, seed: int, epoch: int) -> Plan:
        """The training order of one epoch, rows of like length together, batches shuffled.

        Every row stands in it once, unless the recipe samples them (`sampling`), which makes no epoch longer. Where
        tasks are sampled, each batch is of one of them (`mixing.mixed`).

        Raises:
            RecipeError: the budget is less than the longest row, or rows do not fill one complete batch.
            DataError: rows are to be drawn by their weights, and none weighs anything.
        """
        if self._tasks is not None:
            return mixed(
                self._tasks,
                lambda rows, again: self._plan_of(rows, seed=seed, epoch=epoch * _AGAIN + again),
                exponent=self._batch.sampling_exponent,
                seed=seed,
                epoch=epoch,
            )
        drawn = self._drawn(seed=seed, epoch=epoch)
        plan = self._plan_of(drawn, seed=seed, epoch=epoch)
        return plan if drawn is None else of_rows(plan, drawn)

    def _drawn(self, *, seed: int, epoch: int) -> NDArray[np.int64] | None:
        """The rows of an epoch; None for every row once."""
        if self._classes is not None:
            return balanced(self._classes, seed=seed, epoch=epoch)
        if self._batch.sampling != "weighted":
            return None
        weights = self._weights.numpy()
        if not weights.any():
            met = f"all {len(self)} rows weigh 0, and batch.sampling: weighted draws them by their weights"
            raise DataError(met, legal="one row at least weighs more", remedy="look at the column of data.weight")
        return weighted(weights, seed=seed, epoch=epoch)

    def _plan_of(self, rows: NDArray[np.int64] | None, *, seed: int, epoch: int) -> Plan:
        """An order of some rows, or of all; as places among them."""
        batch, count = self._batch, len(self) if rows is None else len(rows)
        refuse_rest(batch, count)
        if self._lengths is None:
            return shuffled(count, size=batch.size or 1, seed=seed, epoch=epoch, complete=batch.complete)
        lengths = self._lengths if rows is None else self._lengths[rows]
        longest = int(lengths.max(initial=0))
        if batch.tokens is not None and batch.tokens < longest:
            met = f"batch.tokens = {batch.tokens} is less than the longest row, {longest} tokens"
            remedy = f"set it to {longest} or more, or cut texts by `preprocessing.longest`"
            raise RecipeError(met, legal="a batch holds one row at least", remedy=remedy)
        return bucketed(
            lengths,
            size=batch.size,
            tokens=batch.tokens,
            pool=batch.pool,
            seed=seed,
            epoch=epoch,
            complete=batch.complete,
        )

    def sweep(self) -> Plan:
        """An order for evaluation: every row once, the longest first."""
        if self._lengths is None:
            return swept(len(self), size=self._batch.size or 1)
        return swept_by_length(self._lengths, size=self._batch.size, tokens=self._batch.tokens)

    def batched(self, batch: BatchSize) -> EncodedSource:
        """The same rows in batches of another size, sampled as they are.

        Raises:
            RecipeError: a budget of tokens where no input holds any.
        """
        given = self._batch
        same = batch.model_copy(update={"sampling": given.sampling, "sampling_exponent": given.sampling_exponent})
        if faults := _batch_faults(same, self._schema, texts=self._lengths is not None):
            raise RecipeError("the batches do not fit the data", faults=faults)
        other = copy(self)
        other._batch = same  # noqa: SLF001 - a copy of its own kind
        return other

    def batch(self, rows: Sequence[int], *, seed: int, epoch: int) -> Batch:
        """These rows as a training batch, augmented where the split is augmented.

        Where rows are drawn by their weights, each that was drawn counts as one.
        """
        augment = self._augment
        if augment is None:
            made = self.plain(rows)
        else:
            inputs = self._inputs(torch.from_numpy(np.asarray(rows, dtype=np.int64)))
            made = self._made(augmented(inputs, augment, self._synonyms, seed=seed, epoch=epoch, rows=rows), rows)
        if self._batch.sampling == "weighted":
            made = replace(made, weight=torch.ones(len(rows)))
        if augment is not None and augment.mixup:
            made = mixed_up(made, alpha=augment.mixup, seed=seed, epoch=epoch, rows=rows)
        return made

    def plain(self, rows: Sequence[int]) -> Batch:
        """These rows as they are, never augmented."""
        return self._made(None, rows)

    def example(self, row: int) -> Example:
        """One row as a person would read it; missing values are None."""
        columns = self._table.columns
        target = columns.get(self._schema.target)
        return Example(
            inputs={field.name: _read(columns[field.name][row]) for field in self._schema.inputs},
            target=None if target is None else _read(target[row]),
            id=self._table.ids[row],
            weight=float(self._weights[row]),
        )

    def _inputs(self, index: Tensor) -> dict[str, Tensor]:
        inputs: dict[str, Tensor] = {}
        for name, windows in self._ragged:
            inputs[name], mask = windows.select(index)
            if name in _MASKS:
                inputs[_MASKS[name]] = mask
        if self._words is not None and self._letters is not None:
            inputs["characters"] = self._letters[self._words.select(index)[0]]
        for name, tensor in self._dense:
            inputs[name] = tensor.index_select(0, index)
        return inputs

    def _made(self, inputs: dict[str, Tensor] | None, rows: Sequence[int]) -> Batch:
        index = torch.from_numpy(np.asarray(rows, dtype=np.int64))
        return Batch(
            inputs=self._inputs(index) if inputs is None else inputs,
            target=self._target(index, rows),
            weight=self._weights.index_select(0, index),
            ids=_named(self._table.ids, rows),
        )

    def _target(self, index: Tensor, rows: Sequence[int]) -> Tensor | None:
        if self._target_rows is not None:
            return self._target_rows.index_select(0, index)
        return None if self._targets is None else self._stack([self._targets[row] for row in rows])


def _named(ids: tuple[str, ...], rows: Sequence[int]) -> tuple[str, ...]:
    """Ids of rows; `itemgetter` is the quickest way and gives no tuple for a single one."""
    return itemgetter(*rows)(ids) if len(rows) > 1 else tuple(ids[row] for row in rows)


def _weights(table: Table, schema: Schema) -> Tensor:
    if schema.weight is None or schema.weight not in table.columns:
        return torch.ones(len(table))
    return torch.from_numpy(table.columns[schema.weight].astype(np.float32))


def _lengths(encoded: Encoded) -> NDArray[np.int64] | None:
    """Tokens of each row, by which rows of like length come together; those of the answer count as well."""
    if encoded.tokens is None:
        return None
    return encoded.tokens.lengths if encoded.answers is None else encoded.tokens.lengths + encoded.answers.lengths


def _present(targets: NDArray[np.generic]) -> NDArray[np.bool_]:
    """Which of several targets (n, k) each row has."""
    present: NDArray[np.bool_] = ~np.isnan(targets.astype(np.float64))
    return present


def _batch_faults(batch: BatchSize, schema: Schema, *, texts: bool) -> list[Fault]:
    """Settings of batches that decide nothing here: a person who set them expects that they do."""
    needs = {
        "tasks": (schema.target_kind is Kind.RECORD, "it is for `task: multitask`"),
        "balanced": (schema.target_kind is Kind.CATEGORY, "it is for a target that is one of several classes"),
        "weighted": (schema.weight is not None, "no column says what a row counts for; name one in `data.weight`"),
        "rows": (True, ""),
    }
    there, legal = needs[batch.sampling]
    faults = [] if there else [Fault(met=f"batch.sampling: {batch.sampling} decides nothing", legal=legal)]
    if batch.sampling_exponent != 1 and batch.sampling != "tasks":
        legal = "it is read with `batch.sampling: tasks`"
        faults.append(Fault(met="batch.sampling_exponent decides nothing", legal=legal))
    if batch.tokens is not None and not texts:
        legal = "it is for texts, and no input holds any"
        faults.append(Fault(met="batch.tokens decides nothing", legal=legal, remedy="leave it out"))
    if batch.tokens is not None and batch.complete:
        legal = "batches of a budget of tokens are evened out, and none is a rest; it is read with `batch.size`"
        faults.append(Fault(met="batch.complete decides nothing", legal=legal, remedy="leave it out"))
    return faults


def _read(value: Any) -> object:
    """A cell without its numpy type; images stay arrays."""
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and value != value else value  # noqa: PLR0124 - not a number
