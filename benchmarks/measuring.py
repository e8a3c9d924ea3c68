"""What measuring layers costs in `fit`: the same training with and without, one thread, CPU time, in one run.

The promise is a share of the steps' time, 2 %, or 10 µs a step where that is more. Contenders take turns, and the cost
is the median of the rounds' differences, so that what else the machine does meets both alike. The training records into
metrics.jsonl, since writing the numbers down belongs to the cost of having them.
"""

from __future__ import annotations

import argparse
import statistics
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from machine import RESULTS, write_result
from overhead import digits, pipeline_of, reading

from kilter.tracking.recording import open_recording
from kilter.training.fit import fit
from kilter.training.pacing import LEAST, SHARE
from kilter.values.history import History
from kilter.values.pipeline import Pipeline


def trained(pipeline: Pipeline, share: float) -> tuple[float, History]:
    """CPU seconds of a step of a recorded training, and what was recorded."""
    with TemporaryDirectory() as folder:
        recording, history = open_recording(Path(folder))
        began = time.process_time()
        try:
            fitted = fit(pipeline, observers=(recording,), history=history, measuring=share)
        finally:
            recording.close()
        return (time.process_time() - began) / fitted.step, fitted.history


def compared(name: str, pipeline: Pipeline, rounds: int) -> dict[str, object]:
    """One row: the median step without, and what measuring adds to it."""
    trained(pipeline, SHARE)  # what is imported, compiled and cached at first use belongs to no step
    plain: list[float] = []
    added: list[float] = []
    history = History()
    for turn in range(rounds):
        order = (0.0, SHARE) if turn % 2 else (SHARE, 0.0)
        taken = {share: trained(pipeline, share) for share in order}
        plain.append(taken[0.0][0])
        added.append(taken[SHARE][0] - taken[0.0][0])
        history = taken[SHARE][1]
    step, extra = statistics.median(plain), statistics.median(added)
    allowed = max(SHARE * step, LEAST)
    spread = (statistics.quantiles(added, n=4)[2] - statistics.quantiles(added, n=4)[0]) * 1e6
    intervals = sorted({int(value) for value in history["layers.every"].values})
    curves = sum("/" in curve for curve in history)
    print(
        f"{name:14}{history.step:>7}{step * 1e6:>10.0f}{extra * 1e6:>10.1f}{spread:>10.1f}{allowed * 1e6:>10.1f}"
        f"{extra / step:>9.2%}{len(history['layers.every']):>14}  {', '.join(map(str, intervals))}",
        flush=True,
    )
    return {
        "training": name,
        "steps": history.step,
        "microseconds": step * 1e6,
        "added": extra * 1e6,
        "added, middle half": spread,
        "allowed": allowed * 1e6,
        "share": extra / step,
        "measurements": len(history["layers.every"]),
        "intervals": intervals,
        "curves": curves,
        "rounds": [value * 1e6 for value in added],
        "bar_met": extra <= allowed,
    }


def main() -> None:
    """Measure, print a table, write JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=40, help="of the digits; a tenth as many of the words")
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--out", type=Path, default=RESULTS / "measuring.json")
    options = parser.parse_args()
    torch.set_num_threads(1)
    print(
        f"{'training':14}{'steps':>7}{'µs a step':>10}{'added':>10}{'± half':>10}{'allowed':>10}{'share':>9}"
        f"{'measurements':>14}  every"
    )
    trainings = (digits(options.epochs), reading(max(1, options.epochs // 10)))
    rows = [compared(each.name, pipeline_of(each, judged=False), options.rounds) for each in trainings]
    met = all(row["bar_met"] for row in rows)
    print(f"bar: at most {SHARE:.0%} of a step, or {LEAST * 1e6:.0f} µs if that is more; {'met' if met else 'MISSED'}")
    write_result(
        options.out,
        "measuring",
        rows,
        versions=("torch", "numpy", "scikit-learn"),
        epochs=options.epochs,
        threads=1,
        share=SHARE,
        least_microseconds=LEAST * 1e6,
        bar_met=met,
    )


if __name__ == "__main__":
    main()
