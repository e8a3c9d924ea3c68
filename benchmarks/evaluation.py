"""What scoring costs: intervals, precision and recall, spans, and a whole evaluation, beside what others take.

CPU time on one thread, ours and theirs by turns in one process; of several rounds the shortest counts, since other work
on the machine only ever adds. The bootstrap loop draws all examples anew for each resample and scores them with
scikit-learn; it is measured for a few resamples and multiplied up to 10,000, which each row says. The whole evaluation
is scores, calibration, slices and mistakes of a million rows; what it holds beyond the predictions and the table is
counted in a second pass, by tracemalloc, which sees arrays as well as objects.
"""

from __future__ import annotations

import argparse
import time
import tracemalloc
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import torch
from machine import RESULTS, write_result
from seqeval.metrics import f1_score as seqeval_f1
from seqeval.scheme import IOB2
from sklearn.metrics import accuracy_score, f1_score, precision_recall_fscore_support
from threadpoolctl import threadpool_limits

from kilter.evaluation.evaluating import evaluate, with_probabilities
from kilter.evaluation.slices import find_slices
from kilter.metrics.classification import classification_scores, joint_counts
from kilter.metrics.confusion import averages, labels_read, margins, rates, resample_margins
from kilter.metrics.intervals import percentile_interval
from kilter.metrics.spans import count_spans
from kilter.tasks.classification import Classification
from kilter.values.predictions import Predictions
from kilter.values.table import Dataset, Field, Kind, Schema, Table

RESAMPLES = 10_000
BARS = {"interval": 400.0, "rates against scikit-learn": 30.0, "rates against torchmetrics": 1.0, "spans": 8.0}
BAR_SECONDS, BAR_MEMORY = 10.0, 1.0  # of a whole evaluation: CPU seconds; bytes beyond the arrays, as their share
Row = dict[str, Any]


def main() -> None:
    """Measure, print the table, write the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--short", action="store_true", help="a tenth of the examples, up to 10 classes, one round")
    parser.add_argument("--out", type=Path, default=RESULTS / "evaluation.json")
    options = parser.parse_args()
    torch.set_num_threads(1)
    rounds, scale = (1, 10) if options.short else (options.rounds, 1)
    sizes = [10_000, 100_000] if options.short else [10_000, 100_000, 1_000_000]
    classes = [2, 10] if options.short else [2, 10, 100]
    rows: list[Row] = []
    with threadpool_limits(limits=1):
        print(f"{'':58}{'ours':>11}{'theirs':>13}{'ratio':>10}{'bar':>7}")
        for row in (
            *(interval_row(n, k, rounds) for n in sizes for k in classes),
            *rates_rows(1_000_000 // scale, 10, rounds),
            spans_row(200_000 // scale, rounds),
        ):
            rows.append(row)
            show(row)
        whole = whole_row(1_000_000 // scale, 10, rounds)
    rows.append(whole)
    print(
        f"{whole['what']}: {whole['seconds']:.2f} s (bar {BAR_SECONDS:g}), beyond the arrays {whole['beyond']:.0%} of"
        f" their {whole['array_bytes'] / 1e6:,.0f} MB (bar {BAR_MEMORY:.0%})"
    )
    met = all(row["bar_met"] is not False for row in rows)
    print(f"all bars {'met' if met else 'NOT met'}")
    write_result(
        options.out,
        "evaluation",
        rows,
        versions=("numpy", "scikit-learn", "seqeval", "torch"),
        resamples=RESAMPLES,
        threads=1,
        short=options.short,
        bar_met=met,
    )


def show(row: Row) -> None:
    """Print one line of the table."""
    if row["theirs"] is None:
        print(f"{row['what']:58}{row['ours']:>11.4f}{'–':>13}  {row['note']}", flush=True)
        return
    mark = "" if row["bar_met"] else "  MISSED"
    print(
        f"{row['what']:58}{row['ours']:>11.4f}{row['theirs']:>13.3f}{row['ratio']:>9,.1f}x{row['bar']:>7g}"
        f"  {row['note']}{mark}",
        flush=True,
    )


def compared(what: str, bar: float, ours: float, theirs: float | None, note: str = "") -> Row:
    """A row of the table: seconds of each, and how many times as long they take."""
    ratio = None if theirs is None else theirs / ours
    met = None if ratio is None else ratio >= bar
    return {"what": what, "ours": ours, "theirs": theirs, "ratio": ratio, "bar": bar, "bar_met": met, "note": note}


def by_turns(rounds: int, *runs: Callable[[], object]) -> Iterator[float]:
    """The fewest CPU seconds of each run, after one that does not count."""
    taken: list[list[float]] = [[] for _ in runs]
    for number in range(rounds + 1):
        for run, seconds in zip(runs, taken, strict=True):
            began = time.process_time()
            run()
            if number:
                seconds.append(time.process_time() - began)
    return map(min, taken)


def draw(n: int, k: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Targets, and decisions that are right in about 80 of 100 and else anything: hardly a cell stays empty."""
    generator = np.random.default_rng(0)
    target = generator.integers(0, k, n)
    return target, np.where(generator.random(n) < 0.8, target, generator.integers(0, k, n))


