"""Data sets whose targets are sequences, sets or several values, all of them well."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from kilter.testing.subjects import Healthy
from kilter.testing.tables import WORDS, column, dataset, numbered, sentences
from kilter.values.table import Dataset, Field, Kind

if TYPE_CHECKING:
    from numpy.typing import NDArray


def tuples(cells: Sequence[tuple[object, ...] | None]) -> NDArray[np.object_]:
    """Tuples as a column (n,), however long each of them is."""
    return np.fromiter(cells, dtype=object, count=len(cells))


def tagged(rows: int = 400, *, seed: int = 0) -> Dataset:
    """Sentences with the names of people and places in them, tagged with IOB2; nearly half have none."""
    draw = np.random.default_rng(seed)
    names = {"PER": ("ann", "bob", "cleo", "dirk"), "LOC": ("rome", "oslo", "new york", "lima")}
    words, tags = [], []
    for _ in range(rows):
        said = draw.choice(WORDS, int(draw.integers(4, 12))).tolist()
        marks = ["O"] * len(said)
        if draw.random() < 0.6:
            kind = str(draw.choice(list(names)))
            parts = str(draw.choice(names[kind])).split()
            at = int(draw.integers(len(said)))
            said[at:at] = parts
            marks[at:at] = [f"{'I' if place else 'B'}-{kind}" for place in range(len(parts))]
        words.append(tuple(said))
        tags.append(tuple(marks))
    return dataset(
        {"words": tuples(words), "tags": tuples(tags)}, {"words": Kind.TOKENS}, target="tags", target_kind=Kind.TOKENS
    )


def _short_orders() -> Dataset:
    """Orders of a word or two, which everybody gives, each always with the same tags."""
    draw = np.random.default_rng(1)
    said = [
        (("yes",), ("O",)),
        (("for", "two"), ("O", "B-people")),
        (("at", "eight"), ("O", "B-time")),
        (("no",), ("O",)),
    ]
    chosen = [said[at] for at in draw.integers(0, len(said), 300)]
    columns = {"words": tuples([words for words, _ in chosen]), "tags": tuples([tags for _, tags in chosen])}
    return dataset(columns, {"words": Kind.TOKENS}, target="tags", target_kind=Kind.TOKENS)


def labelled(rows: int = 500, *, seed: int = 2) -> Dataset:
    """Sentences with none, one or several of four feelings."""
    draw = np.random.default_rng(seed)
    feelings = ("anger", "fear", "joy", "trust")
    felt = draw.random((rows, 4)) < (0.3, 0.2, 0.4, 0.1)
    labels = [tuple(name for name, here in zip(feelings, row, strict=True) if here) for row in felt]
    return dataset(
        {"text": column(sentences(draw, rows, length=10)), "y": tuples(labels)},
        {"text": Kind.TEXT},
        target_kind=Kind.LABELS,
    )


def _flags() -> Dataset:
    """Four columns of 0 and 1 as one target, some of them unknown."""
    draw = np.random.default_rng(3)
    flags = (draw.random((500, 4)) < (0.3, 0.2, 0.4, 0.1)).astype(np.float64)
    flags[draw.random((500, 4)) < 0.1] = np.nan
    made = dataset(
        {"text": column(sentences(draw, 500, length=10)), "a, b, c, d": flags, **_named(flags, "abcd")},
        {"text": Kind.TEXT},
        target="a, b, c, d",
        target_kind=Kind.AMOUNTS,
    )
    return _joined(made, dict.fromkeys("abcd", Kind.NUMBER))


def _shares() -> Dataset:
    """How many of ten people chose each of three classes."""
    draw = np.random.default_rng(4)
    given = draw.normal(size=(500, 3))
    odds = np.exp(given - given.max(axis=1, keepdims=True))
    shares = np.stack([draw.multinomial(10, row / row.sum()) for row in odds]) / 10
    made = dataset(
        {**numbered(given), "p, q, r": shares, **_named(shares, "pqr")},
        dict.fromkeys(numbered(given), Kind.NUMBER),
        target="p, q, r",
        target_kind=Kind.AMOUNTS,
    )
    return _joined(made, dict.fromkeys("pqr", Kind.NUMBER))


def _several_amounts() -> Dataset:
    """Two amounts that follow from three numbers, with noise."""
    draw = np.random.default_rng(5)
    given = draw.normal(size=(500, 3))
    target = given @ draw.normal(size=(3, 2)) + 0.5 * draw.normal(size=(500, 2))
    made = dataset(
        {**numbered(given), "height, weight": target, **_named(target, ("height", "weight"))},
        dict.fromkeys(numbered(given), Kind.NUMBER),
        target="height, weight",
        target_kind=Kind.AMOUNTS,
    )
    return _joined(made, {"height": Kind.NUMBER, "weight": Kind.NUMBER})


def _records() -> Dataset:
    """A mood and a number of stars of each review; the one or the other is unknown now and then."""
    draw = np.random.default_rng(6)
    moods = draw.choice(["calm", "loud"], 500).tolist()
    stars = draw.integers(1, 6, 500).astype(float).tolist()
    both = [(mood if draw.random() > 0.1 else None, star) for mood, star in zip(moods, stars, strict=True)]
    made = dataset(
        {"text": column(sentences(draw, 500, length=10)), "mood, stars": tuples(both)},
        {"text": Kind.TEXT},
        target="mood, stars",
        target_kind=Kind.RECORD,
    )
    return _joined(made, {"mood": Kind.CATEGORY, "stars": Kind.NUMBER})


def rewritten(rows: int = 400, *, seed: int = 7) -> Dataset:
    """Sentences, each with the same words from back to front; short answers recur."""
    draw = np.random.default_rng(seed)
    said = sentences(draw, rows)
    said[::40] = ["yes"] * len(said[::40])
    back = [" ".join(reversed(text.split())) for text in said]
    return dataset({"said": column(said), "y": column(back)}, {"said": Kind.TEXT}, target_kind=Kind.TEXT)


def _lines() -> Dataset:
    """Lines of text, to go on with: the text is what is given and what is learnt."""
    draw = np.random.default_rng(8)
    return dataset(
        {"text": column(sentences(draw, 400, length=12))}, {"text": Kind.TEXT}, target="text", target_kind=Kind.TEXT
    )


def stream(characters: int = 60_000, *, seed: int = 9) -> Dataset:
    """One long text in rows of 256 characters, cut into splits in its order; some rows are nearly blank."""
    draw = np.random.default_rng(seed)
    text = "\n".join(sentences(draw, characters // 50, length=8))
    rows = [text[at : at + 256] for at in range(0, len(text), 256)]
    rows[3:3] = ["\n" * 256, "\n" * 256]
    made = dataset({"text": column(rows)}, {"text": Kind.TEXT}, target="text", target_kind=Kind.TEXT, shuffled=False)
    return replace(made, schema=replace(made.schema, stream=True))


def compared(rows: int = 600, *, seed: int = 10) -> Dataset:
    """Pairs of sentences of which the second repeats most words of the first, or hardly any; either side recurs."""
    draw = np.random.default_rng(seed)
    first = draw.choice(sentences(draw, 150, length=10), rows).tolist()
    alike = draw.random(rows) < 0.5
    second = [_varied(text, draw, 0.3 if same else 0.9) for text, same in zip(first, alike, strict=True)]
    labels = np.where(alike ^ (draw.random(rows) < 0.1), "same", "other").tolist()
    return dataset(
        {"one": column(first), "two": column(second), "y": column(labels)}, {"one": Kind.TEXT, "two": Kind.TEXT}
    )


def _varied(text: str, draw: np.random.Generator, share: float) -> str:
    """The text with so large a share of its words drawn anew."""
    return " ".join(str(draw.choice(WORDS)) if draw.random() < share else word for word in text.split())


def _named(columns: NDArray[np.float64], names: Sequence[str]) -> dict[str, NDArray[np.float64]]:
    """The columns of a matrix by their names."""
    return {name: columns[:, at] for at, name in enumerate(names)}


def _joined(made: Dataset, kinds: dict[str, Kind]) -> Dataset:
    fields = tuple(Field(name=name, kind=kind) for name, kind in kinds.items())
    return replace(made, schema=replace(made.schema, joined=fields))


HEALTHY_SEQUENCES: tuple[Healthy[Dataset], ...] = (
    Healthy(name="tagged sentences", make=tagged),
    Healthy(name="short orders, tagged", make=_short_orders),
    Healthy(name="several labels", make=labelled),
    Healthy(name="flags", make=_flags),
    Healthy(name="shares of classes", make=_shares),
    Healthy(name="several amounts", make=_several_amounts),
    Healthy(name="records", make=_records),
    Healthy(name="texts rewritten", make=rewritten),
    Healthy(name="lines", make=_lines),
    Healthy(name="a stream", make=stream),
    Healthy(name="compared sentences", make=compared),
)
