"""One trunk and its cooldowns against cosine runs of the same lengths: scores, and what both cost in steps.

A trunk trains at a constant rate; from its checkpoints at four fifths of three lengths copies are annealed for the last
fifth (1 - √). A cosine run is trained for each of the lengths. All last several epochs, the longest until more of them
bring next to nothing. Both sides have the best of the same learning rates, chosen on rows of their own with seeds of
their own at the middle length. The difference of a length is that of runs of the same seed, on rows that nothing else
has seen, with a 95 % interval of its mean over the seeds (Student's t). It is within seed noise where its mean is no
more than the standard deviation of the cosine runs over the seeds; what is given is the weights of the last step.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, final

import numpy as np
import torch
from machine import RESULTS, write_result
from scipy.stats import t
from sklearn.datasets import load_digits
from torch import Tensor, nn

from kilter.engine.predicting import predict
from kilter.tasks.classification import Classification
from kilter.testing.sources import ArraySource
from kilter.tracking.branching import branch, departing
from kilter.tracking.fitting import fit
from kilter.training.continuing import changed, cooled
from kilter.training.itinerary import Itinerary
from kilter.values.duration import Duration
from kilter.values.pipeline import Pipeline
from kilter.values.recipe import Recipe

SIZE: Final = 32  # rows of a batch
EPOCHS: Final = (10, 20, 40)
SHARE: Final = 20  # percent of a length that is cooldown
RATES: Final = (1e-3, 3e-3, 1e-2, 3e-2)
TUNING: Final = (100, 101)  # seeds
SCORES: Final = ("accuracy", "loss")


@final
class Net(nn.Module):
    """Two hidden layers of 128 with dropout."""

    def __init__(self, numbers: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(numbers, 128), nn.ReLU(), nn.Dropout(0.1), nn.Linear(128, 128), nn.ReLU(), nn.Linear(128, 10)
        )

    def forward(self, numbers: Tensor) -> Tensor:
        """Logits (b, 10) of numbers (b, n)."""
        logits: Tensor = self.layers(numbers)
        return logits


@final
@dataclass(frozen=True, kw_only=True)
class Subject:
    """What is learnt: rows to train on, rows to choose the rate by, rows to judge by."""

    name: str
    train: ArraySource
    tune: ArraySource
    test: ArraySource
    make_model: Callable[[], nn.Module]

    def pipeline(self, schedule: str, *, rate: float, seed: int, epochs: int) -> Pipeline:
        """A training without evaluations, so that its result is that of its last step."""
        recipe = {
            "batch": {"size": SIZE},
            "optimizer": {"name": "adamw", "learning_rate": rate, "weight_decay": 0.01},
            "schedule": {"name": schedule, "warmup": "1ep"},
            "train": {"length": f"{epochs}ep", "seed": seed},
        }
        if schedule == "constant":  # whose checkpoints cooldowns begin at
            recipe["save"] = {"every": f"{min(EPOCHS) * (100 - SHARE) // 100}ep", "keep": "all"}
        task = Classification(labels=tuple("0123456789"))
        return Pipeline(task=task, make_model=self.make_model, splits={"train": self.train}, recipe=Recipe.read(recipe))


def digits() -> Subject:
    """Pixels of handwritten digits, of which a small training set can be learnt by heart."""
    pixels, targets = load_digits(return_X_y=True)
    return _subject("digits", pixels / 16, targets.astype(np.int64), (800, 300))


def teacher() -> Subject:
    """The answers of a random network to normal numbers, one in ten of them wrong."""
    draw = np.random.default_rng(0)
    numbers = draw.normal(size=(10_000, 20))
    hidden = np.maximum(numbers @ draw.normal(size=(20, 32)), 0)
    targets = (hidden @ draw.normal(size=(32, 10))).argmax(1)
    wrong = draw.random(len(targets)) < 0.1
    targets[wrong] = draw.integers(0, 10, int(wrong.sum()))
    return _subject("teacher", numbers, targets, (3000, 2000))


def _subject(name: str, numbers: np.ndarray, targets: np.ndarray, sizes: tuple[int, int]) -> Subject:
    order = np.random.default_rng(1).permutation(len(targets))
    parts = np.split(order, np.cumsum(sizes))
    train, tune, test = (
        ArraySource({"numbers": torch.tensor(numbers[rows], dtype=torch.float32)}, targets[rows], size=SIZE)
        for rows in parts
    )
    width = numbers.shape[1]
    return Subject(name=name, train=train, tune=tune, test=test, make_model=lambda: Net(width))


def scored(subject: Subject, pipeline: Pipeline, model: nn.Module, *, rows: str = "test") -> dict[str, float]:
    """What a model is worth on some rows."""
    source = subject.tune if rows == "tune" else subject.test
    predictions, loss = predict(pipeline, model, source, device="cpu")
    return {"accuracy": 100 * pipeline.task.points(predictions)["accuracy"], "loss": loss}


def cosine(subject: Subject, *, rate: float, seed: int, epochs: int, rows: str = "test") -> dict[str, float]:
    """A cosine run."""
    pipeline = subject.pipeline("cosine", rate=rate, seed=seed, epochs=epochs)
    fitted = fit(pipeline, measuring=0)
    return {**scored(subject, pipeline, fitted.model, rows=rows), "steps": float(fitted.step)}


def grown(
    subject: Subject, *, rate: float, seed: int, lengths: tuple[int, ...], rows: str = "test"
) -> Iterator[dict[str, float]]:
    """A trunk as long as the longest cooldown needs it, and its cooldowns; a row for each length.

    The steps of a row are those that are made for it beside what was made for the rows before.
    """
    begins = [epochs * (100 - SHARE) // 100 for epochs in lengths]
    trunk = subject.pipeline("constant", rate=rate, seed=seed, epochs=max(begins))
    itinerary, already = Itinerary(subject.train, trunk.recipe), 0
    with TemporaryDirectory() as place:
        fit(trunk, folder=Path(place) / "trunk", measuring=0)
        for epochs, begin in zip(lengths, begins, strict=True):
            folder = Path(place) / f"{epochs}"
            folder.mkdir()
            start = departing(Path(place) / "trunk", begin * itinerary.steps_per_epoch)
            changes = cooled(trunk.recipe, itinerary, step=start.step, length=Duration(SHARE, "%"))
            branch(Path(place) / "trunk", folder, start)
            child = replace(trunk, recipe=changed(trunk.recipe, changes))
            fitted = fit(child, folder=folder, resume=True, measuring=0)
            yield {**scored(subject, child, fitted.model, rows=rows), "steps": float(fitted.step - already)}
            already = start.step


def tuned(subject: Subject) -> tuple[float, float]:
    """The rates with the least loss at the middle length: of the cosine, of the trunk with its cooldown."""
    middle = EPOCHS[1]

    def of_cosine(rate: float) -> float:
        runs = [cosine(subject, rate=rate, seed=seed, epochs=middle, rows="tune") for seed in TUNING]
        return statistics.mean(run["loss"] for run in runs)

    def of_trunk(rate: float) -> float:
        runs = [next(grown(subject, rate=rate, seed=seed, lengths=(middle,), rows="tune")) for seed in TUNING]
        return statistics.mean(run["loss"] for run in runs)

    return min(RATES, key=of_cosine), min(RATES, key=of_trunk)


def difference(ours: list[float], theirs: list[float]) -> dict[str, Any]:
    """The mean of ours - theirs over the seeds, its 95 % interval, and the seed noise of theirs."""
    apart = [one - other for one, other in zip(ours, theirs, strict=True)]
    mean, error = statistics.mean(apart), statistics.stdev(apart) / len(apart) ** 0.5
    reach = float(t.ppf(0.975, len(apart) - 1)) * error
    noise = statistics.stdev(theirs)
    return {
        "ours": statistics.mean(ours),
        "cosine": statistics.mean(theirs),
        "difference": mean,
        "low": mean - reach,
        "high": mean + reach,
        "seed_noise": noise,
        "within_seed_noise": abs(mean) <= noise,
    }


def compare(subject: Subject, seeds: int) -> Iterator[dict[str, Any]]:
    """A row for each length."""
    of_cosine, of_trunk = tuned(subject)
    print(f"{subject.name}: rates {of_cosine:g} (cosine), {of_trunk:g} (trunk)", flush=True)
    runs = [list(grown(subject, rate=of_trunk, seed=seed, lengths=EPOCHS)) for seed in range(seeds)]
    for at, epochs in enumerate(EPOCHS):
        theirs = [cosine(subject, rate=of_cosine, seed=seed, epochs=epochs) for seed in range(seeds)]
        ours = [run[at] for run in runs]
        row: dict[str, Any] = {"subject": subject.name, "epochs": epochs, "rates": [of_cosine, of_trunk]}
        row |= {name: difference([r[name] for r in ours], [r[name] for r in theirs]) for name in SCORES}
        row |= {"steps": ours[0]["steps"], "steps_cosine": theirs[0]["steps"]}
        for name, unit in (("accuracy", "%"), ("loss", "")):
            said = row[name]
            print(
                f"  {epochs:>3} epochs {name:<9}{said['ours']:>8.3f}{unit:1} cosine {said['cosine']:>7.3f}{unit:1}"
                f" difference {said['difference']:+.3f} [{said['low']:+.3f}, {said['high']:+.3f}]"
                f"  seed noise {said['seed_noise']:.3f}{'' if said['within_seed_noise'] else '  MORE'}",
                flush=True,
            )
        yield row


def main() -> None:
    """Train, compare, print a table, write JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--out", type=Path, default=RESULTS / "cooldown.json")
    options = parser.parse_args()
    torch.set_num_threads(1)
    rows = [row for subject in (digits(), teacher()) for row in compare(subject, options.seeds)]
    prices = {}
    for name in dict.fromkeys(row["subject"] for row in rows):
        ours, theirs = (sum(row[key] for row in rows if row["subject"] == name) for key in ("steps", "steps_cosine"))
        prices[name] = {"trunk_and_cooldowns": ours, "cosine": theirs, "ratio": ours / theirs}
        print(f"{name}: {ours:,.0f} steps for all lengths, cosine {theirs:,.0f}: {ours / theirs:.2f} of the price")
    matches = all(row[name]["within_seed_noise"] for row in rows for name in SCORES)
    print(f"within seed noise at every length, by accuracy and loss: {'yes' if matches else 'no'}")
    write_result(
        options.out,
        "cooldown",
        rows,
        versions=("torch", "numpy"),
        seeds=options.seeds,
        batch=SIZE,
        cooldown_percent=SHARE,
        shape="one_minus_sqrt",
        rates=RATES,
        prices=prices,
        within_seed_noise=matches,
    )


if __name__ == "__main__":
    main()
