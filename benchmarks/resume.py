"""Is a training that was killed the same in the end? Many, killed at random moments, against one undisturbed.

Each trial trains a small network in a process of its own, kills it by SIGKILL once or more (at any moment, in the
middle of writing a checkpoint, or in the middle of an evaluation) and starts it again until it is done. In every other
trial the newest checkpoint is damaged now and then before it goes on, as when power fails. Trials differ in the number
of workers, the data and how they are augmented, dropout, accumulation, schedule and optimizer. One is identical where
the last and the best weights are the same to the last bit, and so are every recorded row but the clock and all answers
that were shown.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from machine import RESULTS, write_result

from kilter.testing.killing import Moment, differences, survive, trainee
from kilter.testing.trainee import STEPS

WORKERS = (0, 2, 4)  # trials take turns, and likewise with what follows
COURSES: tuple[dict[str, Any], ...] = (
    {"schedule": {"name": "cosine"}},
    {"schedule": {"name": "plateau", "patience": 1, "factor": 0.5, "minimum_difference": 0.05}},
    {"schedule": {"name": "wsd", "shape": "one_minus_sqrt"}},
    {"schedule": {"name": "one_cycle"}},
    {"schedule": {"name": "warm_restarts", "warmup": "5st", "first": "20st"}},
    {"schedule": {"name": "constant", "warmup": "10st"}, "optimizer": {"name": "schedule_free_adamw"}},
    {"schedule": {"name": "cyclical", "period": "30st"}, "optimizer": {"name": "sgd", "learning_rate": 0.05}},
)
AUGMENTED: dict[str, dict[str, Any]] = {
    "arrays": {},  # which draw noise by themselves
    "table": {"noise": 0.1, "mixup": 0.4},
    "texts": {"token_dropout": 0.1, "token_swaps": 0.1},
}
DATA = (("arrays", True), ("table", True), ("texts", True), ("table", False), ("texts", False))


def main() -> None:
    """Kill, go on, compare, print a table, write JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=100)
    parser.add_argument("--minutes", type=float, default=float("inf"), help="no trial begins later; the short form")
    parser.add_argument("--jobs", type=int, default=2, help="trials at a time")
    parser.add_argument("--kills", type=int, default=3, help="a trial has 1 up to so many")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=RESULTS / "resume.json")
    options = parser.parse_args()
    print(f"{'trial':>5}  {'workers, data, augmented, dropout, accumulated, course':<66}{'kills':>6}", end="")
    print(f"{'writing':>9}{'evaluating':>12}{'torn':>6}  identical")
    with TemporaryDirectory() as place:
        rows = list(trials(Path(place), options))
    identical = sum(not row["differences"] for row in rows)
    sums = {name: sum(row[name] for row in rows) for name in ("kills", "while_writing", "while_evaluating", "torn")}
    print(
        f"{identical} of {len(rows)} trainings are identical to the one undisturbed; they were killed {sums['kills']}"
        f" times, {sums['while_writing']} of them while writing a checkpoint and {sums['while_evaluating']} while"
        f" evaluating, and {sums['torn']} checkpoints were damaged"
    )
    write_result(
        options.out,
        "resume",
        rows,
        versions=("torch", "numpy", "safetensors"),
        trials=len(rows),
        identical=identical,
        bar_met=identical == len(rows) > 0,
        **sums,
    )
    raise SystemExit(identical < len(rows) or not rows)


def trials(place: Path, options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Each trial's row, printed as it comes."""
    end = time.monotonic() + 60 * options.minutes
    with ThreadPoolExecutor(options.jobs) as pool:
        for row in pool.map(lambda number: trial(number, place, options, end), range(options.trials)):
            if row is None:
                return
            numbers = f"{row['kills']:>6}{row['while_writing']:>9}{row['while_evaluating']:>12}{row['torn']:>6}"
            said = f"no: {row['differences'][0]}" if row["differences"] else "yes"
            print(f"{row['trial']:>5}  {row['made']:<66}{numbers}  {said}", flush=True)
            yield row


def trial(number: int, place: Path, options: argparse.Namespace, end: float) -> dict[str, Any] | None:
    """One training undisturbed, and one killed; None after the time is up."""
    if time.monotonic() > end:
        return None
    said, arguments = made(number, options.seed)
    workers = WORKERS[number % len(WORKERS)]
    whole, folder = place / f"whole-{number}", place / f"trial-{number}"
    survive(trainee(whole, *arguments), whole)
    survived = survive(
        trainee(folder, "--workers", str(workers), *arguments),
        folder,
        steps=STEPS,
        kills=1 + number % options.kills,
        seed=options.seed + number,
        moments=tuple(Moment),
        tears=number % 2 == 1,
    )
    return {
        "trial": number,
        "made": f"{workers}, {said}",
        "kills": survived.kills,
        "while_writing": survived.while_writing,
        "while_evaluating": survived.while_evaluating,
        "torn": survived.torn,
        "differences": differences(folder, whole),
    }


def made(trial: int, seed: int) -> tuple[str, list[str]]:
    """What a trial trains, in words and as the arguments of the trainee."""
    draw = random.Random(f"{seed} {trial}")
    data, augmented = DATA[trial % len(DATA)]
    course = COURSES[trial % len(COURSES)]
    dropout, accumulate = draw.choice((0.0, 0.3)), draw.choice((1, 2, 3))
    settings = {**course, "batch": {"accumulate": accumulate}}
    if augmented and AUGMENTED[data]:
        settings["augment"] = AUGMENTED[data]
    name = " ".join(course[section]["name"] for section in ("schedule", "optimizer") if section in course)
    said = f"{data}, {'augmented' if augmented else 'plain'}, dropout {dropout}, {accumulate}, {name}"
    return said, ["--data", data, "--dropout", str(dropout), "--settings", json.dumps(settings)]


if __name__ == "__main__":
    main()
