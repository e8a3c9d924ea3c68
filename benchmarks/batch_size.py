"""The batch size that is found against the largest that fits, under a limit that kills.

Each training is sized in a process of its own, within so much memory beside what that process holds. Then epochs with
evaluation are trained at the size that was found, seed by seed, under the same limit. The truth is bisected with such
epochs, too, until no size is 1 % larger and bears one.

The limit is watched: a child that holds more is killed. With `--limit addresses` it is RLIMIT_AS, from which the finder
reads its budget itself. Peers search in a process with that limit, since they need an error to go on: accelerate's
`find_executable_batch_size` halves from the whole split, as its documentation has it, around ordinary training steps.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from machine import RESULTS, write_result
from sized.acts import epoch
from sized.peers import halved
from sized.subjects import SUBJECTS, Subject

from kilter.finders.batch_size import find_batch_size
from kilter.finders.nursery import Nursery
from kilter.finders.survey import survey
from kilter.finders.usage import held, mapped
from kilter.values.batch_suggestion import Budget, Counted

LEAST, STEPS = 0.88, 10
"""The bars: of the true largest, and training steps that are spent."""


def sized(subject: Subject, *, limit: str, epochs: int, peer: bool) -> dict[str, Any]:
    """A row: what was found, the truth, and how often an epoch ran out of memory."""
    made = subject.make()
    given = None
    if limit == "watched":
        given = (held(Counted.RESIDENT) or 0) + (subject.room << 20)
    else:
        most = (held(Counted.ADDRESSES) or 0) + (subject.room << 20)
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
    began = time.process_time() + sum(os.times()[2:4])
    found = find_batch_size(made, budget=given, speed=False)
    seconds = time.process_time() + sum(os.times()[2:4]) - began
    with Nursery(made) as nursery:
        rows = survey(nursery).rows
        whole = _whole(found.budget, subject.room)
        ran_out = [_ran_out(nursery, found.largest, rows, seed, whole) for seed in range(epochs)]
        true = found.largest if any(ran_out) else _true(nursery, found.largest, rows, whole)
        theirs = None
        if peer:
            theirs = halved(nursery, rows=rows, room=subject.room << 20)
    return {
        "name": subject.name,
        "limit": limit,
        "found": found.largest,
        "true": true,
        "ratio": found.largest / true,
        "bounded_by": found.bounded_by,
        "steps": found.steps,
        "probes": [[each.size, each.steps, each.fits, each.peak, each.between] for each in found.probes],
        "cpu_seconds": seconds,
        "epochs": epochs,
        "ran_out": sum(ran_out),
        "accelerate": theirs,
    }


def _whole(found: Budget, room: int) -> Budget:
    """The limit itself, nothing kept back."""
    most = found.bytes + round(found.kept_back * (room << 20))
    return Budget(bytes=most, counts=found.counts, source=found.source, kept_back=0)


def _true(nursery: Nursery, found: int, rows: int, budget: Budget) -> int:
    """The largest size that bears an epoch, by bisection to 1 %."""
    good, bad = found, rows + 1
    while bad - good > max(1, good // 100):
        size = min((good + bad) // 2, max(good + 1, good * 9 // 8))
        if _ran_out(nursery, size, rows, 0, budget):
            bad = size
        else:
            good = size
    return good


def _ran_out(nursery: Nursery, size: int, rows: int, seed: int, budget: Budget) -> bool:
    """Whether an epoch at a size takes more than it may."""
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
    parser.add_argument("--limit", choices=("watched", "addresses"), default="watched")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--peer", action="store_true", help="beside it, accelerate's search")
    parser.add_argument("--one", help="what each process is told")
    parser.add_argument("--out", type=Path, default=RESULTS / "batch_size.json")
    chosen = parser.parse_args()
    if chosen.one:
        subject = next(each for each in SUBJECTS if each.name == chosen.one)
        print(json.dumps(sized(subject, limit=chosen.limit, epochs=chosen.epochs, peer=chosen.peer)))
        return
    rows = []
    print(f"{'training':24}{'found':>8}{'largest':>9}{'ratio':>7}{'steps':>7}{'CPU s':>7}{'ran out':>9}  accelerate")
    for subject in SUBJECTS:
        if chosen.only and subject.name not in chosen.only:
            continue
        command = [sys.executable, __file__, "--one", subject.name, "--limit", chosen.limit]
        command += ["--epochs", str(chosen.epochs), *(["--peer"] if chosen.peer else [])]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
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
    met = all("ratio" in row and row["ratio"] >= LEAST and row["steps"] <= STEPS and not row["ran_out"] for row in rows)
    print(f"bars: ratio {LEAST} or more, {STEPS} steps or fewer, never out of memory: {'met' if met else 'MISSED'}")
    bars = {"ratio": LEAST, "steps": STEPS, "ran out": 0}
    write_result(chosen.out, "batch_size", rows, versions=("torch", "numpy"), limit=chosen.limit, bars=bars, met=met)


if __name__ == "__main__":
    main()