def interval_row(n: int, k: int, rounds: int) -> Row:
    """Intervals of accuracy and macro F1 from 10,000 resamples; counting the examples is part of it."""
    target, decided = draw(n, k)
    generator = np.random.default_rng(1)

    def two_scores() -> None:
        accuracy, macro_f1 = [], []
        for chunk in resample_margins(joint_counts(target, decided, k), resamples=RESAMPLES):
            accuracy.append(chunk.hits.sum(axis=-1) / n)
            f1, read = rates(chunk)[2], labels_read(chunk, "observed")
            macro_f1.append(np.where(read, f1, 0.0).sum(axis=-1) / read.sum(axis=-1))
        for values in (accuracy, macro_f1):
            percentile_interval(np.concatenate(values), n=n)

    def all_scores() -> None:
        classification_scores(target, decided, k, resamples=RESAMPLES)

    def one_resample() -> None:
        drawn = generator.integers(0, n, n)
        accuracy_score(target[drawn], decided[drawn])
        f1_score(target[drawn], decided[drawn], average="macro")

    ours, every, theirs = by_turns(max(rounds, 3), two_scores, all_scores, one_resample)
    note = f"loop extrapolated from {max(rounds, 3)} of {RESAMPLES:,}; all twelve scores {every:.3f} s"
    row = compared(f"interval, {n:,} x {k} classes", BARS["interval"], ours, theirs * RESAMPLES, note)
    return row | {"all_scores": every}


def rates_rows(n: int, k: int, rounds: int) -> tuple[Row, Row]:
    """Precision, recall and F1 of each class and their averages, values alone, against both libraries."""
    target, decided = draw(n, k)

    def every_rate() -> None:
        of = margins(joint_counts(target, decided, k))
        rates(of)
        averages(of, labels_read(of, "observed"))

    def scikit_learn() -> None:
        for average in (None, "macro", "micro", "weighted"):
            precision_recall_fscore_support(target, decided, average=average, zero_division=0)

    what = f"precision, recall, F1 of {n:,} x {k}"
    ours, theirs = by_turns(rounds, every_rate, scikit_learn)
    first = compared(f"{what}, scikit-learn", BARS["rates against scikit-learn"], ours, theirs)
    what = f"{what}, torchmetrics, unvalidated"
    try:
        from torchmetrics.functional.classification import multiclass_f1_score, multiclass_precision, multiclass_recall
    except ImportError as missing:
        return first, compared(what, BARS["rates against torchmetrics"], ours, None, f"not measured: {missing}")
    labels, guesses = torch.from_numpy(target), torch.from_numpy(decided)

    def torchmetrics() -> None:
        for score in (multiclass_precision, multiclass_recall, multiclass_f1_score):
            score(guesses, labels, num_classes=k, average="none", validate_args=False)

    own, theirs = by_turns(rounds, every_rate, torchmetrics)
    return first, compared(what, BARS["rates against torchmetrics"], own, theirs, "theirs without averages")


