"""Encoded rows as a source of batches."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import itemgetter
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, final

import numpy as np
import torch
from torch import Tensor

from kilter.data.augmentation import flipped, shifted, with_noise, without_tokens
from kilter.data.batching import bucketed, shuffled, swept, swept_by_length
from kilter.data.mixing import mixed, tasks_of
from kilter.data.preprocessing import Encoded
from kilter.data.windows import Windows
from kilter.values.batch import Batch, Example
from kilter.values.errors import Fault, RecipeError
from kilter.values.recipe import Augment, BatchSize
from kilter.values.source import Plan
from kilter.values.table import Kind, Schema, Table

if TYPE_CHECKING:
    from numpy.typing import NDArray

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
        "_dense",
        "_lengths",
        "_letters",
        "_ragged",
        "_schema",
        "_stack",
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

        Raises:
            RecipeError: settings that decide nothing for these inputs.
        """
        if encoded.rows != len(table) or (targets is not None and len(targets) != len(table)):
            given = "no targets" if targets is None else f"{len(targets)} targets"
            message = f"{encoded.rows} encoded rows, a table of {len(table)} rows and {given} must be equally many"
            raise ValueError(message)
        self._augment = None if augment == Augment() else augment
        _refuse_useless(encoded, batch, self._augment)
        _refuse_sampling(schema, batch)
        self._batch = batch
        self._table = table
        self._schema = schema
        self._targets = targets
        self._stack = stack
        # Targets of one size are stacked once; sequences, an object array, are padded batch by batch
        whole = targets is not None and targets.dtype != object
        self._target_rows = stack(list(targets)) if targets is not None and whole else None
        self._weights = _weights(table, schema)
        self._tasks = None if batch.sampling == "rows" or targets is None else tasks_of(_present(targets))
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
        """The training order of one epoch: every row once, rows of like length together, batches shuffled.

        Where tasks are sampled, each batch is of one of them (`mixing.mixed`).

        Raises:
            RecipeError: the budget is less than the longest row.
        """
        if self._tasks is None:
            return self._plan_of(None, seed=seed, epoch=epoch)
        return mixed(
            self._tasks,
            lambda rows, again: self._plan_of(rows, seed=seed, epoch=epoch * _AGAIN + again),
            exponent=self._batch.sampling_exponent,
            seed=seed,
            epoch=epoch,
        )

    def _plan_of(self, rows: NDArray[np.int64] | None, *, seed: int, epoch: int) -> Plan:
        """An order of some rows, or of all; as places among them."""
        size, tokens = self._batch.size, self._batch.tokens
        if self._lengths is None:
            return shuffled(len(self) if rows is None else len(rows), size=size or 1, seed=seed, epoch=epoch)
        lengths = self._lengths if rows is None else self._lengths[rows]
        longest = int(lengths.max(initial=0))
        if tokens is not None and tokens < longest:
            met = f"batch.tokens = {tokens} is less than the longest row, {longest} tokens"
            remedy = f"set it to {longest} or more, or cut texts by `preprocessing.longest`"
            raise RecipeError(met, legal="a batch holds one row at least", remedy=remedy)
        return bucketed(lengths, size=size, tokens=tokens, pool=self._batch.pool, seed=seed, epoch=epoch)

    def sweep(self) -> Plan:
        """An order for evaluation: every row once, the longest first."""
        if self._lengths is None:
            return swept(len(self), size=self._batch.size or 1)
        return swept_by_length(self._lengths, size=self._batch.size, tokens=self._batch.tokens)

    def batch(self, rows: Sequence[int], *, seed: int, epoch: int) -> Batch:
        """These rows as a training batch, augmented where the split is augmented."""
        if self._augment is None:
            return self.plain(rows)
        inputs = self._inputs(torch.from_numpy(np.asarray(rows, dtype=np.int64)))
        return self._made(_varied(inputs, self._augment, seed=seed, epoch=epoch, rows=rows), rows)

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


def _refuse_sampling(schema: Schema, batch: BatchSize) -> None:
    """Raise for task sampling where there are no tasks, and for an exponent that nobody reads."""
    faults = []
    if batch.sampling == "tasks" and schema.target_kind is not Kind.RECORD:
        faults.append(Fault(met="batch.sampling: tasks decides nothing", legal="it is for `task: multitask`"))
    if batch.sampling_exponent != 1 and batch.sampling == "rows":
        faults.append(
            Fault(met="batch.sampling_exponent decides nothing", legal="it is read with `batch.sampling: tasks`")
        )
    if faults:
        raise RecipeError("the recipe does not fit the targets", faults=faults)


def _varied(
    inputs: dict[str, Tensor], augment: Augment, *, seed: int, epoch: int, rows: Sequence[int]
) -> dict[str, Tensor]:
    varied = dict(inputs)
    if augment.token_dropout:
        varied["tokens"] = without_tokens(
            inputs["tokens"], share=augment.token_dropout, seed=seed, epoch=epoch, rows=rows
        )
    if augment.noise:
        varied["numbers"] = with_noise(inputs["numbers"], deviation=augment.noise, seed=seed, epoch=epoch, rows=rows)
    if augment.shift:
        varied["image"] = shifted(inputs["image"], most=augment.shift, seed=seed, epoch=epoch, rows=rows)
    if augment.flip:
        varied["image"] = flipped(varied["image"], seed=seed, epoch=epoch, rows=rows)
    return varied


def _refuse_useless(encoded: Encoded, batch: BatchSize, augment: Augment | None) -> None:
    """Raise for settings that decide nothing: a person who set them expects that they do."""
    varied = augment or Augment()
    settings = {
        "batch.tokens": (batch.tokens is not None, encoded.tokens, "texts"),
        "augment.token_dropout": (varied.token_dropout > 0, encoded.tokens, "texts"),
        "augment.noise": (varied.noise > 0, encoded.numbers, "numbers"),
        "augment.shift": (varied.shift > 0, encoded.image, "images"),
        "augment.flip": (varied.flip, encoded.image, "images"),
    }
    faults = [
        Fault(met=f"{name} decides nothing", legal=f"it is for {kind}, and no input holds any", remedy="leave it out")
        for name, (is_set, array, kind) in settings.items()
        if is_set and array is None
    ]
    if faults:
        raise RecipeError("the recipe does not fit the inputs", faults=faults)


def _read(value: Any) -> object:
    """A cell without its numpy type; images stay arrays."""
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and value != value else value  # noqa: PLR0124 - not a number
