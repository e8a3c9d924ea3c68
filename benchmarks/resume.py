"""Is a training that was killed the same in the end? Many, killed at random moments, against one undisturbed.

Each trial trains a small network with dropout, augmentation and gradient accumulation in a process of its own, kills
it by SIGKILL once or more, at a random moment or in the middle of writing a checkpoint, and starts it again until it is
done. It is identical where the last and the best weights are the same to the last bit, and so is every recorded row but
the clock.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from machine import RESULTS, write_result

from kilter.testing.killing import differences, survive, trainee
from kilter.testing.trainee import STEPS

WORKERS = (0, 2)  # trials take turns


def main() -> None:
    """Kill, go on, compare, print a table, write JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=20)
    parser.add_argument("--kills", type=int, default=3, help="a trial has 1 up to so many")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=RESULTS / "resume.json")
    options = parser.parse_args()
    print(f"{'trial':>5}{'workers':>9}{'kills':>7}{'while writing':>15}{'resumed':>9}  identical")
    with TemporaryDirectory() as place:
        rows = list(trials(Path(place), options))
    identical = sum(not row["differences"] for row in rows)
    kills = sum(row["kills"] for row in rows)
    print(f"{identical} of {len(rows)} trainings, killed {kills} times, are identical to the one undisturbed")
    write_result(
        options.out,
        "resume",
        rows,
        versions=("torch", "numpy", "safetensors"),
        trials=len(rows),
        kills=kills,
        while_writing=sum(row["while_writing"] for row in rows),
        identical=identical,
        bar_met=identical == len(rows),
    )
    raise SystemExit(identical < len(rows))


def trials(place: Path, options: argparse.Namespace) -> Iterator[dict[str, object]]:
    """Each trial's row, printed as it comes."""
    whole = place / "whole"
    survive(trainee(whole), whole)
    for trial in range(options.trials):
        folder = place / f"trial-{trial}"
        workers = WORKERS[trial % len(WORKERS)]
        survived = survive(
            trainee(folder, "--workers", str(workers)),
            folder,
            steps=STEPS,
            kills=1 + trial // len(WORKERS) % options.kills,
            seed=options.seed + trial,
        )
        found = differences(folder, whole)
        said = "no: " + found[0] if found else "yes"
        kills, writing = survived.kills, survived.while_writing
        print(f"{trial:>5}{workers:>9}{kills:>7}{writing:>15}{kills:>9}  {said}", flush=True)
        yield {
            "trial": trial,
            "workers": workers,
            "kills": kills,
            "while_writing": writing,
            "resumed": kills,
            "differences": found,
        }


if __name__ == "__main__":
    main()
