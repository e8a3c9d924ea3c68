"""Data sets with one fault each: in targets that are sequences, sets or several values, and in what texts say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from kilter.testing.healthy.datasets import amounts, texts
from kilter.testing.healthy.sequences import compared, labelled, stream, tagged, tuples
from kilter.testing.subjects import Planted
from kilter.testing.tables import WORDS, column, dataset, sentences
from kilter.values.finding import Severity
from kilter.values.table import Dataset, Field, Kind, Table

if TYPE_CHECKING:
    from numpy.typing import NDArray


def with_column(made: Dataset, split: str, name: str, cells: NDArray[Any]) -> Dataset:
    """The data set with other cells in one column of one split."""
    table = made[split]
    changed = Table(columns={**table.columns, name: cells}, ids=table.ids)
    return Dataset(splits={**made.splits, split: changed}, schema=made.schema)


def appended(made: Dataset, split: str, more: Table) -> Dataset:
    """The data set with further rows in one split."""
    table = made[split]
    columns = {name: np.concatenate([cells, more.columns[name]]) for name, cells in table.columns.items()}
    whole = Table(columns=columns, ids=(*table.ids, *(f"more/{name}" for name in more.ids)))
    return Dataset(splits={**made.splits, split: whole}, schema=made.schema)


def _mapped(made: Dataset, split: str, name: str, change: Callable[[int, Any], Any]) -> Dataset:
    """The data set with each cell of a column changed, given its row."""
    cells = made[split].columns[name].tolist()
    return with_column(made, split, name, tuples([change(row, cell) for row, cell in enumerate(cells)]))


def near_copies() -> Dataset:
    """Test sentences of which forty are training sentences with one word changed."""
    made = texts(900)
    rows = made["train"].take(range(40))
    said = [" ".join(["and", *text.split()[1:]]) for text in rows.columns["text"].tolist()]
    return appended(made, "test", Table(columns={**rows.columns, "text": column(said)}, ids=rows.ids))


def _near_numbers() -> Dataset:
    made, kinds = amounts(600)
    whole = dataset({**made, "y": column(["low" if cell < 0 else "high" for cell in made["y"]])}, kinds)
    rows = whole["train"].take(range(60))
    draw = np.random.default_rng(1)
    moved = {name: rows.columns[name].astype(np.float64) + 1e-5 * draw.normal(size=60) for name in kinds}
    return appended(whole, "test", Table(columns={**rows.columns, **moved}, ids=rows.ids))


def _near_images() -> Dataset:
    draw = np.random.default_rng(2)
    labels = column(draw.choice(["a", "b"], 300).tolist())
    made = dataset({"x": draw.uniform(0, 200, (300, 16, 16)), "y": labels}, {"x": Kind.IMAGE})
    rows = made["train"].take(range(30))
    brighter = rows.columns["x"].astype(np.float64) + 40
    return appended(made, "test", Table(columns={**rows.columns, "x": brighter}, ids=rows.ids))


def _passages() -> Dataset:
    made = stream()
    return with_column(made, "test", "text", made["train"].columns["text"][: len(made["test"])])


def shifted() -> Dataset:
    """Test sentences made of other words than the training sentences."""
    made, draw = texts(), np.random.default_rng(3)
    other = [f"{word[::-1]}s" for word in WORDS]
    said = [" ".join(draw.choice(other, 8).tolist()) for _ in range(len(made["test"]))]
    return with_column(made, "test", "text", column(said))


def huge() -> Dataset:
    """Sentences of which one holds all others."""
    made = texts()
    cells = made["train"].columns["text"].copy()
    cells[17] = "\n".join(cells.tolist())
    return with_column(made, "train", "text", cells)


def noisy(share: float = 0.1, *, rows: int = 3_000) -> Dataset:
    """Sentences whose label one word tells, but for a share of labels that were drawn anew."""
    draw = np.random.default_rng(4)
    labels = draw.integers(0, 3, rows)
    said = [f"{text} {('red', 'green', 'blue')[at]}" for text, at in zip(sentences(draw, rows), labels, strict=True)]
    wrong = draw.random(rows) < share
    written = np.where(wrong, (labels + draw.integers(1, 3, rows)) % 3, labels)
    named = column([("warm", "fresh", "cold")[at] for at in written])
    return dataset({"text": column(said), "y": named}, {"text": Kind.TEXT}, shares={"train": 1.0})


def confused(share: float = 0.5) -> Dataset:
    """Sentences whose label one word tells, but for one class that goes by two names."""
    made, draw = noisy(0.0), np.random.default_rng(5)
    labels = made["train"].columns["y"].tolist()
    named = ["chilly" if label == "cold" and draw.random() < share else label for label in labels]
    return with_column(made, "train", "y", column(named))


def one_sided() -> Dataset:
    """Pairs of which the second text has a word more where the two are not the same."""
    made = compared()
    train = made["train"]
    said = zip(train.columns["two"].tolist(), train.columns["y"].tolist(), strict=True)
    return with_column(made, "train", "two", column([f"{text} not" if y == "other" else text for text, y in said]))


def _longer() -> Dataset:
    made = texts()
    cells = made["test"].columns["text"].tolist()
    return with_column(made, "test", "text", column([f"{text} {text} {text}" for text in cells]))


def _tagged_otherwise() -> Dataset:
    made = tagged()
    rows = made["train"].take(range(60))
    plain = tuples([("O",) * len(tags) for tags in rows.columns["tags"].tolist()])
    return appended(made, "train", Table(columns={**rows.columns, "tags": plain}, ids=rows.ids))


def _tagged_twice() -> Dataset:
    made = tagged()
    return appended(made, "train", made["train"].take(range(80)))


def _rare_type() -> Dataset:
    return _mapped(tagged(), "train", "tags", lambda row, tags: ("B-PROD", *tags[1:]) if row == 5 else tags)


def _unseen_label() -> Dataset:
    return _mapped(labelled(), "test", "y", lambda row, labels: (*labels, "guilt") if row % 9 == 0 else labels)


def _misspelt_label() -> Dataset:
    def misspelt(row: int, labels: tuple[str, ...]) -> tuple[str, ...]:
        return tuple("Joy" if label == "joy" and row % 20 == 0 else label for label in labels)

    return _mapped(labelled(), "train", "y", misspelt)


def _labels_unknown() -> Dataset:
    return _mapped(labelled(), "train", "y", lambda row, labels: None if row < 9 else labels)


def _leak_of_one() -> Dataset:
    """Two amounts of which the second is a column in another unit."""
    made, kinds = amounts(600)
    both = np.stack([made["y"], made["x1"] * 2.54 + 1], axis=1)
    columns = {**{name: made[name] for name in kinds}, "a, b": both, "a": both[:, 0], "b": both[:, 1]}
    whole = dataset(columns, kinds, target="a, b", target_kind=Kind.AMOUNTS)
    joined = tuple(Field(name=name, kind=Kind.NUMBER) for name in "ab")
    return replace(whole, schema=replace(whole.schema, joined=joined))


_NOTE = Severity.NOTE

PLANTED_SEQUENCES: tuple[Planted[Dataset], ...] = (
    Planted(code="D122", name="texts with a word changed", make=near_copies, causes=("train_val_leak",)),
    Planted(code="D122", name="numbers with a little noise", make=_near_numbers, causes=("train_val_leak",)),
    Planted(code="D122", name="images made brighter", make=_near_images, causes=("train_val_leak",)),
    Planted(code="D122", name="passages of a stream", make=_passages, causes=("train_val_leak",)),
    Planted(code="D123", name="other words", make=shifted, causes=("distribution_shift", "vocabulary_mismatch")),
    Planted(code="D124", name="many records in one", make=huge, causes=("data_anomaly",), severity=_NOTE),
    Planted(code="D125", name="labels drawn anew", make=noisy, causes=("label_noise",), severity=_NOTE),
    Planted(code="D127", name="two names of one class", make=confused, causes=("label_noise",), severity=_NOTE),
    Planted(code="D126", name="a word that tells", make=one_sided, causes=("target_leak",), severity=_NOTE),
    Planted(code="D120", name="longer texts", make=_longer, causes=("distribution_shift",), severity=_NOTE),
    Planted(code="D101", name="tagged rows twice", make=_tagged_twice, causes=("data_anomaly",)),
    Planted(code="D103", name="the same words tagged otherwise", make=_tagged_otherwise, causes=("label_noise",)),
    Planted(code="D104", name="one of several labels misspelt", make=_misspelt_label, causes=("label_noise",)),
    Planted(code="D105", name="a type of tag in one row", make=_rare_type, causes=("too_little_data",)),
    Planted(code="D106", name="one of several labels unseen", make=_unseen_label, causes=("unshuffled_split",)),
    Planted(code="D108", name="unknown labels", make=_labels_unknown, causes=("data_anomaly",)),
    Planted(code="D113", name="a leak of one of two targets", make=_leak_of_one, causes=("target_leak",)),
)
