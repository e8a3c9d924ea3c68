"""What `kilter diagnose` costs on a long log: a hundred thousand rows of CSV as a careful loop writes them.

Reading (the file to a History under kilter's names) and judging (all checks of curves) are timed apart, in CPU time of
this process, the least of some repetitions; `csv` of the standard library, which only parts the cells, is the peer of
the same run for reading. Two logs are made, since checks may cost more where they have something to say: one of a
healthy training, one that diverges in its last third. The bar is on judging: less than a second.
"""

from __future__ import annotations

import argparse
import csv
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from machine import RESULTS, write_result

from kilter.checks.curves import CURVE_CHECKS
from kilter.checks.examination import examine
from kilter.logs.reading import read_logs

BAR = 1.0
"""Seconds of CPU time for judging."""


def losses(rows: int, *, diverging: bool) -> np.ndarray:
    """A power law with noise about it; where it diverges, it climbs over its start in the last third."""
    draw = np.random.default_rng(0)
    steps = np.arange(1, rows + 1)
    level = 1.0 + 3.0 * steps**-0.2
    if diverging:
        level += 6.0 * np.clip((steps / rows - 0.67) / 0.33, 0, 1) ** 2
    return level * np.exp(0.1 * draw.standard_normal(rows))


def write_log(path: Path, rows: int, *, diverging: bool) -> None:
    """A log with a row for each step, an evaluation every thousandth, a cosine rate and the gradient's norm."""
    draw = np.random.default_rng(1)
    train = losses(rows, diverging=diverging)
    norms = np.exp(0.3 * draw.standard_normal(rows))
    rates = 5e-4 * (1 + np.cos(np.pi * np.arange(rows) / rows))
    with path.open("w", newline="", encoding="utf-8") as file:
        log = csv.writer(file)
        log.writerow(["step", "epoch", "train_loss", "lr", "grad_norm", "val_loss", "val_accuracy"])
        for row in range(rows):
            evaluated = row % 1000 == 999
            valid = float(train[max(0, row - 99) : row + 1].mean())
            held_out = [f"{valid + 0.1:.5f}", f"{1 / (1 + valid):.5f}"] if evaluated else ["", ""]
            epoch = row * 20 // rows
            log.writerow([row + 1, epoch, f"{train[row]:.5f}", f"{rates[row]:.3g}", f"{norms[row]:.4f}", *held_out])


def least(act: Callable[[], object], repeats: int) -> float:
    """The least CPU time of some repetitions."""
    seconds = []
    for _ in range(repeats):
        began = time.process_time()
        act()
        seconds.append(time.process_time() - began)
    return min(seconds)


def part_cells(path: Path) -> int:
    """The peer of reading: the cells parted, nothing made of them."""
    with path.open(newline="", encoding="utf-8") as file:
        return sum(len(row) for row in csv.reader(file))


def measure(folder: Path, rows: int, repeats: int, *, diverging: bool) -> dict[str, object]:
    """One log read and judged."""
    path = folder / ("diverging.csv" if diverging else "healthy.csv")
    write_log(path, rows, diverging=diverging)
    history = read_logs(path)[0].history
    parting = least(lambda: part_cells(path), repeats)
    reading = least(lambda: read_logs(path), repeats)
    judging = least(lambda: examine(CURVE_CHECKS, history), repeats)
    examination = examine(CURVE_CHECKS, history)
    dearest = sorted(examination.seconds.items(), key=lambda item: -item[1])[:3]
    return {
        "log": path.stem,
        "rows": rows,
        "bytes": path.stat().st_size,
        "csv_seconds": round(parting, 4),
        "reading_seconds": round(reading, 4),
        "reading_over_csv": round(reading / parting, 2),
        "judging_seconds": round(judging, 4),
        "judging_over_reading": round(judging / reading, 3),
        "dearest": {name: round(seconds, 4) for name, seconds in dearest},
        "findings": [f"{finding.code} {finding.name} {finding.severity.word}" for finding in examination.findings],
    }


def main() -> None:
    """Print the table and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--out", type=Path, default=RESULTS / "diagnosing.json")
    asked = parser.parse_args()
    with TemporaryDirectory() as folder:
        rows = [measure(Path(folder), asked.rows, asked.repeats, diverging=diverging) for diverging in (False, True)]
    print(f"{asked.rows:,} rows; seconds of CPU time, the least of {asked.repeats}; {len(CURVE_CHECKS)} checks")
    print(f"{'log':<10} {'csv':>7} {'reading':>8} {'× csv':>6} {'judging':>8}  findings")
    for row in rows:
        print(
            f"{row['log']:<10} {row['csv_seconds']:>7.3f} {row['reading_seconds']:>8.3f} "
            f"{row['reading_over_csv']:>6.1f} {row['judging_seconds']:>8.3f}  {', '.join(row['findings']) or 'none'}"
        )
    met = all(row["judging_seconds"] < BAR for row in rows)
    print(f"judging below {BAR:g} s: {'yes' if met else 'NO'}; dearest: {rows[0]['dearest']}")
    write_result(
        asked.out, "diagnosing", rows, versions=("kilter", "numpy"), checks=len(CURVE_CHECKS),
        bar={"judging_seconds": BAR}, met=met,
    )  # fmt: skip


if __name__ == "__main__":
    main()
