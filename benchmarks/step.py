"""A step of `fit` with its default hooks against a bare loop: digits, an MLP, one thread, CPU time, in one run.

The bare loop is the plainest PyTorch that trains the same model on the same rows; its variants say what clipping and
the fused optimizer cost or bring, so that nobody has to guess what the ratio hides. Contenders take turns, and the
ratio is the median of the rounds' ratios, so that what else the machine does meets all of them alike.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import final

import numpy as np
import torch
from machine import RESULTS, write_result
from sklearn.datasets import load_digits
from torch import Tensor, nn
from torch.nn import functional

from kilter.data.encoded import EncodedSource
from kilter.data.preprocessing import Encoded
from kilter.tasks.classification import Classification
from kilter.tracking import fitting
from kilter.tracking.recording import open_recording
from kilter.training.fit import fit
from kilter.values.pipeline import Pipeline
from kilter.values.recipe import BatchSize, Recipe
from kilter.values.table import Field, Kind, Schema, Table

BAR = 1.10  # times the bare loop of the same recipe
SIZE = 64
CLIP = 1.0
VALID = 360  # rows put aside
BARE = ("bare", "bare, clipping", "bare, clipping, fused", "bare, clipping, fused, evaluating")


@final
class Net(nn.Module):
    """64-128-128-10."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 128), nn.ReLU(), nn.Linear(128, 10))

    def forward(self, numbers: Tensor) -> Tensor:
        """Logits (b, 10) of pixels (b, 64)."""
        logits: Tensor = self.layers(numbers)
        return logits


Numbers = Tensor
Targets = Tensor


def bare(
    train: tuple[Numbers, Targets],
    valid: tuple[Numbers, Targets],
    epochs: int,
    *,
    clip: bool = False,
    fused: bool = False,
    evaluate: bool = False,
) -> int:
    """The plain loop; the number of its steps."""
    torch.manual_seed(0)
    model = Net()
    numbers, targets = train
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, fused=True if fused else None)
    steps, losses = 0, []
    for _ in range(epochs):
        order = torch.randperm(len(numbers))
        for at in range(0, len(order), SIZE):
            rows = order[at : at + SIZE]
            optimizer.zero_grad()
            loss = functional.cross_entropy(model(numbers[rows]), targets[rows])
            loss.backward()
            if clip:
                nn.utils.clip_grad_norm_(model.parameters(), CLIP)
            optimizer.step()
            losses.append(loss.item())
            steps += 1
        if evaluate:
            model.eval()
            with torch.no_grad():
                logits = model(valid[0])
                losses.append(functional.cross_entropy(logits, valid[1]).item())
                losses.append((logits.argmax(1) == valid[1]).float().mean().item())
            model.train()
    return steps


def source(numbers: Numbers, targets: Targets, task: Classification) -> EncodedSource:
    """Rows as `kilter run` holds them."""
    count = len(numbers)
    return EncodedSource(
        encoded=Encoded(rows=count, numbers=numbers.numpy()),
        table=Table(columns={"digit": targets.numpy()}, ids=tuple(f"digits#{row}" for row in range(count))),
        schema=Schema(inputs=(Field(name="pixels", kind=Kind.NUMBER),), target="digit", target_kind=Kind.CATEGORY),
        targets=targets.numpy(),
        stack=task.stack,
        batch=BatchSize(size=SIZE),
    )


def pipeline_of(train: tuple[Numbers, Targets], valid: tuple[Numbers, Targets] | None, epochs: int) -> Pipeline:
    """The same training for `fit`."""
    task = Classification(labels=tuple(str(digit) for digit in range(10)))
    splits = {"train": source(*train, task)} | ({} if valid is None else {"valid": source(*valid, task)})
    recipe = Recipe.read({"train": {"length": f"{epochs}ep", "clip_norm": CLIP}, "batch": {"size": SIZE}})
    return Pipeline(task=task, make_model=Net, splits=splits, recipe=recipe)


def recorded(pipeline: Pipeline) -> int:
    """`fit` with its default hooks, recorded into metrics.jsonl; weights kept in memory. The number of its steps."""
    with TemporaryDirectory() as folder:
        recording, history = open_recording(Path(folder))
        try:
            return fit(pipeline, observers=(recording,), history=history).step
        finally:
            recording.close()


def with_checkpoints(pipeline: Pipeline) -> int:
    """The same, with a checkpoint on disk after each epoch."""
    with TemporaryDirectory() as folder:
        return fitting.fit(pipeline, folder=Path(folder)).step


def microseconds(run: Callable[[], int]) -> float:
    """CPU time of a step."""
    began = time.process_time()
    steps = run()
    return (time.process_time() - began) / steps * 1e6


def ratio(values: list[float], others: list[float]) -> float:
    """The median of what each round says; its contenders ran close together and met the same neighbours."""
    return statistics.median(value / other for value, other in zip(values, others, strict=True))


def main() -> None:
    """Measure, print a table, write JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=31)
    parser.add_argument("--out", type=Path, default=RESULTS / "step.json")
    options = parser.parse_args()
    torch.set_num_threads(1)
    pixels, digits = load_digits(return_X_y=True)
    numbers, targets = torch.tensor(pixels / 16, dtype=torch.float32), torch.from_numpy(digits.astype(np.int64))
    train, valid = (numbers[VALID:], targets[VALID:]), (numbers[:VALID], targets[:VALID])
    alone, judged = pipeline_of(train, None, options.epochs), pipeline_of(train, valid, options.epochs)
    contenders: dict[str, Callable[[], int]] = {
        "bare": lambda: bare(train, valid, options.epochs),
        "bare, clipping": lambda: bare(train, valid, options.epochs, clip=True),
        "bare, clipping, fused": lambda: bare(train, valid, options.epochs, clip=True, fused=True),
        "bare, clipping, fused, evaluating": lambda: bare(
            train, valid, options.epochs, clip=True, fused=True, evaluate=True
        ),
        "fit": lambda: recorded(alone),
        "fit, evaluating": lambda: recorded(judged),
        "fit, evaluating, checkpoints": lambda: with_checkpoints(judged),
    }
    taken: dict[str, list[float]] = {name: [] for name in contenders}
    for run in contenders.values():  # what is imported, compiled and cached at first use belongs to no step
        run()
    for _ in range(options.rounds):
        for name, run in contenders.items():
            taken[name].append(microseconds(run))
    print(f"{'CPU time of a step':36}{'µs':>8}   times that of {'   '.join(BARE)}")
    rows = []
    for name, values in taken.items():
        ratios = {other: ratio(values, taken[other]) for other in BARE}
        median = statistics.median(values)
        columns = "".join(f"{ratios[other]:>{len(other) + 2}.2f}x" for other in BARE)
        print(f"{name:36}{median:>8.0f}              {columns}")
        rows.append({"what": name, "microseconds": median, "ratios": ratios, "rounds": values})
    reached = ratio(taken["fit"], taken["bare, clipping"])
    verdict = "met" if reached <= BAR else "MISSED"
    print(f"bar: fit at most {BAR:.2f}x of the bare loop of the same recipe; {reached:.2f}x, {verdict}")
    write_result(
        options.out,
        "step",
        rows,
        versions=("torch", "numpy", "scikit-learn"),
        epochs=options.epochs,
        batch=SIZE,
        threads=1,
        bar=BAR,
        ratio=reached,
        bar_met=reached <= BAR,
    )


if __name__ == "__main__":
    main()
