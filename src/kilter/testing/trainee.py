"""A small training with all that makes going on hard, as a program to be killed: dropout, augmentation, accumulation.

`python -m kilter.testing.trainee FOLDER` trains into a folder, or goes on there; it exits as the command line would.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, final

import numpy as np
import torch
from torch import nn

from kilter.tasks.classification import Classification
from kilter.testing.sources import ArraySource
from kilter.tracking.fitting import fit
from kilter.values.errors import KilterError
from kilter.values.pipeline import Pipeline
from kilter.values.recipe import Recipe

if TYPE_CHECKING:
    from torch import Tensor

    from kilter.values.batch import Batch

STEPS = 120
ROWS = 240
FEATURES = 8
CLASSES = 3
EACH_STEP = 1e6
"""A share of time so large that the layers of each step are measured, however slow the machine is."""


@final
class Net(nn.Module):
    """Dropout, which draws at each step, and batch norm, which keeps what it saw in buffers."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden = nn.Linear(FEATURES, 24)
        self.norm = nn.BatchNorm1d(24)
        self.drop = nn.Dropout(0.3)
        self.out = nn.Linear(24, CLASSES)

    def forward(self, numbers: Tensor) -> Tensor:
        """Logits (b, k) of `numbers` (b, f)."""
        logits: Tensor = self.out(self.drop(torch.relu(self.norm(self.hidden(numbers)))))
        return logits


def make_pipeline(*, workers: int = 0, length: str = f"{STEPS}st", pause: float = 0.0) -> Pipeline:
    """Classes that numbers tell apart, noise on each training row, two batches a step, a checkpoint every few steps.

    Args:
        workers: processes that prepare batches.
        length: of the training.
        pause: seconds that each forward pass takes longer, for tests that must meet a step in its middle.
    """

    def forward(model: nn.Module, batch: Batch) -> Tensor:
        time.sleep(pause)
        logits: Tensor = model(batch.inputs["numbers"])
        return logits

    recipe = Recipe.read(
        {
            "batch": {"size": 16, "accumulate": 2, "workers": workers},
            "train": {"length": length, "evaluate_every": "10st", "seed": 7, "device": "cpu"},
            "save": {"every": "6st", "keep": 2},
            "stop": {"metric": "valid.loss", "patience": 1000},
        }
    )
    return Pipeline(
        task=Classification(labels=("a", "b", "c")),
        make_model=Net,
        splits={"train": _source(ROWS, seed=1, noise=0.1), "valid": _source(90, seed=2)},
        recipe=recipe,
        forward=forward if pause else None,
    )


def _source(rows: int, *, seed: int, noise: float = 0.0) -> ArraySource:
    draw = np.random.default_rng(seed)
    centers = np.random.default_rng(0).normal(0, 1, (CLASSES, FEATURES))
    targets = draw.integers(0, CLASSES, rows)
    numbers = torch.from_numpy(centers[targets] + draw.normal(0, 1, (rows, FEATURES))).float()
    return ArraySource({"numbers": numbers}, targets, size=16, noise=noise)


def main(arguments: Sequence[str] | None = None) -> int:
    """Train or go on; the exit code."""
    parser = argparse.ArgumentParser(prog="kilter.testing.trainee", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--workers", type=int, default=0)
    parser.add_argument("--length", default=f"{STEPS}st")
    parser.add_argument("--pause", type=float, default=0.0)
    given = parser.parse_args(arguments)
    torch.set_num_threads(1)
    given.folder.mkdir(parents=True, exist_ok=True)
    try:
        fit(
            make_pipeline(workers=given.workers, length=given.length, pause=given.pause),
            folder=given.folder,
            resume=True,
            measuring=EACH_STEP,
        )
    except KilterError as error:
        return error.exit_code
    except KeyboardInterrupt:
        sys.stderr.write("interrupted at once\n")
        return 130
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
