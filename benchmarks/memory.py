"""What a long training holds in memory, and how soon a training makes its first step; in child processes, one thread.

A small network is trained by `fit` for 50,000 steps into a folder, evaluated and saved now and then. Meanwhile the
process's resident memory is read, and, in a second child, what Python has allocated. The record of the curves is kept,
24 bytes a number: what is asked is whether anything else grows. Both slopes are fitted by least squares to what was
read after the first fifth of the run, in which caches fill.

The first step: CPU time from the moment at which Python runs until a step is done, in a process that imports kilter,
reads the data from a file and calls `fit`; beside it a process that imports torch and reads the same file, and one that
then makes a step without kilter, as torch itself loads much of its own with the first optimizer. They take turns.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from machine import RESULTS, write_result
from sklearn.datasets import load_digits

GROWTH = 256.0
"""Bytes a step by which memory may grow: 5 curves of 24 bytes, in buffers that double when they are full."""
FIRST = 1.2
"""Times importing torch and loading the data, after which the first step is done."""
READINGS = 100

TRAINED = """
import time
began = time.process_time()
import gc, json, os, sys, tempfile, tracemalloc
from pathlib import Path
import numpy as np
import torch
torch.set_num_threads(1)
from kilter.testing.sources import ArraySource
from kilter.tasks.classification import Classification
from kilter.tracking.fitting import fit
from kilter.training.events import StepDone
from kilter.values.pipeline import Pipeline
from kilter.values.recipe import Recipe

path, steps, traced, readings = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3] == "traced", int(sys.argv[4])
stored = np.load(path)
numbers, targets = torch.from_numpy(stored["numbers"]), stored["targets"]
page, every, read, first = os.sysconf("SC_PAGE_SIZE"), max(1, steps // readings), [], []


class Reader:
    def see(self, event, history):
        if not isinstance(event, StepDone):
            return
        if not first:
            first.append(time.process_time() - began)
        if event.step % every == 0:
            if traced:
                gc.collect()
                read.append((event.step, tracemalloc.get_traced_memory()[0]))
            else:
                read.append((event.step, int(Path("/proc/self/statm").read_text().split()[1]) * page))

    def flush(self):
        pass


make = lambda: torch.nn.Sequential(torch.nn.Linear(64, 16), torch.nn.ReLU(), torch.nn.Linear(16, 10))
split = lambda part: ArraySource({"numbers": numbers[part]}, targets[part], size=16)
recipe = Recipe.read({
    "train": {"length": f"{steps}st", "evaluate_every": f"{max(1, steps // 20)}st"}, "batch": {"size": 16},
    "save": {"every": f"{max(1, steps // 20)}st"},
})
task = Classification(labels=tuple("0123456789"))
splits = {"train": split(slice(0, 1440)), "valid": split(slice(1440, None))}
with tempfile.TemporaryDirectory() as folder:
    if traced:
        tracemalloc.start()
    fit(Pipeline(task=task, make_model=make, splits=splits, recipe=recipe), folder=folder, observers=(Reader(),))
print(json.dumps({"first": first[0], "read": read}))
"""

BARE = """
import time
began = time.process_time()
import json, sys
import numpy as np
import torch
torch.set_num_threads(1)
stored = np.load(sys.argv[1])
numbers, targets = torch.from_numpy(stored["numbers"]), torch.from_numpy(stored["targets"])
model = torch.nn.Sequential(torch.nn.Linear(64, 16), torch.nn.ReLU(), torch.nn.Linear(16, 10))
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
torch.nn.functional.cross_entropy(model(numbers[:16]), targets[:16]).backward()
optimizer.step()
print(json.dumps({"first": time.process_time() - began}))
"""

LOADED = """
import time
began = time.process_time()
import json, sys
import numpy as np
import torch
torch.set_num_threads(1)
stored = np.load(sys.argv[1])
numbers, targets = torch.from_numpy(stored["numbers"]), torch.from_numpy(stored["targets"])
print(json.dumps({"first": time.process_time() - began}))
"""


def said(script: str, *arguments: object) -> dict[str, Any]:
    """What a child process prints at its end."""
    command = [sys.executable, "-c", script, *map(str, arguments)]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def grown(path: Path, steps: int, kind: str) -> dict[str, Any]:
    """A row: by how many bytes a step memory grew."""
    read = np.array(said(TRAINED, path, steps, kind, READINGS)["read"], dtype=np.float64)
    later = read[len(read) // 5 :]
    slope = float(np.polyfit(later[:, 0], later[:, 1], 1)[0])
    return {
        "what": "Python's allocations" if kind == "traced" else "resident memory",
        "steps": steps,
        "bytes_a_step": slope,
        "after_a_fifth": later[0, 1] / 2**20,
        "at_the_end": later[-1, 1] / 2**20,
        "readings": read.astype(int).tolist(),
        "met": slope <= GROWTH,
    }


def begun(path: Path, rounds: int) -> dict[str, Any]:
    """A row: CPU seconds to the first step, and to torch and the data."""
    taken = []
    for at in range(rounds + 1):
        trained = said(TRAINED, path, 2, "resident", 1)["first"]
        seconds = (trained, *(said(script, path)["first"] for script in (LOADED, BARE)))
        if at:  # the first round reads files that the system has not read yet
            taken.append(seconds)
    ratio, beside_bare = (statistics.median(each[0] / each[other] for each in taken) for other in (1, 2))
    return {
        "what": "first step",
        "seconds": statistics.median(each[0] for each in taken),
        "torch_and_data": statistics.median(each[1] for each in taken),
        "bare_first_step": statistics.median(each[2] for each in taken),
        "ratio": ratio,
        "ratio_to_bare": beside_bare,
        "rounds": taken,
        "met": ratio <= FIRST,
    }


def main() -> None:
    """Measure, print a table, write JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=50_000)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--out", type=Path, default=RESULTS / "memory.json")
    chosen = parser.parse_args()
    with TemporaryDirectory() as folder:
        path = Path(folder) / "digits.npz"
        pixels, targets = load_digits(return_X_y=True)
        np.savez(path, numbers=(pixels / 16).astype(np.float32), targets=targets)
        first = begun(path, chosen.rounds)
        print(
            f"first step after {first['seconds']:.2f} s, torch and the data after {first['torch_and_data']:.2f} s:"
            f" {first['ratio']:.2f}x, bar {'met' if first['met'] else 'MISSED'}; a bare loop's first step after"
            f" {first['bare_first_step']:.2f} s: {first['ratio_to_bare']:.2f}x",
            flush=True,
        )
        rows = [first]
        for kind in ("resident", "traced"):
            row = grown(path, chosen.steps, kind)
            rows.append(row)
            print(
                f"{row['what']:22}{row['after_a_fifth']:8.1f} MiB after a fifth of {row['steps']:,} steps,"
                f" {row['at_the_end']:.1f} MiB at the end: {row['bytes_a_step']:+.0f} bytes a step,"
                f" bar {'met' if row['met'] else 'MISSED'}",
                flush=True,
            )
    write_result(
        chosen.out,
        "memory",
        rows,
        versions=("torch", "numpy"),
        steps=chosen.steps,
        threads=1,
        bars={"bytes a step": GROWTH, "first step": FIRST},
        met=all(row["met"] for row in rows),
    )


if __name__ == "__main__":
    main()
