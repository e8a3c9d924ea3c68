"""Healthy pipelines whose answers are sequences, several numbers, or places in a space: one or two of each form."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from kilter.tasks.classification import Classification
from kilter.tasks.contrastive import Contrastive
from kilter.tasks.generation import Generation
from kilter.tasks.multilabel import MultiLabel
from kilter.tasks.multitask import MultiTask
from kilter.tasks.regression import Regression
from kilter.tasks.several_amounts import SeveralAmounts
from kilter.tasks.tagging import Tagging
from kilter.testing.healthy.pipelines import CLASSES, ROWS, VOCABULARY, labels, tokens
from kilter.testing.networks import Bag, Recurrent
from kilter.testing.sequence_networks import (
    AttentiveTagger,
    CausalAttention,
    CausalRecurrent,
    Pairs,
    RecurrentTagger,
    Siamese,
    Writer,
)
from kilter.testing.sources import TextSource
from kilter.testing.subjects import Healthy
from kilter.values.pipeline import ModelFactory, Pipeline
from kilter.values.recipe import Recipe
from kilter.values.task import Form

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from torch import Tensor

    from kilter.values.task import Task

TAGS = ("O", "B-a", "I-a", "B-b", "I-b")
LETTERS = 12
BEGIN, END, BETWEEN, FIRST_WORD = 2, 3, 4, 5
ENTRIES = tuple(f"w{number}" if number >= FIRST_WORD else "" for number in range(VOCABULARY))


def objects(rows: Sequence[NDArray[np.int64]]) -> NDArray[np.object_]:
    """Sequences as a column."""
    column = np.empty(len(rows), dtype=object)
    for place, row in enumerate(rows):
        column[place] = row
    return column


def padded(rows: Sequence[NDArray[np.int64]], name: str = "tokens", mask: str = "mask") -> dict[str, Tensor]:
    """Sequences as one tensor, with their mask."""
    longest = max(map(len, rows))
    ids = np.stack([np.pad(row, (0, longest - len(row))) for row in rows])
    lengths = np.array([[len(row)] for row in rows])
    return {name: torch.tensor(ids), mask: torch.tensor(np.arange(longest) < lengths)}


def over_rows(
    make_model: ModelFactory,
    inputs: Mapping[str, Tensor],
    targets: NDArray[np.generic],
    task: Task,
    *,
    size: int = 16,
    **sections: Any,
) -> Pipeline:
    """A pipeline over padded rows in memory; `sections` are those of its recipe."""
    return Pipeline(
        task=task,
        make_model=make_model,
        splits={"train": TextSource(inputs, targets, task, size=size)},
        recipe=Recipe.read({"optimizer": {"learning_rate": 1e-2}, **sections}),
    )


def texts(*, seed: int, shortest: int = 3, longest: int = 12, rows: int = ROWS) -> list[NDArray[np.int64]]:
    """Texts in which each word makes the next one likely, without marks."""
    draw = np.random.default_rng(seed)
    found = []
    for _ in range(rows):
        words = [int(draw.integers(FIRST_WORD, VOCABULARY))]
        for _ in range(int(draw.integers(shortest, longest + 1)) - 1):
            follows = FIRST_WORD + (words[-1] * 7) % (VOCABULARY - FIRST_WORD)
            words.append(follows if draw.random() < 0.6 else int(draw.integers(FIRST_WORD, VOCABULARY)))
        found.append(np.array(words, dtype=np.int64))
    return found


def of_tokens(make_model: ModelFactory | None = None, *, characters: bool = True, **options: Any) -> Pipeline:
    """A tagger over words and their letters: spans of one or two words, known by their first word."""
    words = texts(seed=11)
    inputs = padded(words)
    if characters:
        spelled = torch.stack([inputs["tokens"] % LETTERS, inputs["tokens"] // LETTERS + 1], dim=-1)
        inputs["characters"] = spelled * inputs["mask"].unsqueeze(-1)
    made = make_model or partial(RecurrentTagger, VOCABULARY, LETTERS, len(TAGS))
    return over_rows(made, inputs, objects([_tags(row) for row in words]), Tagging(labels=TAGS), **options)


def _tags(words: NDArray[np.int64]) -> NDArray[np.int64]:
    tags = np.zeros(len(words), dtype=np.int64)
    for place, word in enumerate(words.tolist()):
        if word % 5 in (1, 2) and not tags[place]:
            tags[place] = 1 if word % 5 == 1 else 3
            if place + 1 < len(words) and words[place + 1] % 2:
                tags[place + 1] = tags[place] + 1
    return tags


def of_next(make_model: ModelFactory | None = None, *, longest: int = 12, rows: int = ROWS, **options: Any) -> Pipeline:
    """A language model over texts that begin with BEGIN and end with END."""
    written = texts(seed=12, longest=longest, rows=rows)
    task = Generation(entries=ENTRIES, joiner=" ", unit="word", form=Form.NEXT)
    targets = objects([np.append(row, END) for row in written])
    made = make_model or partial(CausalAttention, VOCABULARY)
    return over_rows(made, padded([np.insert(row, 0, BEGIN) for row in written]), targets, task, **options)


def of_text(make_model: ModelFactory | None = None, **options: Any) -> Pipeline:
    """An encoder-decoder that writes a text backwards."""
    written = texts(seed=13, longest=7)
    task = Generation(entries=ENTRIES, joiner=" ", unit="word", form=Form.TEXT)
    inputs = padded([np.concatenate([[BEGIN], row, [END]]) for row in written])
    inputs |= padded([np.insert(row[::-1], 0, BEGIN) for row in written], "answers", "answers_mask")
    made = make_model or partial(Writer, VOCABULARY)
    return over_rows(made, inputs, objects([np.append(row[::-1], END) for row in written]), task, **options)


def of_pairs(make_model: ModelFactory | None = None, **options: Any) -> Pipeline:
    """Two texts in one row, of one class where the second one says the same words, of another where it does not."""
    targets = labels(seed=14, shares=(0.5, 0.5))
    draw = np.random.default_rng(14)
    rows, segments = [], []
    for words, target in zip(texts(seed=14, longest=6), targets, strict=True):
        other = draw.permutation(words) if target else draw.integers(FIRST_WORD, VOCABULARY, len(words))
        rows.append(np.concatenate([[BEGIN], words, [BETWEEN], other, [END]]))
        segments.append(np.repeat([0, 1], [len(words) + 2, len(words) + 1]))
    inputs = {**padded(rows), "segments": padded(segments)["tokens"]}
    made = make_model or partial(Pairs, VOCABULARY, 2)
    return over_rows(made, inputs, targets, Classification(labels=CLASSES[:2]), **options)


def of_match(make_model: ModelFactory | None = None, **options: Any) -> Pipeline:
    """Texts that belong to others: the same words in another order, one of them another one."""
    draw = np.random.default_rng(15)
    written = texts(seed=15, longest=8)
    others = [draw.permutation(row) for row in written]
    for other in others:
        other[0] = draw.integers(FIRST_WORD, VOCABULARY)
    inputs = padded([np.concatenate([[BEGIN], row, [END]]) for row in written])
    inputs |= padded([np.concatenate([[BEGIN], row, [END]]) for row in others], "answers", "answers_mask")
    made = make_model or partial(Siamese, VOCABULARY)
    return over_rows(made, inputs, np.arange(len(written)), Contrastive(), **options)


def of_labels(make_model: ModelFactory | None = None, *, unknown: float = 0.0, **options: Any) -> Pipeline:
    """Several labels at once, each there where one of its words is; some of them unknown."""
    written = texts(seed=16)
    draw = np.random.default_rng(16)
    targets = np.array([[float((row % 7 == label).any()) for label in range(len(CLASSES))] for row in written])
    gaps = draw.random(targets.shape) < unknown
    gaps[:, 0] = False  # a row without any target teaches nothing
    targets[gaps] = np.nan
    made = make_model or partial(Bag, VOCABULARY, len(CLASSES))
    return over_rows(made, padded(written), targets, MultiLabel(labels=CLASSES), **options)


def of_several(**options: Any) -> Pipeline:
    """Two amounts and a class of one text, a third of them unknown: one model of all."""
    written = texts(seed=17)
    draw = np.random.default_rng(17)
    targets = np.array([[float(row[0] % 3), 50 + 3.0 * row.mean(), float(len(row))] for row in written])
    targets[:, 1:][draw.random((len(targets), 2)) < 0.3] = np.nan
    amounts = tuple(
        Regression(center=float(np.nanmean(column)), scale=float(np.nanstd(column))) for column in targets[:, 1:].T
    )
    task = MultiTask(columns=("topic", "score", "length"), tasks=(Classification(labels=CLASSES), *amounts))
    return over_rows(partial(Recurrent, VOCABULARY, task.outputs), padded(written), targets, task, **options)


def of_rows_of_amounts(**options: Any) -> Pipeline:
    """Three amounts of one text."""
    written = texts(seed=18)
    targets = np.array([[100 + row.mean(), float(len(row)), float(row[0])] for row in written])
    task = SeveralAmounts(
        columns=("mean", "length", "first"),
        center=tuple(targets.mean(0).tolist()),
        scale=tuple(targets.std(0).tolist()),
    )
    return over_rows(partial(Recurrent, VOCABULARY, task.outputs), padded(written), targets, task, **options)


def _trimmed() -> Pipeline:
    """Texts of unlike lengths, each batch as wide as its longest."""
    targets = labels(seed=1)
    return over_rows(partial(Recurrent, VOCABULARY, 3), tokens(targets), targets, Classification(labels=CLASSES))


HEALTHY_SEQUENCE_PIPELINES: tuple[Healthy[Pipeline], ...] = (
    Healthy(name="recurrent tagger", make=of_tokens),
    Healthy(
        name="attentive tagger",
        make=lambda: of_tokens(partial(AttentiveTagger, VOCABULARY, len(TAGS)), characters=False),
    ),
    Healthy(
        name="a tagger that leaves letters out", make=lambda: of_tokens(partial(AttentiveTagger, VOCABULARY, len(TAGS)))
    ),
    Healthy(name="causal attention", make=of_next),
    Healthy(name="causal recurrent", make=lambda: of_next(partial(CausalRecurrent, VOCABULARY))),
    Healthy(name="short texts", make=lambda: of_next(longest=4)),
    Healthy(name="long texts", make=lambda: of_next(longest=60, rows=48)),
    Healthy(name="a writer", make=of_text),
    Healthy(name="pairs", make=of_pairs),
    Healthy(name="pairs in a bag", make=lambda: of_pairs(partial(Bag, VOCABULARY, 2))),
    Healthy(name="batches of their own width", make=_trimmed),
    Healthy(name="two towers", make=of_match),
    Healthy(name="labels of texts", make=of_labels),
    Healthy(name="labels that are partly unknown", make=lambda: of_labels(unknown=0.3)),
    Healthy(name="tasks over one text", make=of_several),
    Healthy(name="amounts of texts", make=of_rows_of_amounts),
)
