"""How many of the labels that look most wrong are wrong: a tenth of the labels of trec6 and digits is changed.

Labels are changed to any other class (uniform), or each class to one that it is easily taken for (pairs). Models that
have not seen a row answer it, as `kilter suspects` lets them, and precision at k is counted, k being the number of
changed labels: of kilter's suspects, the rest by self-confidence; of the same by normalised margin; of the rows in the
order of their loss by the same probabilities; of what cleanlab finds, where it is installed; and of any order (random).
Labels that were wrong before count as right ones, so that all are a little better than what stands here.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from statistics import mean
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from machine import RESULTS, write_result
from sklearn.datasets import load_digits

from kilter.metrics.label_noise import noise_rate, ranked, suspects
from kilter.models.baselines import make_baseline
from kilter.models.lesson import Lesson
from kilter.search.by_cleanlab import suspects_by_cleanlab
from kilter.search.out_of_fold import assign_folds, out_of_fold, together
from kilter.values.errors import MissingDependency
from kilter.values.table import Field, Kind, Schema, Table

PLANTED = 0.1  # of the labels
BAR = 0.7  # precision at k of kilter's suspects, uniform changes, the mean over seeds
FOLDS = 5
TREC = {"ABBR": "DESC", "DESC": "ENTY", "ENTY": "DESC", "HUM": "ENTY", "LOC": "ENTY", "NUM": "DESC"}
DIGITS = {"0": "6", "1": "8", "2": "3", "3": "8", "4": "9", "5": "9", "6": "0", "7": "9", "8": "1", "9": "3"}
Labels = npt.NDArray[np.int64]
Shares = npt.NDArray[np.float64]


class Task(NamedTuple):
    """Rows with their labels, and what may answer them: the baselines that `kilter suspects` would ask."""

    name: str
    table: Table
    labels: Labels
    names: tuple[str, ...]
    schema: Schema
    taken_for: Mapping[str, str]
    baselines: tuple[str, ...]


def main() -> None:
    """Plant, look, print the table, write the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--out", type=Path, default=RESULTS / "label_noise.json")
    options = parser.parse_args()
    shared = Path(os.environ.get("KILTER_SHARED", Path(__file__).parents[2] / "shared"))
    tasks = [digits()]
    if (shared / "data" / "trec6").is_dir():
        tasks.append(trec(shared / "data" / "trec6" / "train.jsonl"))
    else:
        print(f"trec6 is left out: {shared} is not there; KILTER_SHARED says where the sets are")
    columns = ("suspects", "margin", "loss", "cleanlab", "random", "found", "right", "estimated")
    print(f"{'data':8}{'changed':10}{'by':12}" + "".join(f"{name:>10}" for name in columns) + f"{'CPU s':>8}")
    rows = []
    for task in tasks:
        for kind in ("uniform", "pairs"):
            rows.append(row := told(task, kind, [planted(task, kind, seed) for seed in range(options.seeds)]))
            figures = "".join("         –" if row[name] is None else f"{row[name]:>10.3f}" for name in columns)
            print(f"{task.name:8}{kind:10}{row['by']:12}{figures}{row['cpu_seconds']:>8.1f}", flush=True)
    write_result(
        options.out,
        "label_noise",
        rows,
        versions=("numpy", "scikit-learn"),
        seeds=options.seeds,
        planted=PLANTED,
        folds=FOLDS,
        bar=f"precision at k of the suspects is {BAR} or more where labels are changed to any other class",
        bar_met=all(row["suspects"] >= BAR for row in rows if row["changed"] == "uniform"),
    )


def told(task: Task, kind: str, found: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The means over seeds."""
    means = {
        name: None if found[0][name] is None else round(mean(each[name] for each in found), 4)
        for name in found[0]
        if name != "by"
    }
    by = ", ".join(dict.fromkeys(each["by"] for each in found))
    lowest = round(min(each["suspects"] for each in found), 4)
    return {"data": task.name, "changed": kind, "rows": len(task.labels), "by": by, "lowest": lowest, **means}


def planted(task: Task, kind: str, seed: int) -> dict[str, Any]:
    """One change of labels, and what of it is found."""
    generator = np.random.default_rng(seed)
    n, k = len(task.labels), round(PLANTED * len(task.labels))
    places = generator.permutation(n)[:k]
    given = task.labels.copy()
    if kind == "uniform":
        given[places] = (given[places] + generator.integers(1, len(task.names), k)) % len(task.names)
    else:
        other = np.array([task.names.index(task.taken_for[name]) for name in task.names])
        given[places] = other[given[places]]
    changed = given != task.labels
    began = time.process_time()
    folds = assign_folds(together(np.arange(n)), given, folds=FOLDS, seed=seed)

    def answer(name: str, kept: Labels, asked: Labels) -> Shares:
        baseline = make_baseline(name, task.schema, task.names, seed=seed)
        baseline.fit(Lesson(task.table.take(kept), given[kept]))
        return np.asarray(baseline.answer(task.table.take(asked)))

    def cost(rows: Labels, shares: Shares) -> float:
        return float(-np.log(np.maximum(shares[np.arange(len(rows)), given[rows]], 1e-6)).mean())

    by, shares = out_of_fold(folds, {name: partial(answer, name) for name in task.baselines}, cost)
    seconds = time.process_time() - began
    found = suspects(given, shares)
    try:
        peers: Labels | None = suspects_by_cleanlab(given, shares)
    except MissingDependency:
        peers = None
    rest = ranked(given, shares)
    return {
        "by": by,
        "suspects": precision(found, rest, changed),
        "margin": precision(suspects(given, shares, rank="normalised margin"), rest, changed),
        "loss": precision(rest, rest, changed),
        "cleanlab": None if peers is None else precision(peers, rest, changed),
        "random": k / n,
        "found": float(changed[found].sum() / k),
        "right": float(changed[found].mean()),
        "estimated": float(noise_rate(given, shares).value or 0.0),
        "cpu_seconds": seconds,
    }


def precision(first: Labels, rest: Labels, changed: npt.NDArray[np.bool_]) -> float:
    """The share of changed labels among the first k, k being how many were changed; the rest follows the first."""
    order = np.concatenate([first, rest[~np.isin(rest, first)]])
    return float(changed[order[: int(changed.sum())]].mean())


def trec(path: Path) -> Task:
    """Questions of six kinds."""
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    texts = np.empty(len(rows), dtype=object)
    texts[:] = [row["text"] for row in rows]
    labels = np.array([sorted(TREC).index(row["label"]) for row in rows])
    return _task("trec6", "text", Kind.TEXT, texts, labels, TREC, ("linear",))


def digits() -> Task:
    """Images of ten digits."""
    data = load_digits()
    return _task(
        "digits", "image", Kind.IMAGE, data.images.astype(np.uint8), data.target, DIGITS, ("linear", "small-mlp")
    )


def _task(  # noqa: PLR0917 - in the order of the columns of a table
    name: str, column: str, kind: Kind, cells: Any, labels: Labels, taken_for: Mapping[str, str], by: tuple[str, ...]
) -> Task:
    schema = Schema(inputs=(Field(name=column, kind=kind),), target="label", target_kind=Kind.CATEGORY)
    table = Table(columns={column: cells}, ids=tuple(f"{name}:{row}" for row in range(len(labels))))
    return Task(name, table, labels, tuple(sorted(taken_for)), schema, taken_for, by)


if __name__ == "__main__":
    main()
