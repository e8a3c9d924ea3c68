"""`batch: auto` and `lr: auto` in a project beside fixed numbers, within the same CPU seconds, on nine real sets.

Each arm has `SECONDS` of CPU time for everything, child processes included, in a project as `kilter init` writes it.

    auto       finds the batch size; then the rate, for a training of half of what is left; then trains as many epochs
               as the rest pays for, so that a quicker batch may use its speed
    defaults   trains as many epochs as all of it pays for, with the numbers that `kilter run` takes where a project
               says nothing: they follow from model and rows, and were chosen on sets among these
    recipe     the same with those that `Recipe()` has, whatever the model: batches of 64, a rate of .001

What an epoch takes is told beforehand by a pilot of each arm's batch, three epochs of which the first is not counted.
Pilots, whose weights nobody looks at, are in nobody's seconds. Schedules span the whole length. Nobody stops early,
since a training that does leaves seconds unused; all keep the weights that were best on the validation split, which
answer the test rows. Audit, baselines and preflight, the same for all, are left out, as is answering the test rows.

A point is a hundredth of accuracy, of span F1 or of R². Intervals of differences are percentiles of resamples of the
test rows, the same for both arms, and of the seeds. Some sets get fewer training rows (`SETS`), for the sake of epochs.
All of it takes about an hour on one core.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, final

import numpy as np
from arms.acts import ACTS
from arms.sets import SETS, prepare
from machine import RESULTS, write_result

if TYPE_CHECKING:
    from numpy.typing import NDArray

LOST, GAINED = 1.0, 5
"""The bars: points that no set may lose, and sets that must gain."""

RESAMPLES: Final = 4_000

SECONDS: Final = 60.0
"""Of CPU time that an arm has, finding and training."""

PILOT: Final = 3
"""Epochs of a training that tells what an epoch takes: the first is not counted, since much is loaded in it."""

RIVALS: Final = MappingProxyType({"defaults": (), "recipe": ("batch.size=64", "optimizer.learning_rate=0.001")})
"""What is laid over the project in the arms that find nothing."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Training:
    """A training: what it took, and how good it is.

    Attributes:
        seconds: of CPU time, from the assembling of the pipeline to the end.
        before: those until the first epoch was evaluated.
        epoch: those of an epoch after the first, with its evaluation.
        steps: of the training.
        batch: rows a batch, or tokens where it goes by these.
        merits: what each test row adds to the score, in points, of which they are the mean.
    """

    seconds: float
    before: float
    epoch: float
    steps: int
    batch: str
    rate: float
    epochs: int
    merits: tuple[float, ...]

    def affords(self, seconds: float) -> int:
        """Epochs of such a training in so many seconds; two at least, since fewer are none."""
        return max(2, math.floor(1 + (seconds - self.before) / self.epoch))


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    """A training and what was spent on finding its numbers."""

    training: Training
    batch_seconds: float = 0.0
    rate_seconds: float = 0.0
    rate_epochs: int | None = None  # of the training that the rate was found for

    def told(self) -> dict[str, Any]:
        """All but the rows' merits."""
        told = asdict(self)
        merits = told["training"].pop("merits")
        return {**told.pop("training"), **told, "points": float(np.mean(merits)), "all_seconds": self.seconds}

    @property
    def seconds(self) -> float:
        """All that it took."""
        return self.training.seconds + self.batch_seconds + self.rate_seconds


