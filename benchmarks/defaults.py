"""Defaults alone on real data: `kilter init` and `kilter run` on each set, beside the simple models of that run.

Each set goes the whole way in processes of its own, as a person would do it: nothing is set but the device's threads.
The figures of reference are those of the sets' own pages, and are not measured here. Without `KILTER_SHARED` there is
nothing to run on, which the script says.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, final

from machine import RESULTS, write_result

REFERENCE = {
    "adult": (0.9268, "roc_auc"),
    "banking77": (0.9094, "accuracy"),
    "bike_sharing": (0.771, "r2"),
    "boolq_small": (0.6477, "accuracy"),
    "california_housing": (0.8243, "r2"),
    "cifar10_small": (0.345, "accuracy"),
    "mammography": (0.7504, "average_precision"),
    "mnist10k": (0.9408, "accuracy"),
    "restaurants8k": (0.919, "span_f1"),
    "sick": (0.7806, "accuracy"),
    "sst2": (0.8331, "accuracy"),
    "tinyshakespeare": (1.8498, "nats_per_character"),
    "trec6": (0.904, "accuracy"),
    "tweet_emotion": (0.7037, "accuracy"),
    "wnut17": (0.1381, "span_f1"),
}
"""The best simple baseline that a set's page gives, where this script compares with it, and the score it is of."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One set: what was guessed, how the network and the best simple model of the run did on test, and the time."""

    name: str
    task: str
    target: str
    status: str
    score: str
    network: float | None
    low: float | None
    high: float | None
    baseline: str
    baseline_value: float | None
    reference: float | None
    seconds: float


def main() -> None:
    """Run, print the table, write the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", default=list(REFERENCE), help="sets; all of them where none is named")
    parser.add_argument("--out", type=Path, default=RESULTS / "defaults.json")
    options = parser.parse_args()
    shared = Path(os.environ.get("KILTER_SHARED", "../shared")).resolve() / "data"
    if not shared.is_dir():
        print(f"skipped: {shared} is not there; KILTER_SHARED says where the sets are")
        return
    print(f"{'':20}{'task':16}{'score':20}{'network':>9}{'best simple':>13}{'reference':>11}{'seconds':>9}")
    rows = []
    for row in measured(options.names, shared):
        rows.append(row)
        values = "".join(
            f"{'-' if value is None else f'{value:.3f}':>{width}}"
            for value, width in ((row.network, 9), (row.baseline_value, 13), (row.reference, 11))
        )
        print(f"{row.name:20}{row.task:16}{row.score:20}{values}{row.seconds:>9,.0f}  {row.baseline}", flush=True)
    write_result(options.out, "datasets", [asdict(row) for row in rows], versions=("torch", "scikit-learn"))


def measured(names: list[str], shared: Path) -> Iterator[Row]:
    """A row for each set, as soon as it is there."""
    for name in names:
        with tempfile.TemporaryDirectory() as folder:
            began = time.perf_counter()
            kilter(folder, "init", str(shared / name))
            run = kilter(folder, "run", "kilter.yaml", "--json")
            yield made(name, json.loads(run or "{}"), Path(folder), time.perf_counter() - began)


def kilter(folder: str, *arguments: str) -> str:
    """What a command says on its standard output."""
    command = [sys.executable, "-m", "kilter", *arguments]
    return subprocess.run(command, cwd=folder, check=False, capture_output=True, text=True).stdout


def made(name: str, said: dict[str, Any], folder: Path, seconds: float) -> Row:
    """The row of a run, from its folder."""
    run = next(iter(sorted((folder / "runs").glob("*"))), folder)
    config, evaluation = read(run / "config.json"), read(run / "evaluation.json")
    reference, score = REFERENCE[name]
    on_test = [each for each in evaluation.get("evaluations", []) if each["split"] == "test"]
    values = {each["model"]: value_of(each, score) for each in on_test}
    network = values.pop("model", {})
    smaller = network.get("larger_is_better") is False
    rivals = {model: value["value"] for model, value in values.items() if value.get("value") is not None}
    best = min(rivals, key=lambda model: rivals[model] * (1 if smaller else -1)) if rivals else ""
    return Row(
        name=name,
        task=str(config.get("task")),
        target=", ".join(config.get("data", {}).get("target", [])),
        status=str(said.get("status", "no run")),
        score=score,
        network=network.get("value"),
        low=network.get("low"),
        high=network.get("high"),
        baseline=best,
        baseline_value=rivals.get(best),
        reference=reference,
        seconds=seconds,
    )


def read(path: Path) -> dict[str, Any]:
    """A JSON file, empty where there is none."""
    found: dict[str, Any] = json.loads(path.read_text("utf-8")) if path.exists() else {}
    return found


def value_of(evaluation: dict[str, Any], score: str) -> dict[str, Any]:
    """One score of an evaluation."""
    scores = evaluation["measures"]["scores"]
    return next((each for each in scores if each["name"] == score), {})


if __name__ == "__main__":
    main()
