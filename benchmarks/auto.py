"""`batch: auto` and `lr: auto` in a project beside fixed numbers, for the same CPU seconds, on nine real sets.

The auto arm is a project as `kilter init` writes it, as long as it is by default, with both numbers left to be found.
What it takes until its training has ended, finding and child processes included, in CPU seconds, is what a rival
gets for that seed: it finds nothing, so that its training is made as many epochs long as those seconds pay for,
schedule and all. What an epoch of it takes is told by its last training on that set, at first by a pilot of three
epochs. The rivals are

    defaults   the numbers that `kilter run` takes where a project says nothing: they follow from model and rows, and
               were chosen on sets among these
    recipe     those that `Recipe()` has, whatever the model: batches of 64, a rate of .001

and, in other seconds, to tell the worth of the numbers that are found from the price of finding them,

    as_long    the defaults again, for as many epochs as the auto arm

Nobody stops early, since a training that does leaves seconds unused; all keep the weights that were best on the
validation split, which answer the test rows. Audit, baselines and preflight, the same for all, are left out, and
answering the test rows is not counted.

A point is a hundredth of accuracy, of span F1 or of R². Intervals of differences are percentiles of resamples of the
test rows, the same for both arms, and of the seeds. Some sets get fewer training rows (`SETS`), chosen by what a
training costs, so that all of it ends within an hour on one core.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, final

import numpy as np
from machine import RESULTS, write_result

from kilter.engine.predicting import predict
from kilter.project.assembling import load_dataset
from kilter.project.flow import run_project
from kilter.project.progress import Silence
from kilter.project.reading import project_given
from kilter.project.stages import Work, restore_model
from kilter.training.events import Evaluated

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kilter.project.reading import Project
    from kilter.training.events import Event
    from kilter.values.history import History
    from kilter.values.run import Run, Stage

LOST, GAINED = 1.0, 5
"""The bars: points that no set may lose, and sets that must gain."""

RESAMPLES: Final = 4_000

PILOT: Final = 3
"""Epochs of a training that tells what an epoch takes: the first is not counted, since much is loaded in it."""

ARMS: Final = MappingProxyType(
    {
        "auto": ("batch=auto", "lr=auto"),
        "defaults": (),
        "recipe": ("batch.size=64", "optimizer.learning_rate=0.001"),
        "as_long": (),
    }
)
"""What is laid over the project in each arm."""


SETS: Final = MappingProxyType(
    {
        "sst2": None,
        "tweet_emotion": None,
        "banking77": None,
        "sick": 2500,
        "restaurants8k": 1000,
        "adult": None,
        "california_housing": None,
        "mnist10k": 800,
        "cifar10_small": 600,
    }
)
"""Sets, and the training rows that are drawn where a training by defaults would take more than half a minute."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A training: what it took, what was found, and how good it is.

    Attributes:
        stages: CPU seconds of each until the training had ended.
        before: CPU seconds until the first epoch was evaluated, finding left out.
        epoch: CPU seconds of an epoch after the first, with its evaluation.
        steps: of the training.
        batch: rows a batch, or tokens where it goes by these.
        merits: what each test row adds to the score, in points, of which they are the mean.
    """

    stages: dict[str, float]
    before: float
    epoch: float
    steps: int
    batch: str
    rate: float
    epochs: int
    merits: tuple[float, ...]

    @property
    def points(self) -> float:
        """The score."""
        return float(np.mean(self.merits))

    @property
    def seconds(self) -> float:
        """All that it took."""
        return sum(self.stages.values())


def main() -> None:
    """Train, print the table, write the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="sets; all of them where none is named")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, help="of the auto arm, where they are not those by default")
    parser.add_argument("--rivals", nargs="+", choices=tuple(ARMS)[1:], default=["defaults"])
    parser.add_argument("--work", type=Path, help="where outcomes are kept, so that those that are there are read")
    parser.add_argument("--one", nargs="+", help="what each process is told: a project's folder, and what is laid over")
    parser.add_argument("--out", type=Path, default=RESULTS / "auto.json")
    options = parser.parse_args()
    if options.one:
        print(json.dumps(asdict(trained(*options.one))))
        return
    shared = Path(os.environ.get("KILTER_SHARED", "../shared")).resolve() / "data"
    if not shared.is_dir():
        print(f"skipped: {shared} is not there; KILTER_SHARED says where the sets are")
        return
    print(f"{'set':20}{'rival':10}{'auto':>7}{'rival':>7}{'difference':>11}{'interval':>17}", end="   ")
    print("found: batch, rate; share of finding; CPU s of both")
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as scratch:
        work = options.work or Path(scratch)
        for name in options.names or SETS:
            for row in compared(name, shared, work, options):
                rows.append(row)
                print(_line(row), flush=True)
    verdicts = {rival: verdict([row for row in rows if row["rival"] == rival]) for rival in options.rivals}
    for rival, said in verdicts.items():
        print(f"beside {rival}: {said}")
    facts = {"seeds": options.seeds, "resamples": RESAMPLES, "bars": {"lost": LOST, "gained on": GAINED}}
    facts |= {"epochs": options.epochs, "training_rows": dict(SETS)}
    write_result(options.out, "auto", rows, versions=("torch", "numpy"), verdicts=verdicts, **facts)


