"""A long text as a source of batches: windows of it to learn from, every token judged once to evaluate."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Final, final

import numpy as np
import torch
from torch import Tensor

from kilter.data.batching import refuse_rest, shuffled, swept
from kilter.data.preprocessing import Preprocessing
from kilter.data.ragged import Ragged
from kilter.data.randomness import uniforms
from kilter.data.vocabulary import BEGIN, Vocabulary
from kilter.values.batch import Batch, Example
from kilter.values.errors import RecipeError
from kilter.values.recipe import BatchSize
from kilter.values.source import Plan
from kilter.values.table import Schema, Table
from kilter.values.task import IGNORED

if TYPE_CHECKING:
    from numpy.typing import NDArray

CONTEXT: Final = 128
"""Tokens that lead up to an evaluated row at most; without any, the first ones of each row would be guessed blindly."""

LONGEST_WORD: Final = 64  # characters; a row that ends inside a longer one ends there all the same
_CUT: Final = 0x5EED  # tells this use of random numbers from others
_REST: Final = re.compile(rf"\S{{0,{LONGEST_WORD}}}")


@final
class StreamSource:
    """The rows of one split as windows into one text (see `values.source.Source`).

    A training window is judged in all its tokens, the first from the token before it. The windows of an epoch are a
    partition of the text whose cuts are moved by a random share of a row, so that no place is always the first one.
    An evaluated row is led up to by 128 tokens that are not judged.
    """

    __slots__ = ("_batch", "_flat", "_schema", "_starts", "_table", "_targets")

    def __init__(
        self,
        *,
        table: Table,
        schema: Schema,
        preprocessing: Preprocessing,
        stack: Callable[[Sequence[object]], Tensor],
        batch: BatchSize,
    ) -> None:
        """Encode the text.

        Args:
            table: its rows, in order.
            schema: names the column of the text.
            preprocessing: with the vocabulary, as fitted on the training split.
            stack: makes a tensor of the targets of a batch; a task's `stack`.
            batch: how many rows a batch holds, or how many tokens.

        Raises:
            RecipeError: tokens that have no order.
        """
        vocabulary = preprocessing.vocabulary
        if vocabulary is None or not vocabulary.tokenisation.ordered:
            raise RecipeError(
                "preprocessing.unit = 'ngrams'", legal="a language model reads tokens in their order: character, word"
            )
        ids = encode_stream(table.columns[schema.inputs[0].name].tolist(), vocabulary)
        self._table, self._schema, self._batch = table, schema, batch
        self._flat = torch.from_numpy(np.concatenate([[BEGIN], ids.flat]).astype(np.int64))
        self._starts = ids.starts
        self._targets = np.empty(len(table), dtype=object)
        for row in range(len(table)):
            self._targets[row] = ids[row].astype(np.int64)

    def __len__(self) -> int:
        return len(self._table)

    def __repr__(self) -> str:
        return f"StreamSource({len(self)} rows, {len(self._flat) - 1} tokens)"

    @property
    def ids(self) -> tuple[str, ...]:
        """The name of each row: the file, and the characters before it."""
        return self._table.ids

    @property
    def targets(self) -> NDArray[np.generic]:
        """The tokens of each row."""
        return self._targets

    def plan(self, *, seed: int, epoch: int) -> Plan:
        """The training order of one epoch: every window once, in random order.

        Raises:
            RecipeError: windows do not fill one complete batch.
        """
        refuse_rest(self._batch, len(self))
        return shuffled(len(self), size=self._size, seed=seed, epoch=epoch, complete=self._batch.complete)

    def sweep(self) -> Plan:
        """An order for evaluation: every row once, as they stand in the text."""
        return swept(len(self), size=self._size)

    def batched(self, batch: BatchSize) -> StreamSource:
        """The same windows in batches of another size."""
        other = copy(self)
        other._batch = batch  # noqa: SLF001 - a copy of its own kind
        return other

    def batch(self, rows: Sequence[int], *, seed: int, epoch: int) -> Batch:
        """The training windows of these rows in this epoch."""
        cuts = self._moved(seed=seed, epoch=epoch)
        return self._made(rows, [(int(cuts[row]), int(cuts[row]), int(cuts[row + 1])) for row in rows])

    def plain(self, rows: Sequence[int]) -> Batch:
        """These rows, each led up to by what stands before it."""
        starts = self._starts
        spans = [(max(0, int(starts[row]) - CONTEXT), int(starts[row]), int(starts[row + 1])) for row in rows]
        return self._made(rows, spans)

    def example(self, row: int) -> Example:
        """One row as a person would read it; what is learnt is the text itself."""
        text = self._table.columns[self._schema.inputs[0].name][row]
        return Example(inputs={self._schema.inputs[0].name: text}, target=text, id=self._table.ids[row])

    @property
    def _size(self) -> int:
        if self._batch.tokens is None:
            return self._batch.size or 1
        return max(1, self._batch.tokens // max(1, int(np.diff(self._starts).max(initial=1))))

    def _moved(self, *, seed: int, epoch: int) -> NDArray[np.int64]:
        """Where the windows of an epoch begin, and where the last one ends: (rows + 1,)."""
        share = float(uniforms(seed=seed, epoch=epoch, rows=[0], count=1, purpose=_CUT)[0, 0])
        moved = self._starts.copy()
        if len(self) > 1:  # less than the first row, which keeps a token
            moved[1:-1] -= int(share * int(moved[1]))
        return moved

    def _made(self, rows: Sequence[int], spans: Sequence[tuple[int, int, int]]) -> Batch:
        """Tokens from the first number of each span to the last one, judged from the second one on."""
        longest = max((stop - lead for lead, _, stop in spans), default=0)
        tokens = torch.zeros(len(spans), max(1, longest), dtype=torch.int64)
        mask = torch.zeros_like(tokens, dtype=torch.bool)
        target = torch.full_like(tokens, IGNORED)
        for place, (lead, start, stop) in enumerate(spans):
            length = max(1, stop - lead)  # a row without tokens is shown what stands before it, and nothing is judged
            tokens[place, :length] = self._flat[lead : lead + length]
            mask[place, :length] = True
            target[place, start - lead : stop - lead] = self._flat[start + 1 : stop + 1]
        ids = self._table.ids
        return Batch(
            inputs={"tokens": tokens, "mask": mask},
            target=target,
            weight=torch.ones(len(spans)),
            ids=tuple(ids[row] for row in rows),
        )


def encode_stream(rows: Sequence[str], vocabulary: Vocabulary) -> Ragged:
    """The tokens of a text that stands in rows, no marks; each row has those that begin in it, and none is cut.

    Where tokens are more than characters, the word that a row's end would cut belongs to that row.
    """
    texts = list(rows) if vocabulary.tokenisation.unit == "character" else _whole(rows)
    unbounded = replace(vocabulary, room=sys.maxsize, longest=sys.maxsize)
    marked = unbounded.encode([texts])
    return Ragged.of([marked[row][1:-1].tolist() for row in range(len(marked))])


def _whole(rows: Sequence[str]) -> list[str]:
    """The same text in rows that end where a word ends.

    >>> _whole(["to b", "e or", "not"])
    ['to be', ' ornot', '']
    """
    text = "".join(rows)
    ends = np.cumsum([len(row) for row in rows]).tolist()
    cuts = [0]
    for end in ends:
        rest = _REST.match(text, end) if end and not text[end - 1].isspace() else None
        cuts.append(max(cuts[-1], rest.end() if rest else end))
    return [text[start:stop] for start, stop in pairwise(cuts)]
