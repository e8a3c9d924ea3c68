"""What an interval of accuracy and macro F1 costs: resampled joint counts against resampled examples, in one run.

Both ways draw the same bootstrap. The naive one draws all examples anew for each resample and scores them, with
scikit-learn or by counting with numpy; it is measured for few resamples and multiplied up to as many as ours, which
the table says. All on one thread, counting of the examples included; of several rounds the shortest counts, since
other work on the machine only ever adds.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import final

import numpy as np
import numpy.typing as npt
from machine import RESULTS, write_result
from sklearn.metrics import accuracy_score, f1_score
from threadpoolctl import threadpool_limits

from kilter.metrics.classification import classification_scores, joint_counts
from kilter.metrics.confusion import agreements, averages, labels_read, margins, resample_margins
from kilter.metrics.intervals import percentile_interval

BAR = 1.0  # seconds, for accuracy and macro F1
Classes = npt.NDArray[np.int64]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the table; seconds are for all resamples, by the wall clock and of the processor."""

    what: str
    seconds: float
    cpu_seconds: float
    measured_resamples: int
    extrapolated: bool


def main() -> None:
    """Measure, print the table, write the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--examples", type=int, default=1_000_000)
    parser.add_argument("--classes", type=int, default=10)
    parser.add_argument("--resamples", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5, help="of ours; the best counts")
    parser.add_argument("--naive-resamples", type=int, default=3, help="measured, then extrapolated")
    parser.add_argument("--out", type=Path, default=RESULTS / "intervals.json")
    options = parser.parse_args()
    target, predicted = draw(options.examples, options.classes)
    with threadpool_limits(limits=1):
        rows = measure(target, predicted, options)
    ours = rows[0].seconds
    print(
        f"{options.resamples:,} resamples of {options.examples:,} predictions of {options.classes} classes, one thread"
    )
    print(f"{'':54}{'seconds':>12}{'cpu':>12}{'ratio':>12}")
    for row in rows:
        note = f"  extrapolated from {row.measured_resamples}" if row.extrapolated else ""
        print(f"{row.what:54}{row.seconds:>12,.3f}{row.cpu_seconds:>12,.3f}{row.seconds / ours:>11,.1f}x{note}")
    print(f"bar: {BAR:.0f} s for accuracy and macro F1; {'met' if ours < BAR else 'MISSED'}")
    write_result(
        options.out,
        "intervals",
        [asdict(row) | {"ratio": row.seconds / ours} for row in rows],
        versions=("numpy", "scipy", "scikit-learn"),
        examples=options.examples,
        classes=options.classes,
        resamples=options.resamples,
        threads=1,
        bar_seconds=BAR,
        bar_met=ours < BAR,
    )


def draw(examples: int, classes: int) -> tuple[Classes, Classes]:
    """Targets, and predictions that are right in about 82 of 100."""
    generator = np.random.default_rng(0)
    target = generator.integers(0, classes, examples)
    return target, np.where(generator.random(examples) < 0.8, target, generator.integers(0, classes, examples))


def measure(target: Classes, predicted: Classes, options: argparse.Namespace) -> tuple[Row, ...]:
    """The rows of the table, ours first."""
    classes, resamples = options.classes, options.resamples

    def two_scores() -> None:
        table = joint_counts(target, predicted, classes)
        drawn: dict[str, list[npt.NDArray[np.float64]]] = {"accuracy": [], "macro_f1": []}
        for chunk in resample_margins(table, resamples=resamples):
            scores = agreements(chunk) | averages(chunk, labels_read(chunk, "observed"))
            for name, values in drawn.items():
                values.append(scores[name])
        for values in drawn.values():
            percentile_interval(np.concatenate(values), n=len(target))

    def all_scores() -> None:
        classification_scores(target, predicted, classes, resamples=resamples)

    generator = np.random.default_rng(1)

    def naive_sklearn() -> None:
        drawn = generator.integers(0, len(target), len(target))
        accuracy_score(target[drawn], predicted[drawn])
        f1_score(target[drawn], predicted[drawn], average="macro")

    def naive_counts() -> None:
        drawn = generator.integers(0, len(target), len(target))
        of = margins(joint_counts(target[drawn], predicted[drawn], classes))
        averages(of, labels_read(of, "observed"))
        agreements(of)

    def timed(what: str, run: Callable[[], None], rounds: int) -> Row:
        walls, cpus = zip(*(clocked(run) for _ in range(rounds)), strict=True)
        return Row(
            what=what,
            seconds=min(walls),
            cpu_seconds=min(cpus),
            measured_resamples=resamples,
            extrapolated=False,
        )

    def extrapolated(what: str, run_once: Callable[[], None]) -> Row:
        measured = options.naive_resamples
        walls, cpus = zip(*(clocked(run_once) for _ in range(measured)), strict=True)
        return Row(
            what=what,
            seconds=min(walls) * resamples,
            cpu_seconds=min(cpus) * resamples,
            measured_resamples=measured,
            extrapolated=True,
        )

    return (
        timed("kilter: count, resample, accuracy and macro F1", two_scores, options.rounds),
        timed("kilter: classification_scores, all twelve scores", all_scores, options.rounds),
        extrapolated("naive: examples drawn anew, scored with numpy", naive_counts),
        extrapolated("naive: examples drawn anew, scored with scikit-learn", naive_sklearn),
    )


def clocked(run: Callable[[], None]) -> tuple[float, float]:
    """Seconds that one call takes, by the wall clock and of the processor."""
    wall, cpu = time.perf_counter(), time.process_time()
    run()
    return time.perf_counter() - wall, time.process_time() - cpu


if __name__ == "__main__":
    main()