def spans_row(tokens: int, rounds: int) -> Row:
    """Strict span F1 of sentences of 20 tokens with three types, from tags that each side takes as it wants them."""
    labels = ("O", "B-person", "I-person", "B-place", "I-place", "B-work", "I-work")
    generator = np.random.default_rng(2)
    target = [sentence(generator) for _ in range(tokens // 20)]
    decided = [np.where(generator.random(20) < 0.9, row, generator.integers(0, 7, 20)) for row in target]
    names = np.array(labels)
    true, said = ([names[row].tolist() for row in rows] for rows in (target, decided))
    found: dict[str, float] = {}

    def ours() -> None:
        counts = count_spans(target, decided, labels)
        hits, there, taken = (part.sum() for part in (counts.hits, counts.support, counts.predicted))
        found["ours"] = float(2 * hits / (there + taken))

    def theirs() -> None:
        found["theirs"] = float(seqeval_f1(true, said, mode="strict", scheme=IOB2))

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        own, other = by_turns(rounds, ours, theirs)
    if abs(found["ours"] - found["theirs"]) > 1e-9:
        raise RuntimeError(f"span F1 is {found['ours']} here and {found['theirs']} there: no race between two scores.")
    return compared(f"strict span F1 of {tokens:,} tokens, seqeval", BARS["spans"], own, other)


def sentence(generator: np.random.Generator) -> npt.NDArray[np.int64]:
    """Twenty tags, about a quarter of them in spans of one to three tokens."""
    tags = np.zeros(20, np.int64)
    for start in (0, 5, 10, 15):
        if generator.random() < 0.6:
            kind, size = 1 + 2 * int(generator.integers(0, 3)), int(generator.integers(1, 4))
            tags[start], tags[start + 1 : start + size] = kind, kind + 1
    return tags


def whole_row(n: int, k: int, rounds: int) -> Row:
    """Scores, calibration with a temperature from a fifth of the rows, slices of four columns, and mistakes."""
    predictions, dataset, task = answered(n, k)
    validation = predictions.take(np.arange(n // 5))

    def whole() -> None:
        evaluation = evaluate(predictions, task, model="network", split="test")
        with_probabilities(evaluation, predictions, task, validation=validation)
        find_slices(predictions, dataset, split="test", merit=task.merit)

    (seconds,) = by_turns(min(rounds, 3), whole)
    arrays = sum(cast("npt.NDArray[Any]", getattr(predictions, name)).nbytes for name in COLUMNS)
    arrays += sum(column.nbytes for column in dataset["test"].columns.values())
    tracemalloc.start()
    whole()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return {
        "what": f"whole evaluation of {n:,} x {k}",
        "seconds": seconds,
        "bar_seconds": BAR_SECONDS,
        "array_bytes": arrays,
        "peak_bytes": peak,
        "beyond": peak / arrays,
        "bar_beyond": BAR_MEMORY,
        "bar_met": seconds < BAR_SECONDS and (n < 1_000_000 or peak / arrays <= BAR_MEMORY),  # some 20 MB are no rows'
    }


COLUMNS = ("target", "answer", "decided", "cost", "merit", "weight")


def answered(n: int, k: int) -> tuple[Predictions, Dataset, Classification]:
    """Predictions of rows of a category and three numbers, worse for one of the categories, and a little too sure."""
    generator = np.random.default_rng(3)
    kinds, labels = np.array([f"kind {at}" for at in range(12)], object), tuple(f"class {at}" for at in range(k))
    target, kind = generator.integers(0, k, n), generator.integers(0, 12, n)
    logits = generator.normal(size=(n, k))
    logits[np.arange(n), target] += np.where(kind == 3, 1.5, 3.0)
    given = np.exp(1.5 * logits)
    given /= given.sum(axis=1, keepdims=True)
    task = Classification(labels=labels, lead="accuracy", rare=0)
    columns = {
        "kind": kinds[kind],
        "age": generator.integers(18, 90, n).astype(np.float64),
        "size": generator.normal(size=n),
        "width": generator.normal(size=n),
        "label": np.array(labels, object)[target],
    }
    inputs = (Field(name="kind", kind=Kind.CATEGORY), *(Field(name=f, kind=Kind.NUMBER) for f in list(columns)[1:4]))
    table = Table(columns=columns, ids=tuple(f"test.csv:{row + 2}" for row in range(n)))
    schema = Schema(inputs=inputs, target="label", target_kind=Kind.CATEGORY)
    predictions = task.tabulate(table.ids, target, given)
    return predictions, Dataset(splits={"test": table}, schema=schema), task


if __name__ == "__main__":
    main()