def compared(name: str, shared: Path, work: Path, options: argparse.Namespace) -> list[dict[str, Any]]:
    """The rows of a set: the auto arm beside each rival, over all seeds."""
    folder = work / name
    if not (folder / "kilter.yaml").exists():
        _prepare(shared / name, folder, rows=SETS[name])
    found = [_outcome(folder, "auto", seed, options.epochs) for seed in range(options.seeds)]
    rows = []
    for rival in options.rivals:
        if rival == "as_long":
            beside = [_outcome(folder, rival, seed, options.epochs) for seed in range(options.seeds)]
        else:
            beside = _as_dear(folder, rival, found)
        rows.append(_row(name, rival, found, beside))
    return rows


def _as_dear(folder: Path, rival: str, found: Sequence[Outcome]) -> list[Outcome]:
    """A rival's trainings in the seconds of the auto arm's, seed by seed."""
    last = _outcome(folder, rival, "pilot", PILOT)
    beside = []
    for seed, auto in enumerate(found):
        affordable = math.ceil(1 + (auto.seconds - last.before) / last.epoch)
        last = _outcome(folder, rival, seed, max(2, affordable))
        beside.append(last)
    return beside


def _row(name: str, rival: str, found: Sequence[Outcome], beside: Sequence[Outcome]) -> dict[str, Any]:
    gains = np.array([auto.merits for auto in found]) - np.array([other.merits for other in beside])
    low, high = resampled(gains)
    told = {"batches": "batch", "rates": "rate", "epochs": "epochs", "steps": "steps"}
    return {
        "name": name,
        "rival": rival,
        "difference": float(gains.mean()),
        "low": low,
        "high": high,
        "by_seed": gains.mean(1).tolist(),
        "test_rows": gains.shape[1],
        **{
            arm: {
                "points": [each.points for each in outcomes],
                "seconds": [each.seconds for each in outcomes],
                "stages": [each.stages for each in outcomes],
                **{plural: [getattr(each, key) for each in outcomes] for plural, key in told.items()},
            }
            for arm, outcomes in (("auto", found), ("other", beside))
        },
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
    auto, other = row["auto"], row["other"]
    finding = sum(sum(v for k, v in stages.items() if k != "train") for stages in auto["stages"])
    share = finding / sum(sum(stages.values()) for stages in auto["stages"])
    found = ", ".join(f"{batch} at {rate:.2g}" for batch, rate in zip(auto["batches"], auto["rates"], strict=True))
    interval = f"[{row['low']:+.2f}, {row['high']:+.2f}]"
    return (
        f"{row['name']:20}{row['rival']:10}{np.mean(auto['points']):>7.2f}{np.mean(other['points']):>7.2f}"
        f"{row['difference']:>+11.2f}{interval:>17}   {found}; {share:.0%};"
        f" {np.mean(auto['seconds']):.0f} and {np.mean(other['seconds']):.0f}"
    )


def _outcome(folder: Path, arm: str, seed: int | str, epochs: int | None) -> Outcome:
    """A training in a process of its own, or what is kept of it; None is as many epochs as the project has."""
    kept = folder / f"{arm}-{seed}.json"
    if not kept.exists():
        number = seed if isinstance(seed, int) else 0
        laid = [*ARMS[arm], f"train.seed={number}", "stop.patience=null"]
        laid += [] if epochs is None else [f"train.length={epochs}ep"]
        command = [sys.executable, __file__, "--one", str(folder), *laid]
        ended = subprocess.run(command, check=False, stdout=subprocess.PIPE, text=True)
        if ended.returncode:
            message = f"{folder.name}, {arm}, seed {seed}: the training ended with {ended.returncode}"
            raise RuntimeError(message)
        kept.write_text(ended.stdout, "utf-8")
    read = json.loads(kept.read_text("utf-8"))
    return Outcome(**{**read, "merits": tuple(read["merits"])})


def trained(folder: str, *laid: str) -> Outcome:
    """Find what is left open, train, and answer the test rows: here, in this process."""
    clock = Clock()
    project = project_given(Path(folder) / "kilter.yaml", laid)
    run = run_project(project, stages=("train",), progress=clock)
    merits = _answered(project, run)
    recipe = run.config
    batch, first, last = recipe["batch"], clock.evaluated[1], clock.evaluated[-1]
    finding = sum(seconds for stage, seconds in clock.stages.items() if stage != "train")
    return Outcome(
        stages=clock.stages,
        before=first - finding,
        epoch=(last - first) / (len(clock.evaluated) - 2),
        steps=clock.steps,
        batch=str(batch["size"] or f"{batch['tokens']} tokens"),
        rate=recipe["optimizer"]["learning_rate"],
        epochs=len(clock.evaluated) - 1,
        merits=tuple((100 * merits).tolist()),
    )


def _answered(project: Project, run: Run) -> NDArray[np.float64]:
    """What each test row adds to the score of the best weights of a run."""
    work = Work(project=project, folder=run.path, progress=Silence(), dataset=load_dataset(project))
    restore_model(work)
    pipeline, model = work.assembled(), work.model
    assert model is not None
    rows = predict(pipeline, model, pipeline.splits["test"], device=work.device).predictions
    if project.file.task != "regression":  # the mean of merits is the accuracy, or the F1 of spans
        return rows.merit
    true, said = (np.asarray(each, np.float64) for each in (rows.target, rows.decided))
    return 1 - (true - said) ** 2 / true.var()  # whose mean is R²


@final
class Clock:
    """Counts the CPU seconds of a flow, child processes among them."""

    def __init__(self) -> None:
        self._start = _now()
        self.stages: dict[str, float] = {}
        self.evaluated: list[float] = []
        self.steps = 0

    def began(self, stage: str) -> None:
        """Assembling what is trained belongs to the first stage."""

    def told(self, line: str) -> None:
        """Nothing hangs on it."""

    def planned(self, steps: int | None, seconds: float | None = None) -> None:
        """Nothing hangs on it."""

    def flush(self) -> None:
        """Nothing hangs on it."""

    def see(self, event: Event, history: History) -> None:
        """Evaluations end epochs."""
        if isinstance(event, Evaluated):
            self.evaluated.append(_now() - self._start)
            self.steps = event.step

    def ended(self, stage: Stage) -> None:
        """What it took."""
        self.stages[stage.name] = _now() - self._start - sum(self.stages.values())


def _now() -> float:
    return sum(os.times()[:4])


def _prepare(source: Path, folder: Path, *, rows: int | None) -> None:
    """A set with the rows that it gets, and its project file."""
    folder.mkdir(parents=True)
    files = {}
    for path in sorted(source.iterdir()):
        if path.stem in {"train", "dev", "test"}:
            files[path.stem] = folder / path.name
            shutil.copyfile(path, folder / path.name)
    if rows is not None:
        _lessen(files["train"], rows)
    command = [sys.executable, "-m", "kilter", "init", *(files[part].name for part in ("train", "dev", "test"))]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)


def _lessen(path: Path, rows: int) -> None:
    """So many rows of a file, drawn once and for all, in their order."""

    def drawn(count: int) -> list[int]:
        return sorted(np.random.default_rng(0).permutation(count)[:rows].tolist())

    if path.suffix == ".npz":
        with np.load(path) as arrays:
            kept = drawn(len(next(iter(arrays.values()))))
            fewer = {name: array[kept] for name, array in arrays.items()}
        np.savez(path, **fewer)
    elif path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            names = [name for name in archive.namelist() if not name.endswith("/")]
            contents = {names[at]: archive.read(names[at]) for at in drawn(len(names))}
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in contents.items():
                archive.writestr(name, content)
    elif path.suffix == ".jsonl":
        lines = path.read_text("utf-8").splitlines(keepends=True)
        path.write_text("".join(lines[at] for at in drawn(len(lines))), "utf-8")
    else:
        sentences = [part for part in path.read_text("utf-8").split("\n\n") if part.strip()]
        path.write_text("\n\n".join(sentences[at].strip("\n") for at in drawn(len(sentences))) + "\n", "utf-8")


if __name__ == "__main__":
    main()
