"""Data sets with one fault each, which the checks of data must find."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from kilter.testing.healthy.datasets import amounts, numbers, texts
from kilter.testing.planted.sequences import PLANTED_SEQUENCES
from kilter.testing.planted.tagging import PLANTED_TAGGING
from kilter.testing.subjects import Planted
from kilter.testing.tables import column, dataset, sentences
from kilter.values.finding import Severity
from kilter.values.table import Dataset, Kind, Table

if TYPE_CHECKING:
    from numpy.typing import NDArray


def _whole(target_kind: Kind = Kind.CATEGORY, seed: int = 0) -> Dataset:
    columns, kinds = numbers(600, seed=seed) if target_kind is Kind.CATEGORY else amounts(600, seed=seed)
    return dataset(columns, kinds, target_kind=target_kind)


def _with(made: Dataset, split: str, **columns: NDArray[Any]) -> Dataset:
    """The data set with other columns in one split."""
    table = made[split]
    return Dataset(
        splits={**made.splits, split: Table(columns={**table.columns, **columns}, ids=table.ids)}, schema=made.schema
    )


def _joined(left: Table, right: Table) -> Table:
    columns = {name: np.concatenate([cells, right.columns[name]]) for name, cells in left.columns.items()}
    return Table(columns=columns, ids=(*left.ids, *(f"again/{name}" for name in right.ids)))


def _changed(cells: NDArray[Any], rows: Sequence[int] | NDArray[Any], value: object) -> NDArray[Any]:
    changed = cells.copy()
    changed[rows] = value
    return changed


def _more(
    kinds: Mapping[str, Kind], **columns: tuple[Callable[[dict[str, NDArray[Any]]], NDArray[Any]], Kind]
) -> Dataset:
    """Numbers of two classes with further input columns, made from those that there are."""
    amount = kinds.get("y") is Kind.NUMBER
    made, fields = amounts(600) if amount else numbers(600)
    for name, (make, kind) in columns.items():
        made[name] = make(made)
        fields[name] = kind
    return dataset(made, fields, target_kind=Kind.NUMBER if amount else Kind.CATEGORY)


def _copies() -> Dataset:
    made = texts()
    train = made["train"]
    return Dataset(splits={**made.splits, "train": _joined(train, train.take(range(100)))}, schema=made.schema)


def _shared(made: Dataset, count: int, *, loosely: bool = False) -> Dataset:
    train, test = made["train"], made["test"]
    moved = test.take(range(count))
    if loosely:
        spoken = column([f"  {text.upper()} " for text in moved.columns["text"]])
        moved = Table(columns={**moved.columns, "text": spoken}, ids=moved.ids)
    return Dataset(splits={**made.splits, "train": _joined(train, moved)}, schema=made.schema)


def _contradictions() -> Dataset:
    made = texts()
    moved = made["train"].take(range(20))
    other = column(["loud" if label == "calm" else "calm" for label in moved.columns["y"]])
    against = Table(columns={**moved.columns, "y": other}, ids=moved.ids)
    return Dataset(splits={**made.splits, "train": _joined(made["train"], against)}, schema=made.schema)


def _misspelt(written: str, count: int) -> Dataset:
    made = texts(labels=("arrival", "refund", "top_up"))
    labels = made["train"].columns["y"]
    rows = np.flatnonzero(labels == "arrival")[:count]
    return _with(made, "train", y=_changed(labels, rows, written))


def _rare() -> Dataset:
    made = texts()
    return _with(made, "train", y=_changed(made["train"].columns["y"], [3, 5], "silent"))


def _unseen() -> Dataset:
    made = texts()
    return _with(made, "test", y=_changed(made["test"].columns["y"], range(9), "silent"))


def _imbalanced() -> Dataset:
    columns, kinds = numbers(2000, share=0.02)
    return dataset(columns, kinds)


def _infinite_pixels() -> Dataset:
    draw = np.random.default_rng(0)
    pixels = draw.random((90, 6, 6)).astype(np.float32)
    pixels[40, 2, 2] = np.nan
    labels = column(draw.choice(["a", "b"], 90).tolist())
    return dataset({"x": pixels, "y": labels}, {"x": Kind.IMAGE})


def _all_constant() -> Dataset:
    columns, _ = numbers(300)
    kept = {"x0": np.ones(300), "x1": np.zeros(300), "y": columns["y"]}
    return dataset(kept, {"x0": Kind.NUMBER, "x1": Kind.NUMBER})


def _telling_token() -> Dataset:
    draw = np.random.default_rng(0)
    labels = draw.choice(["spam", "ham"], 400)
    spoken = [f"{text} [{label}]" for text, label in zip(sentences(draw, 400), labels, strict=True)]
    return dataset({"text": column(spoken), "y": column(labels.tolist())}, {"text": Kind.TEXT})


def _total() -> Dataset:
    draw = np.random.default_rng(0)
    casual, registered = draw.poisson(20, 600), draw.poisson(60, 600)
    columns = {
        "temperature": draw.normal(size=600),
        "casual": casual.astype(np.float64),
        "registered": registered.astype(np.float64),
        "y": (casual + registered).astype(np.float64),
    }
    kinds = dict.fromkeys(("temperature", "casual", "registered"), Kind.NUMBER)
    return dataset(columns, kinds, target_kind=Kind.NUMBER)


def _product() -> Dataset:
    draw = np.random.default_rng(0)
    price, count, weight = (
        draw.uniform(1, 9, 600),
        draw.integers(1, 30, 600).astype(np.float64),
        draw.uniform(1, 2, 600),
    )
    columns = {"price": price, "count": count, "weight": weight, "y": price * count}
    kinds = dict.fromkeys(("price", "count", "weight"), Kind.NUMBER)
    return dataset(columns, kinds, target_kind=Kind.NUMBER)


def _by_label() -> Dataset:
    columns, kinds = numbers(600)
    order = np.argsort(columns["y"].astype(str), kind="stable")
    return dataset(
        {name: cells[order] for name, cells in columns.items()}, kinds, shares={"train": 1.0}, shuffled=False
    )


def _by_time() -> Dataset:
    draw = np.random.default_rng(0)
    level = np.cumsum(draw.normal(size=900))
    columns = {"x": draw.normal(size=900), "y": level}
    return dataset(columns, {"x": Kind.NUMBER}, target_kind=Kind.NUMBER, shares={"train": 1.0}, shuffled=False)


def _later_amounts() -> Dataset:
    columns, kinds = amounts(1500)
    return dataset(
        {**columns, "y": columns["y"] + np.linspace(0, 4, 1500)}, kinds, target_kind=Kind.NUMBER, shuffled=False
    )


def _cut_when_sorted() -> Dataset:
    columns, kinds = numbers(900)
    order = np.argsort(columns["y"].astype(str), kind="stable")
    return dataset({name: cells[order] for name, cells in columns.items()}, kinds, shuffled=False)


def _torn_groups() -> Dataset:
    columns, kinds = numbers(600)
    columns["patient"] = np.repeat(np.arange(60.0), 10)
    return dataset(columns, kinds, group="patient")


def _other_scale() -> Dataset:
    made = _whole()
    return _with(made, "test", x1=100 * made["test"].columns["x1"])


def _dark_images() -> Dataset:
    draw = np.random.default_rng(0)
    labels = column(draw.choice(["a", "b"], 200).tolist())
    made = dataset({"x": draw.uniform(0, 255, (200, 6, 6)), "y": labels}, {"x": Kind.IMAGE})
    return _with(made, "test", x=made["test"].columns["x"].astype(np.float64) / 255)


def _new_values() -> Dataset:
    columns, kinds = numbers(600)
    days = column([f"2024-{1 + day // 28:02d}-{1 + day % 28:02d}" for day in np.arange(600) // 4])
    return dataset({**columns, "day": days}, {**kinds, "day": Kind.CATEGORY}, shuffled=False)


def _gap() -> Dataset:
    made = _whole()
    cells = made["test"].columns["x2"]
    return _with(made, "test", x2=_changed(cells, range(len(cells) // 2), np.nan))


def _nothing(target: object) -> Dataset:
    made = _whole()
    return _with(made, "train", y=column([target] * len(made["train"])))


def _column_missing() -> Dataset:
    return _more({}, lost=(lambda made: np.full(len(made["y"]), np.nan), Kind.NUMBER))


_NUMBER = {"y": Kind.NUMBER}

PLANTED_DATASETS: tuple[Planted[Dataset], ...] = (
    Planted(code="D101", name="rows twice", make=_copies, causes=("data_anomaly",)),
    Planted(code="D102", name="test rows in training", make=lambda: _shared(texts(), 10), causes=("train_val_leak",)),
    Planted(
        code="D102",
        name="test rows in training up to case",
        make=lambda: _shared(texts(), 10, loosely=True),
        causes=("train_val_leak",),
    ),
    Planted(code="D102", name="rows of numbers in both", make=lambda: _shared(_whole(), 6), causes=("train_val_leak",)),
    Planted(code="D103", name="two labels for one text", make=_contradictions, causes=("label_noise",)),
    Planted(code="D104", name="another case", make=lambda: _misspelt("Arrival", 5), causes=("label_noise",)),
    Planted(code="D104", name="a space", make=lambda: _misspelt("arrival ", 5), causes=("label_noise",)),
    Planted(code="D104", name="a slip", make=lambda: _misspelt("arrvial", 2), causes=("label_noise",)),
    Planted(code="D105", name="two rows of a class", make=_rare, causes=("too_little_data",)),
    Planted(
        code="D106", name="a label of the test only", make=_unseen, causes=("unshuffled_split", "distribution_shift")
    ),
    Planted(code="D107", name="two in a hundred", make=_imbalanced, causes=("imbalance_zero_recall", "wrong_metric")),
    Planted(
        code="D108",
        name="targets missing",
        make=lambda: _with(_whole(), "train", y=_changed(_whole()["train"].columns["y"], [0, 4], None)),
        causes=("data_anomaly",),
    ),
    Planted(code="D108", name="a gap in one split", make=_gap, causes=("distribution_shift",)),
    Planted(
        code="D109",
        name="infinite",
        make=lambda: _with(_whole(), "train", x0=_changed(_whole()["train"].columns["x0"], [7], np.inf)),
        causes=("nan_in_data",),
    ),
    Planted(code="D109", name="a pixel that is none", make=_infinite_pixels, causes=("nan_in_data",)),
    Planted(code="D110", name="a column without values", make=_column_missing, causes=("constant_input",)),
    Planted(
        code="D110",
        name="constant in training only",
        make=lambda: _with(_whole(), "train", x0=np.zeros(len(_whole()["train"]))),
        causes=("constant_input",),
    ),
    Planted(
        code="D110", name="all constant", make=_all_constant, causes=("constant_input",), severity=Severity.FAILURE
    ),
    Planted(
        code="D111",
        name="a column twice",
        make=lambda: _more({}, again=(lambda made: made["x0"].copy(), Kind.NUMBER)),
        causes=("data_anomaly",),
        severity=Severity.NOTE,
    ),
    Planted(
        code="D112",
        name="a running number",
        make=lambda: _more({}, row=(lambda made: np.arange(len(made["y"]), dtype=np.float64), Kind.NUMBER)),
        causes=("overfitting", "target_leak"),
    ),
    Planted(
        code="D112",
        name="a name of its own",
        make=lambda: _more(
            {}, key=(lambda made: column([f"u{at * 7919}" for at in range(len(made["y"]))]), Kind.CATEGORY)
        ),
        causes=("overfitting", "target_leak"),
    ),
    Planted(
        code="D113",
        name="a flag that follows the label",
        make=lambda: _more(
            {}, flag=(lambda made: column(["A" if y == "yes" else "R" for y in made["y"]]), Kind.CATEGORY)
        ),
        causes=("target_leak",),
    ),
    Planted(
        code="D113",
        name="a number that follows the label",
        make=lambda: _more(
            {}, score=(lambda made: (made["y"] == "yes") + 0.2 * np.sin(np.arange(len(made["y"]))), Kind.NUMBER)
        ),
        causes=("target_leak",),
    ),
    Planted(
        code="D113",
        name="the amount in another unit",
        make=lambda: _more(_NUMBER, other=(lambda made: 1.8 * made["y"] + 32, Kind.NUMBER)),
        causes=("target_leak",),
    ),
    Planted(
        code="D113",
        name="the target itself",
        make=lambda: _more(_NUMBER, copy=(lambda made: made["y"].copy(), Kind.NUMBER)),
        causes=("target_leak",),
        severity=Severity.FAILURE,
    ),
    Planted(code="D113", name="the label in the text", make=_telling_token, causes=("target_leak",)),
    Planted(code="D114", name="the parts of a total", make=_total, causes=("target_leak",)),
    Planted(code="D114", name="the factors of a product", make=_product, causes=("target_leak",)),
    Planted(
        code="D115",
        name="blank texts",
        make=lambda: _with(texts(), "train", text=_changed(texts()["train"].columns["text"], range(8), " \u200b")),
        causes=("data_anomaly",),
    ),
    Planted(code="D116", name="sorted by label", make=_by_label, causes=("no_shuffle_sorted",), severity=Severity.NOTE),
    Planted(code="D116", name="in time", make=_by_time, causes=("no_shuffle_sorted",), severity=Severity.NOTE),
    Planted(code="D117", name="later amounts", make=_later_amounts, causes=("distribution_shift",)),
    Planted(code="D117", name="cut when sorted", make=_cut_when_sorted, causes=("unshuffled_split",)),
    Planted(
        code="D118",
        name="one class",
        make=partial(_nothing, "yes"),
        causes=("task_trivial",),
        severity=Severity.FAILURE,
    ),
    Planted(
        code="D118",
        name="no target",
        make=partial(_nothing, None),
        causes=("task_trivial", "data_anomaly"),
        severity=Severity.FAILURE,
    ),
    Planted(code="D119", name="patients torn apart", make=_torn_groups, causes=("train_val_leak",)),
    Planted(code="D120", name="another scale", make=_other_scale, causes=("val_preprocess_mismatch",)),
    Planted(code="D120", name="pixels from 0 to 1", make=_dark_images, causes=("val_preprocess_mismatch",)),
    Planted(code="D120", name="days that are always new", make=_new_values, causes=("vocabulary_mismatch",)),
    *PLANTED_TAGGING,
    *PLANTED_SEQUENCES,
)
