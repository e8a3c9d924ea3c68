"""Batches of like length by a budget of tokens, beside padding to the longest, random batches and `group_by_length`.

Padding: the share of positions that hold no token, and how much padded tokens vary from batch to batch. Speed: tokens
that are there, a CPU second of training steps, of a small transformer; contenders take turns, and the ratio is the
median of the rounds' ratios. Accuracy on test: the same recipe with random batches and with kilter's, as many rows a
step on the average, seed by seed.

`group_by_length` is transformers' own sampler, from the extra `logs`; without it, it is left out. Without
`KILTER_SHARED` there are only drawn lengths.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, final

import numpy as np
import torch
from machine import RESULTS, write_result
from numpy.typing import NDArray
from scipy import stats
from torch.nn import functional

import kilter
from kilter.data.encoded import EncodedSource
from kilter.data.preprocessing import Encoded
from kilter.data.ragged import Ragged
from kilter.engine.optimizers import make_optimizer
from kilter.engine.predicting import predict
from kilter.engine.stepping import step
from kilter.tasks.classification import Classification
from kilter.training.fit import fit
from kilter.values.batch import Batch
from kilter.values.pipeline import Pipeline
from kilter.values.recipe import BatchSize, Recipe
from kilter.values.source import Plan, Source
from kilter.values.table import Field, Kind, Schema, Table

SIZE = 32  # rows a batch, of kilter's on the average
VOCABULARY = 1000
LONGEST = 256  # tokens that a drawn row has at most
MEDIAN = 32
SPREAD = 1.0  # of the logarithm of drawn lengths
FASTER, WASTE, EVEN, POINT = 3.5, 0.04, 0.10, 0.01  # the bars
RANDOM, KILTER = "random", "kilter"
MODEL = {"name": "transformer", "width": 64, "layers": 2, "heads": 4, "dropout": 0.0}

Lengths = NDArray[np.int64]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """One set of rows: how long each is, and a pipeline over them as kilter would train it."""

    name: str
    lengths: Lengths
    pipeline: Pipeline

    @property
    def source(self) -> Source:
        """The training rows."""
        return self.pipeline.splits["train"]


def drawn(count: int) -> Rows:
    """Random tokens, as many a row as a lognormal distribution says."""
    random = np.random.default_rng(0)
    lengths = random.lognormal(np.log(MEDIAN), SPREAD, count).round().clip(1, LONGEST).astype(np.int64)
    tokens = Ragged(
        flat=random.integers(5, VOCABULARY, lengths.sum()).astype(np.int32),
        starts=np.concatenate([[0], np.cumsum(lengths)]),
    )
    targets = random.integers(0, 2, count)
    task = Classification(labels=("a", "b"))
    names = np.array([f"row {number}" for number in range(count)], dtype=object)
    source = EncodedSource(
        encoded=Encoded(rows=count, tokens=tokens),
        table=Table(columns={"text": names, "label": targets}, ids=tuple(names.tolist())),
        schema=Schema(inputs=(Field(name="text", kind=Kind.TEXT),), target="label", target_kind=Kind.CATEGORY),
        targets=targets,
        stack=task.stack,
        batch=BatchSize(tokens=budget(lengths)),
    )
    model = transformer(VOCABULARY, LONGEST)
    return Rows(
        name=f"lognormal (median {MEDIAN}, at most {LONGEST})",
        lengths=lengths,
        pipeline=Pipeline(task=task, make_model=model, splits={"train": source}, recipe=Recipe()),
    )


def transformer(vocabulary: int, longest: int) -> Callable[[], torch.nn.Module]:
    """A factory of kilter's small transformer."""
    from kilter.models.catalogue import make_factory
    from kilter.values.inputs import Inputs
    from kilter.values.recipe import ModelChoice
    from kilter.values.task import Form

    choice = ModelChoice.model_validate(MODEL)
    return make_factory(choice, Inputs(vocabulary=vocabulary, longest=longest), 2, Form.ROW)


def budget(lengths: Lengths) -> int:
    """Tokens a batch that hold as many rows as the others have, on the average."""
    return max(round(SIZE * float(lengths.mean()) / (1 - WASTE / 2)), int(lengths.max()))


def read(shared: Path, name: str) -> dict[str, list[dict[str, str]]]:
    """The texts and labels of a set, split by split."""
    return {
        split: [
            {"text": row["text"], "label": row["label"]}
            for row in map(json.loads, (shared / name / f"{file}.jsonl").read_text("utf-8").splitlines())
        ]
        for split, file in (("train", "train"), ("valid", "dev"), ("test", "test"))
    }


