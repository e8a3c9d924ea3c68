"""Data sets that are well, many of them odd: no check of data may say more than a note."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from kilter.testing.healthy.tagging import HEALTHY_TAGGING
from kilter.testing.subjects import Healthy
from kilter.testing.tables import WORDS, column, dataset, numbered, sentences
from kilter.values.table import Dataset, Kind

if TYPE_CHECKING:
    from numpy.typing import NDArray


def numbers(rows: int = 600, *, seed: int = 0, share: float = 0.5) -> tuple[dict[str, NDArray[Any]], dict[str, Kind]]:
    """Five numbers that say something of two classes, with the target `y`; and the kinds of the inputs."""
    draw = np.random.default_rng(seed)
    labels = draw.random(rows) < share
    table = numbered(draw.normal(size=(rows, 5)) + 0.8 * labels[:, None])
    return {**table, "y": column(["yes" if label else "no" for label in labels])}, dict.fromkeys(table, Kind.NUMBER)


def amounts(rows: int = 600, *, seed: int = 0, noise: float = 0.5) -> tuple[dict[str, NDArray[Any]], dict[str, Kind]]:
    """Five numbers and a noisy amount that depends on them."""
    draw = np.random.default_rng(seed)
    given = draw.normal(size=(rows, 5))
    target = given @ np.array([1.0, -0.5, 0.7, 0.0, 0.3]) + np.sin(given[:, 0]) + noise * draw.normal(size=rows)
    table = numbered(given)
    return {**table, "y": target}, dict.fromkeys(table, Kind.NUMBER)


def texts(rows: int = 500, *, seed: int = 0, labels: tuple[str, ...] = ("calm", "loud", "quick")) -> Dataset:
    """Sentences in which some words are a little more frequent with each label."""
    draw = np.random.default_rng(seed)
    chosen = draw.integers(0, len(labels), rows)
    plain = sentences(draw, rows, length=9)
    spoken = [
        f"{text} {WORDS[int(label)]}" if draw.random() < 0.5 else text
        for text, label in zip(plain, chosen, strict=True)
    ]
    return dataset({"text": column(spoken), "y": column([labels[label] for label in chosen])}, {"text": Kind.TEXT})


def _of(made: tuple[dict[str, NDArray[Any]], dict[str, Kind]], **options: Any) -> Dataset:
    columns, kinds = made
    return dataset(columns, kinds, **options)


def _imbalanced() -> Dataset:
    return _of(numbers(1000, seed=1, share=0.1))


def _small() -> Dataset:
    draw = np.random.default_rng(2)
    labels = np.repeat(["a", "b", "c"], 20)
    table = numbered(draw.normal(size=(60, 3)) + np.arange(3)[:, None].repeat(20, 0))
    shares = {"train": 0.7, "test": 0.3}
    return dataset({**table, "y": column(labels.tolist())}, dict.fromkeys(table, Kind.NUMBER), shares=shares)


def _ratings() -> Dataset:
    columns, kinds = amounts(500, seed=3)
    stars = np.clip(np.round(3 + columns["y"]), 1, 5)
    return dataset({**columns, "y": stars}, kinds, target_kind=Kind.NUMBER)


def _short_texts() -> Dataset:
    """Answers of a word or two, which everybody gives: they recur in all splits."""
    draw = np.random.default_rng(4)
    said = {
        "agree": ("yes", "yes please", "sure", "ok"),
        "refuse": ("no", "no thanks", "never"),
        "thank": ("thanks", "thank you"),
    }
    labels = draw.choice(list(said), 400).tolist()
    spoken = [str(draw.choice(said[label])) for label in labels]
    return dataset({"text": column(spoken), "y": column(labels)}, {"text": Kind.TEXT})


def _coarse_table() -> Dataset:
    """Four columns of few values and a target of chance: equal rows with unequal labels are a matter of course."""
    draw = np.random.default_rng(5)
    rows = 800
    table = {f"c{at}": draw.integers(0, 3, rows) for at in range(4)}
    labels = (table["c0"] + table["c1"] + draw.integers(0, 3, rows)) > 3
    columns = {name: column([f"v{cell}" for cell in cells]) for name, cells in table.items()}
    return dataset(
        {**columns, "y": column(np.where(labels, "on", "off").tolist())}, dict.fromkeys(columns, Kind.CATEGORY)
    )


def _survey() -> Dataset:
    """Age, region and sex: rows coincide now and then, though age has many values."""
    draw = np.random.default_rng(6)
    rows = 1500
    age = np.clip(np.round(draw.normal(40, 15, rows)), 18, 90)
    columns = {
        "age": age,
        "region": column([f"r{cell}" for cell in draw.integers(0, 5, rows)]),
        "sex": column(draw.choice(["f", "m"], rows).tolist()),
        "y": column(np.where(draw.random(rows) < 0.3 + 0.004 * age, "yes", "no").tolist()),
    }
    return dataset(columns, {"age": Kind.NUMBER, "region": Kind.CATEGORY, "sex": Kind.CATEGORY})


def _numbered_labels() -> Dataset:
    columns, kinds = numbers(900, seed=7)
    draw = np.random.default_rng(7)
    levels = [f"level{cell}" for cell in draw.integers(1, 13, 900)]
    return dataset({**columns, "y": column(levels)}, kinds)


def _code_labels() -> Dataset:
    """Codes of three letters with a long tail: the rare ones resemble the frequent ones, as these do each other."""
    draw = np.random.default_rng(8)
    codes = ["AUS", "AUT", "BEL", "BEN", "BOL", "COL", "DEN", "GER", "MAR", "MAL", "NER", "PAN", "PAR", "AUR"]
    weights = 0.75 ** np.arange(len(codes))
    columns, kinds = numbers(5000, seed=8)
    return dataset({**columns, "y": column(draw.choice(codes, 5000, p=weights / weights.sum()).tolist())}, kinds)


def _letters() -> Dataset:
    """Written letters: whether they are large or small is what is to be told apart."""
    columns, kinds = numbers(800, seed=9)
    letters = np.random.default_rng(9).choice(list("aAbBcC"), 800).tolist()
    return dataset({**columns, "y": column(letters)}, kinds)


def _missing() -> Dataset:
    columns, kinds = numbers(600, seed=10)
    draw = np.random.default_rng(10)
    columns["x1"] = np.where(draw.random(600) < 0.1, np.nan, columns["x1"])
    words = [None if draw.random() < 0.4 else str(draw.choice(WORDS[:6])) for _ in range(600)]
    return dataset({**columns, "word": column(words)}, {**kinds, "word": Kind.CATEGORY})


def _images() -> Dataset:
    draw = np.random.default_rng(11)
    labels = draw.integers(0, 3, 240)
    pixels = draw.integers(0, 120, (240, 8, 8)) + 60 * labels[:, None, None] * (draw.random((240, 8, 8)) < 0.4)
    columns = {"x": pixels.astype(np.uint8), "y": column([str(label) for label in labels])}
    return dataset(columns, {"x": Kind.IMAGE})


def _heavy_tail() -> Dataset:
    columns, kinds = amounts(700, seed=12)
    return dataset({**columns, "y": np.exp(1.5 * columns["y"])}, kinds, target_kind=Kind.NUMBER)


def _strong_column() -> Dataset:
    """One column is right nineteen times of twenty, and is no leak for that."""
    columns, kinds = numbers(800, seed=13)
    draw = np.random.default_rng(13)
    truth = columns["y"] == "yes"
    columns["strong"] = column(np.where(truth ^ (draw.random(800) < 0.05), "high", "low").tolist())
    return dataset(columns, {**kinds, "strong": Kind.CATEGORY})


def _strong_number() -> Dataset:
    columns, kinds = amounts(700, seed=14)
    draw = np.random.default_rng(14)
    columns["strong"] = columns["y"] + 0.2 * columns["y"].std() * draw.normal(size=700)
    return dataset(columns, {**kinds, "strong": Kind.NUMBER}, target_kind=Kind.NUMBER)


def _constant_column() -> Dataset:
    """A set that was filtered by country, and two columns that say the same in words and numbers."""
    columns, kinds = numbers(600, seed=15)
    degree = np.random.default_rng(15).integers(0, 4, 600)
    columns["country"] = column(["DK"] * 600)
    columns["degree"] = column([("none", "school", "college", "doctor")[cell] for cell in degree])
    columns["degree_number"] = degree.astype(np.float64)
    more = {"country": Kind.CATEGORY, "degree": Kind.CATEGORY, "degree_number": Kind.NUMBER}
    return dataset(columns, {**kinds, **more})


def _few_copies() -> Dataset:
    columns, kinds = numbers(600, seed=16)
    repeated = {name: np.concatenate([cells, cells[:12]]) for name, cells in columns.items()}
    return dataset(repeated, kinds, shares={"train": 1.0})


def _grouped() -> Dataset:
    """Twenty patients of thirty rows, each in one split."""
    columns, kinds = numbers(600, seed=17)
    columns["patient"] = np.repeat(np.arange(20.0), 30)
    return dataset(columns, kinds, shuffled=False, group="patient")


def _pairs() -> Dataset:
    """Pairs of sentences that share their first half."""
    draw = np.random.default_rng(18)
    first = sentences(draw, 60)
    columns = {
        "one": column(draw.choice(first, 500).tolist()),
        "two": column(sentences(draw, 500)),
        "y": column(draw.choice(["same", "other"], 500).tolist()),
    }
    return dataset(columns, {"one": Kind.TEXT, "two": Kind.TEXT})


def _optional_text() -> Dataset:
    """A title always, a body seldom."""
    draw = np.random.default_rng(19)
    bodies = [text if draw.random() < 0.3 else "" for text in sentences(draw, 400)]
    columns = {
        "title": column(sentences(draw, 400, length=6)),
        "body": column(bodies),
        "y": column(draw.choice(["a", "b"], 400).tolist()),
    }
    return dataset(columns, {"title": Kind.TEXT, "body": Kind.TEXT})


def _counts() -> Dataset:
    """Whole numbers that seldom repeat, such as populations: they are amounts, not identifiers."""
    columns, kinds = numbers(400, seed=20)
    people = np.round(np.exp(np.random.default_rng(20).normal(9, 1.5, 400)))
    return dataset({**columns, "people": people}, {**kinds, "people": Kind.NUMBER})


def _sorted() -> Dataset:
    """The training file is sorted by label; splits were drawn before."""
    made = _of(numbers(600, seed=21))
    train = made["train"]
    order = np.argsort(train.columns["y"].astype(str), kind="stable")
    return Dataset(splits={**made.splits, "train": train.take(order)}, schema=made.schema)


def _slow_drift() -> Dataset:
    """Sixty days in their order, with a slow trend."""
    draw = np.random.default_rng(22)
    rows = 1440
    hour = np.arange(rows) % 24
    load = 10 + np.sin(hour / 24 * 2 * np.pi) + 0.0002 * np.arange(rows) + 0.5 * draw.normal(size=rows)
    columns = {"hour": hour.astype(np.float64), "wind": draw.normal(size=rows), "y": load}
    return dataset(columns, {"hour": Kind.NUMBER, "wind": Kind.NUMBER}, target_kind=Kind.NUMBER, shuffled=False)


def _untested_class() -> Dataset:
    """A class of eleven rows that the draw put into training alone."""
    made = _of(numbers(600, seed=23))
    train = made["train"]
    labels = train.columns["y"].copy()
    labels[:11] = "maybe"
    return Dataset(
        splits={**made.splits, "train": type(train)(columns={**train.columns, "y": labels}, ids=train.ids)},
        schema=made.schema,
    )


HEALTHY_DATASETS: tuple[Healthy[Dataset], ...] = (
    Healthy(name="numbers", make=lambda: _of(numbers())),
    Healthy(name="amounts", make=lambda: _of(amounts(), target_kind=Kind.NUMBER)),
    Healthy(name="texts", make=texts),
    Healthy(name="imbalanced", make=_imbalanced),
    Healthy(name="small", make=_small),
    Healthy(name="ratings", make=_ratings),
    Healthy(name="short texts", make=_short_texts),
    Healthy(name="coarse table", make=_coarse_table),
    Healthy(name="survey", make=_survey),
    Healthy(name="numbered labels", make=_numbered_labels),
    Healthy(name="code labels", make=_code_labels),
    Healthy(name="letters", make=_letters),
    Healthy(name="missing", make=_missing),
    Healthy(name="images", make=_images),
    Healthy(name="heavy tail", make=_heavy_tail),
    Healthy(name="strong column", make=_strong_column),
    Healthy(name="strong number", make=_strong_number),
    Healthy(name="constant column", make=_constant_column),
    Healthy(name="few copies", make=_few_copies),
    Healthy(name="grouped", make=_grouped),
    Healthy(name="pairs", make=_pairs),
    Healthy(name="optional text", make=_optional_text),
    Healthy(name="counts", make=_counts),
    Healthy(name="sorted", make=_sorted),
    Healthy(name="slow drift", make=_slow_drift),
    Healthy(name="untested class", make=_untested_class),
    *HEALTHY_TAGGING,
)
