"""The batch size that is found against the largest that fits, under a limit that kills.

Each training is sized in a process of its own, within so much memory beside what that process holds. Then epochs with
evaluation are trained at the size that was found, seed by seed, under the same limit, each in a process that was made
for it. The truth is bisected with such epochs, too: the largest size, to 2 %, that bears one.

glibc's heap is pinned (`MALLOC_MMAP_THRESHOLD_`), in all of these processes, so that equal steps hold equally much.
With `--plain` it is left alone: how blocks lie in memory then differs from process to process, and with it by some
percent what equal steps hold; the truth is the largest size that bears two epochs.

The limit is watched: a child that holds more is killed. The peer searches in a process with a limit of its address
space, since it needs an error to go on: accelerate's `find_executable_batch_size` halves from the whole split, as its
documentation has it, around ordinary training steps.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from machine import RESULTS, write_result
from sized.acts import epoch
from sized.later import LATER
from sized.peers import halved
from sized.subjects import SUBJECTS, Subject

from kilter.finders.batch_size import find_batch_size
from kilter.finders.nursery import Nursery
from kilter.finders.survey import survey
from kilter.finders.usage import held, is_pinned, mapped
from kilter.values.batch_suggestion import Budget, Counted

LEAST, STEPS = 0.88, 10
"""The bars: of the true largest, and training steps that are spent."""

RUNS = {"pinned": 1, "plain": 2}
"""Epochs that a size must bear to be among the true ones, by what the heap is."""

PINNED = {"MALLOC_MMAP_THRESHOLD_": "131072"}
"""What glibc begins with, and then raises."""

TRAININGS = (*SUBJECTS, *LATER)


def sized(subject: Subject, *, epochs: int, peer: bool) -> dict[str, Any]:
    """A row: what was found, the truth, and how often an epoch ran out of memory."""
    made = subject.make()
    given = (held(Counted.RESIDENT) or 0) + (subject.room << 20)
    began = time.process_time() + sum(os.times()[2:4])
    found = find_batch_size(made, budget=given, speed=False)
    seconds = time.process_time() + sum(os.times()[2:4]) - began
    with Nursery(made) as nursery:
        rows = survey(nursery).rows
        theirs = halved(nursery, rows=rows, room=subject.room << 20) if peer else None
    ran_out = [_ran_out(made, found.largest, rows, seed, found.budget) for seed in range(epochs)]
    true = _true(made, found.largest, rows, found.budget, bears=not any(ran_out))
    return {
        "name": subject.name,
        "found": found.largest,
        "true": true,
        "ratio": found.largest / max(1, true),
        "bounded_by": found.bounded_by,
        "steps": found.steps,
        "probes": [[each.size, each.steps, each.fits, each.peak, each.between] for each in found.probes],
        "cpu_seconds": seconds,
        "epochs": epochs,
        "ran_out": sum(ran_out),
        "accelerate": theirs,
    }


def _true(made: Any, found: int, rows: int, budget: Budget, *, bears: bool) -> int:
    """The largest size that bears epochs, by bisection to 2 % from the size that was found."""
    good, bad = (found, rows + 1) if bears else (0, found)
    while bad - good > max(1, good // 50):
        near = min((good + bad) // 2, good * 9 // 8) if good else max((good + bad) // 2, bad * 8 // 9)
        size = min(max(near, good + 1), bad - 1)
        if any(_ran_out(made, size, rows, seed, budget) for seed in range(RUNS["pinned" if is_pinned() else "plain"])):
            bad = size
        else:
            good = size
    return good


def _ran_out(made: Any, size: int, rows: int, seed: int, budget: Budget) -> bool:
    """Whether an epoch at a size takes more than it may."""
    with Nursery(made) as nursery:
        beyond = nursery.beyond(budget.counts)
        ended = nursery.call(
            epoch,
            doing="an epoch",
            limit=budget.bytes - beyond,
            counts=budget.counts,
            size=size,
            rows=rows,
            seed=seed,
            counted=str(budget.counts),
            files=mapped(),
        )
    return bool(ended.ran_out) or ended.answer + beyond > budget.bytes


def main() -> None:
    """Measure each training in a process, print a table, write JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="*", help="names of trainings")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--plain", action="store_true", help="leave the heap as it is")
    parser.add_argument("--peer", action="store_true", help="beside it, accelerate's search")
    parser.add_argument("--one", help="what each process is told")
    parser.add_argument("--out", type=Path, default=RESULTS / "batch_size.json")
    chosen = parser.parse_args()
    if chosen.one:
        subject = next(each for each in TRAININGS if each.name == chosen.one)
        print(json.dumps(sized(subject, epochs=chosen.epochs, peer=chosen.peer)))
        return
    rows = []
    heap = os.environ | ({} if chosen.plain else PINNED)
    print(f"{'training':24}{'found':>8}{'largest':>9}{'ratio':>7}{'steps':>7}{'CPU s':>7}{'ran out':>9}  accelerate")
    for subject in TRAININGS:
        if chosen.only and subject.name not in chosen.only:
            continue
        command = [sys.executable, __file__, "--one", subject.name]
        command += ["--epochs", str(chosen.epochs), *(["--peer"] if chosen.peer else [])]
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=heap)
        if done.returncode:
            print(f"{subject.name:24} {done.stderr.strip().splitlines()[-1]}", flush=True)
            rows.append({"name": subject.name, "failed": done.stderr.strip()[-2000:]})
            continue
        row = json.loads(done.stdout.splitlines()[-1])
        rows.append(row)
        theirs = row["accelerate"]
        print(
            f"{row['name']:24}{row['found']:8}{row['true']:9}{row['ratio']:7.2f}{row['steps']:7}"
            f"{row['cpu_seconds']:7.1f}{row['ran_out']:5} of {row['epochs']}"
            + ("" if theirs is None else f"  {theirs['size']} in {theirs['steps']} steps"),
            flush=True,
        )
    met = all(
        "ratio" in row and LEAST <= row["ratio"] <= 1 and row["steps"] <= STEPS and not row["ran_out"] for row in rows
    )
    print(f"bars: ratio {LEAST} or more, {STEPS} steps or fewer, never out of memory: {'met' if met else 'MISSED'}")
    bars = {"ratio": LEAST, "steps": STEPS, "ran out": 0}
    write_result(
        chosen.out,
        "batch_size",
        rows,
        versions=("torch", "numpy"),
        heap=["pinned", "plain"][chosen.plain],
        bars=bars,
        met=met,
    )


if __name__ == "__main__":
    main()