def of_texts(
    rows: dict[str, list[dict[str, str]]], model: dict[str, Any], batch: dict[str, int], length: str
) -> Pipeline:
    """A pipeline over words in their order."""
    return kilter.make_pipeline(
        rows["train"],
        target="label",
        task="classification",
        valid=rows["valid"],
        test=rows["test"],
        settings={
            "model": model,
            "preprocessing": {"unit": "word"},
            "batch": batch,
            "optimizer": {"learning_rate": 3e-3 if model["name"] == "textcnn" else 1e-3},
            "train": {"length": length},
        },
    )


def lengths_of(source: Source) -> Lengths:
    """Tokens of each row, as it is shown to a model."""
    rows = [source.plain([row]).inputs["tokens"].shape[1] for row in range(len(source))]
    return np.array(rows, dtype=np.int64)


def grouped(lengths: Lengths, epoch: int) -> Plan:
    """What `group_by_length` of the Hugging Face Trainer makes of the rows."""
    from transformers.trainer_pt_utils import get_length_grouped_indices

    order = get_length_grouped_indices(  # type: ignore[no-untyped-call]
        lengths.tolist(), SIZE, generator=torch.Generator().manual_seed(epoch)
    )
    return [order[at : at + SIZE] for at in range(0, len(order), SIZE)]


def shuffled(lengths: Lengths, epoch: int) -> Plan:
    """Rows at random."""
    order = np.random.default_rng([1, epoch]).permutation(len(lengths)).tolist()
    return [order[at : at + SIZE] for at in range(0, len(order), SIZE)]


def contenders(rows: Rows) -> dict[str, Callable[[int], Plan]]:
    """Who makes batches, by name: the plan of an epoch."""
    plans: dict[str, Callable[[int], Plan]] = {
        "padded to the longest": lambda epoch: shuffled(rows.lengths, epoch),
        RANDOM: lambda epoch: shuffled(rows.lengths, epoch),
    }
    if find_spec("transformers") is not None:
        plans["group_by_length"] = lambda epoch: grouped(rows.lengths, epoch)
    plans[KILTER] = lambda epoch: rows.source.plan(seed=0, epoch=epoch)
    return plans


def padded(name: str, plan: Plan, lengths: Lengths) -> NDArray[np.int64]:
    """Positions of each batch, padding included."""
    longest = lengths.max()
    return np.array([len(rows) * (longest if name.startswith("padded") else lengths[rows].max()) for rows in plan])


def widened(batch: Batch, width: int) -> Batch:
    """The batch, padded to so many tokens."""
    more = width - batch.inputs["tokens"].shape[1]
    inputs = {name: functional.pad(tensor, (0, more)) for name, tensor in batch.inputs.items()}
    return Batch(inputs=inputs, target=batch.target, weight=batch.weight, ids=batch.ids)


def tokens_a_second(rows: Rows, rounds: int, batches: int) -> dict[str, list[float]]:
    """Of each contender, tokens that are there a CPU second, round by round; they take turns."""
    plans, pipeline = contenders(rows), rows.pipeline
    trained = {name: pipeline.make_model() for name in plans}
    optimizers = {name: make_optimizer(pipeline, model) for name, model in trained.items()}
    streams: dict[str, Iterator[Sequence[int]]] = {name: endless(plan) for name, plan in plans.items()}
    speeds: dict[str, list[float]] = {name: [] for name in plans}
    for turn in range(rounds + 1):  # the first of them warms up
        for name, model in trained.items():
            drawn_rows = [next(streams[name]) for _ in range(batches)]
            began = time.process_time()
            for chosen in drawn_rows:
                batch = rows.source.batch(chosen, seed=0, epoch=0)
                if name.startswith("padded"):
                    batch = widened(batch, int(rows.lengths.max()))
                step(pipeline, model, optimizers[name], [batch], learning_rate=1e-3, clip_norm=1.0)
            took = time.process_time() - began
            if turn:
                speeds[name].append(sum(int(rows.lengths[chosen].sum()) for chosen in drawn_rows) / took)
    return speeds


def endless(plan: Callable[[int], Plan]) -> Iterator[Sequence[int]]:
    """Epoch after epoch, each in random order: batches of one length that follow one another would be no sample."""
    epoch = 0
    while True:
        batches = plan(epoch)
        for place in np.random.default_rng(epoch).permutation(len(batches)).tolist():
            yield batches[place]
        epoch += 1


def measured(rows: Rows, rounds: int, batches: int) -> list[dict[str, Any]]:
    """A row of the table for each contender."""
    speeds = tokens_a_second(rows, rounds, batches)
    table = []
    for name, plan in contenders(rows).items():
        positions = padded(name, plan(0), rows.lengths)
        ratios = [mine / other for mine, other in zip(speeds[name], speeds[RANDOM], strict=True)]
        table.append(
            {
                "set": rows.name,
                "batches": name,
                "rows_a_batch": len(rows.lengths) / len(positions),
                "waste": 1 - float(rows.lengths.sum() / positions.sum()),
                "variation": float(positions.std() / positions.mean()),
                "tokens_a_second": statistics.median(speeds[name]),
                "times_random": statistics.median(ratios),
                "rounds": speeds[name],
            }
        )
    return table