def main() -> None:
    """Train, print the table, write the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="sets; all of them where none is named")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=SECONDS, help="of CPU time that an arm has")
    parser.add_argument("--rivals", nargs="+", choices=tuple(RIVALS), default=["defaults"])
    parser.add_argument("--work", type=Path, help="where outcomes are kept, so that those that are there are read")
    parser.add_argument(
        "--one", nargs="+", help="what each process is told: an act, a project's folder, what is laid over"
    )
    parser.add_argument("--out", type=Path, default=RESULTS / "auto.json")
    options = parser.parse_args()
    if options.one:
        act, folder, *laid = options.one
        print(json.dumps(ACTS[act](Path(folder) / "kilter.yaml", laid)))
        return
    shared = Path(os.environ.get("KILTER_SHARED", "../shared")).resolve() / "data"
    if not shared.is_dir():
        print(f"skipped: {shared} is not there; KILTER_SHARED says where the sets are")
        return
    print(f"{'set':20}{'rival':10}{'auto':>7}{'rival':>7}{'difference':>11}{'interval':>17}", end="   ")
    print("found: batch, rate; epochs of both; CPU s: batch + rate + training beside training")
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as scratch:
        work = options.work or Path(scratch)
        for name in options.names or SETS:
            for row in compared(name, shared, work, options):
                rows.append(row)
                print(_line(row), flush=True)
            verdicts = {rival: verdict([row for row in rows if row["rival"] == rival]) for rival in options.rivals}
            facts = {"seconds": options.seconds, "seeds": options.seeds, "resamples": RESAMPLES}
            facts |= {"training_rows": dict(SETS), "bars": {"lost": LOST, "gained on": GAINED}, "verdicts": verdicts}
            write_result(options.out, "auto", rows, versions=("torch", "numpy"), **facts)
    for rival, said in verdicts.items():
        print(f"beside {rival}: {said}")


def compared(name: str, shared: Path, work: Path, options: argparse.Namespace) -> list[dict[str, Any]]:
    """The rows of a set: the auto arm beside each rival, over all seeds."""
    folder = work / name
    if not (folder / "kilter.yaml").exists():
        prepare(shared / name, folder, rows=SETS[name])
    autos = [_found(folder, seed, options.seconds) for seed in range(options.seeds)]
    rows = []
    for rival in options.rivals:
        pilot = _trained(folder, f"{rival}-pilot", *RIVALS[rival], epochs=PILOT)
        epochs = pilot.affords(options.seconds)
        others = [
            Arm(training=_trained(folder, f"{rival}-{seed}", *RIVALS[rival], epochs=epochs, seed=seed))
            for seed in range(options.seeds)
        ]
        rows.append(_row(name, rival, autos, others))
    return rows


def _found(folder: Path, seed: int, seconds: float) -> Arm:
    """The auto arm: each act in a process of its own, one after the other."""
    seeded = f"train.seed={seed}"
    batch = _done(folder, f"auto-batch-{seed}", "batch", seeded)
    size = f"batch.size={batch['found']}"
    pilot = _trained(folder, f"auto-pilot-{batch['found']}", size, epochs=PILOT)
    left = seconds - batch["seconds"]
    half = pilot.affords(left / 2)
    rate = _done(folder, f"auto-rate-{seed}", "rate", seeded, size, f"train.length={half}ep")
    epochs = pilot.affords(left - rate["seconds"])
    laid = (size, f"optimizer.learning_rate={rate['found']}")
    return Arm(
        training=_trained(folder, f"auto-{seed}", *laid, epochs=epochs, seed=seed),
        batch_seconds=batch["seconds"],
        rate_seconds=rate["seconds"],
        rate_epochs=half,
    )


def _row(name: str, rival: str, autos: Sequence[Arm], others: Sequence[Arm]) -> dict[str, Any]:
    gains = np.array([arm.training.merits for arm in autos]) - np.array([arm.training.merits for arm in others])
    low, high = resampled(gains)
    return {
        "name": name,
        "rival": rival,
        "difference": float(gains.mean()),
        "low": low,
        "high": high,
        "by_seed": gains.mean(1).tolist(),
        "test_rows": gains.shape[1],
        "auto": [arm.told() for arm in autos],
        "other": [arm.told() for arm in others],
    }


def resampled(gains: NDArray[np.float64]) -> tuple[float, float]:
    """95 % of the mean of (seeds, rows) where rows are drawn anew for all seeds at once, and seeds, too."""
    seeds, rows = gains.shape
    draw = np.random.default_rng(0)
    means = np.empty(RESAMPLES)
    for at in range(RESAMPLES):
        counts = np.bincount(draw.integers(0, rows, rows), minlength=rows)
        means[at] = (gains @ counts / rows)[draw.integers(0, seeds, seeds)].mean()
    low, high = np.quantile(means, (0.025, 0.975))
    return float(low), float(high)


def verdict(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """What a rival's rows come to: a loss counts where the interval does not exclude it, a gain where it shows it."""
    at_most = [row["name"] for row in rows if row["low"] > -LOST]
    gained = [row["name"] for row in rows if row["low"] > 0]
    return {
        "shown to lose less than a point": at_most,
        "gained": gained,
        "shown to lose": [row["name"] for row in rows if row["high"] < 0],
        "lost a point in the mean": [row["name"] for row in rows if row["difference"] <= -LOST],
        "met": len(at_most) == len(rows) and len(gained) >= GAINED,
    }


def _line(row: dict[str, Any]) -> str:
    def mean(arm: str, key: str) -> float:
        return float(np.mean([each[key] for each in row[arm]]))

    found = ", ".join(f"{each['batch']} at {each['rate']:.2g}" for each in row["auto"])
    spent = " + ".join(f"{mean('auto', key):.0f}" for key in ("batch_seconds", "rate_seconds", "seconds"))
    interval = f"[{row['low']:+.2f}, {row['high']:+.2f}]"
    return (
        f"{row['name']:20}{row['rival']:10}{mean('auto', 'points'):>7.2f}{mean('other', 'points'):>7.2f}"
        f"{row['difference']:>+11.2f}{interval:>17}   {found}; {mean('auto', 'epochs'):.0f} and"
        f" {mean('other', 'epochs'):.0f}; {spent} beside {mean('other', 'seconds'):.0f}"
    )


def _trained(folder: Path, name: str, *laid: str, epochs: int, seed: int = 0) -> Training:
    lasting = (f"train.length={epochs}ep", f"train.seed={seed}", "stop.patience=null")
    read = _done(folder, name, "train", *laid, *lasting)
    return Training(**{**read, "merits": tuple(read["merits"])})


def _done(folder: Path, name: str, act: str, *laid: str) -> dict[str, Any]:
    """What an act comes to in a process of its own, or what is kept of it."""
    kept = folder / f"{name}.json"
    if not kept.exists():
        command = [sys.executable, __file__, "--one", act, str(folder), *laid]
        ended = subprocess.run(command, check=False, stdout=subprocess.PIPE, text=True)
        if ended.returncode:
            message = f"{folder.name}, {name}: {act} ended with {ended.returncode}"
            raise RuntimeError(message)
        kept.write_text(ended.stdout, "utf-8")
    read: dict[str, Any] = json.loads(kept.read_text("utf-8"))
    return read


if __name__ == "__main__":
    main()
