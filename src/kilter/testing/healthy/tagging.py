"""Tagged sentences that are well, in every scheme."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from kilter.metrics.tags import Scheme
from kilter.testing.subjects import Healthy
from kilter.testing.tables import WORDS
from kilter.values.table import Dataset, Field, Kind, Schema, Table

if TYPE_CHECKING:
    from numpy.typing import NDArray

NAMES = ("Ada", "Bela", "Cleo", "Dina", "Emil", "Finn", "Gina", "Hugo", "Ines", "Jana", "Karl", "Lena")
TIMES = ("noon", "midnight", "dawn", "dusk")


def tagged(rows: int = 300, *, scheme: Scheme = Scheme.IOB2, seed: int = 0) -> Dataset:
    """Sentences of words with names of one or two words and times among them, cut into train, valid and test."""
    draw = np.random.default_rng(seed)
    sentences = [_sentence(draw, scheme) for _ in range(rows)]
    table = Table(
        columns={"tokens": sequences([s[0] for s in sentences]), "tags": sequences([s[1] for s in sentences])},
        ids=tuple(f"all.conll:{row}" for row in range(rows)),
    )
    cuts = {"train": (0.0, 0.6), "valid": (0.6, 0.8), "test": (0.8, 1.0)}
    splits = {split: table.take(range(int(low * rows), int(high * rows))) for split, (low, high) in cuts.items()}
    fields = (Field(name="tokens", kind=Kind.TOKENS),)
    return Dataset(splits=splits, schema=Schema(inputs=fields, target="tags", target_kind=Kind.TOKENS))


def sequences(rows: Sequence[Sequence[str] | None]) -> NDArray[Any]:
    """An object array of tuples."""
    return np.fromiter((None if row is None else tuple(row) for row in rows), dtype=object, count=len(rows))


def _sentence(draw: np.random.Generator, scheme: Scheme) -> tuple[list[str], list[str]]:
    words: list[str] = []
    tags: list[str] = []
    for _ in range(int(draw.integers(2, 5))):
        plain = draw.choice(WORDS, int(draw.integers(1, 4))).tolist()
        words += plain
        tags += ["O"] * len(plain)
        named = draw.random() < 0.6
        span = draw.choice(NAMES, int(draw.integers(1, 3))).tolist() if named else [str(draw.choice(TIMES))]
        words += span
        tags += _written(len(span), "name" if named else "time", scheme)
    return words, tags


def _written(length: int, kind: str, scheme: Scheme) -> list[str]:
    """The tags of a span that touches no other one."""
    begins = {Scheme.IOB1: "I", Scheme.IOB2: "B", Scheme.BIOES: "S" if length == 1 else "B"}[scheme]
    ends = "E" if scheme is Scheme.BIOES else "I"
    return [f"{begins}-{kind}", *[f"I-{kind}"] * (length - 2), *[f"{ends}-{kind}"] * (length > 1)]


HEALTHY_TAGGING: tuple[Healthy[Dataset], ...] = (
    Healthy(name="tags in IOB2", make=tagged),
    Healthy(name="tags in IOB1", make=lambda: tagged(scheme=Scheme.IOB1, seed=1)),
    Healthy(name="tags in BIOES", make=lambda: tagged(scheme=Scheme.BIOES, seed=2)),
)