def accuracies(rows: dict[str, list[dict[str, str]]], lengths: Lengths, seeds: int, length: str) -> dict[str, Any]:
    """Test accuracy of random batches and of kilter's, seed by seed, and the interval of the difference."""
    model = {"name": "textcnn", "filters": 50}
    ways = {RANDOM: {"size": SIZE, "pool": 1}, KILTER: {"tokens": budget(lengths)}}
    pipelines = {way: of_texts(rows, model, batch, length) for way, batch in ways.items()}
    found: dict[str, list[float]] = {way: [] for way in ways}
    for seed in range(seeds):
        for way, made in pipelines.items():
            splits = {split: source for split, source in made.splits.items() if split != "valid"}
            recipe = made.recipe.replace("train.seed", seed).replace("stop.patience", None)
            pipeline = Pipeline(task=made.task, make_model=made.make_model, splits=splits, recipe=recipe)
            predictions = predict(pipeline, fit(pipeline).model, splits["test"]).predictions
            found[way].append(float(np.mean(predictions.decided == predictions.target)))
    differences = np.array(found[KILTER]) - np.array(found[RANDOM])
    half = float(stats.t.ppf(0.975, seeds - 1) * differences.std(ddof=1) / np.sqrt(seeds))
    mean = float(differences.mean())
    return {"accuracies": found, "difference": mean, "low": mean - half, "high": mean + half, "epochs": length}


def main() -> None:
    """Measure, print two tables, write JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=20_000, help="drawn rows")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--batches", type=int, default=16, help="a round")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--out", type=Path, default=RESULTS / "bucketing.json")
    options = parser.parse_args()
    torch.set_num_threads(1)
    shared = Path(os.environ.get("KILTER_SHARED", "../shared")).resolve() / "data"
    texts = {name: read(shared, name) for name in ("trec6", "sst2")} if shared.is_dir() else {}
    if not texts:
        print(f"trec6 and sst2 are left out: {shared} is not there; KILTER_SHARED says where the sets are")
    sets = [drawn(options.rows)]
    for name, rows in texts.items():
        lengths = lengths_of(of_texts(rows, MODEL, {"size": SIZE}, "1ep").splits["train"])
        pipeline = of_texts(rows, MODEL, {"tokens": budget(lengths)}, "1ep")
        sets.append(Rows(name=name, lengths=lengths, pipeline=pipeline))
    print(f"{'':58}{'padding':>8}{'variation':>11}{'tokens/s':>10}{'x random':>10}")
    table: list[dict[str, Any]] = []
    for each in sets:
        for row in measured(each, options.rounds, options.batches):
            table.append(row)
            print(
                f"{row['set']:36}{row['batches']:22}{row['waste']:>8.1%}{row['variation']:>11.2f}"
                f"{row['tokens_a_second']:>10,.0f}{row['times_random']:>10.2f}",
                flush=True,
            )
    judged = {}
    for name, rows in texts.items():
        lengths = next(each.lengths for each in sets if each.name == name)
        judged[name] = accuracies(rows, lengths, options.seeds, f"{options.epochs}ep")
        got = judged[name]
        means = {way: statistics.mean(values) for way, values in got["accuracies"].items()}
        difference, low, high = (100 * got[key] for key in ("difference", "low", "high"))
        print(
            f"{name}: test accuracy {means[RANDOM]:.4f} with random batches, {means[KILTER]:.4f} with kilter's; "
            f"difference {difference:+.2f} points, 95 % interval {low:+.2f} to {high:+.2f}, {options.seeds} seeds",
            flush=True,
        )
    own = [row for row in table if row["batches"] == KILTER]
    bars = {
        f"at least {FASTER} times random on drawn lengths": own[0]["times_random"] >= FASTER,
        f"padding at most {WASTE:.0%}": all(row["waste"] <= WASTE for row in own),
        f"variation at most {EVEN:.2f}": all(row["variation"] <= EVEN for row in own),
    }
    if judged:
        within = all(got["low"] >= -POINT and got["high"] <= POINT for got in judged.values())
        bars["interval of the difference in accuracy within 1 point"] = within
    for bar, met in bars.items():
        print(f"bar: {bar}, {'met' if met else 'MISSED'}")
    write_result(
        options.out,
        "bucketing",
        table,
        versions=("torch", "numpy", *(("transformers",) if find_spec("transformers") else ())),
        size=SIZE,
        seeds=options.seeds,
        threads=1,
        accuracy=judged,
        bars=bars,
    )


if __name__ == "__main__":
    main()
