"""A small training with all that makes going on hard, as a program to be killed: dropout, augmentation, accumulation.

`python -m kilter.testing.trainee FOLDER` trains into a folder, or goes on there; it exits as the command line would.
As long as it evaluates, a file `.evaluating` stands in the folder.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, final

import numpy as np
import torch
from torch import nn

from kilter.tasks.classification import Classification
from kilter.testing.killing import EVALUATION
from kilter.testing.sources import ArraySource
from kilter.tracking.fitting import fit
from kilter.values.errors import Interrupted, KilterError
from kilter.values.pipeline import Pipeline
from kilter.values.recipe import Recipe

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from kilter.values.batch import Batch

STEPS = 120
ROWS = 240
FEATURES = 8
CLASSES = 3
WORDS = 60
EACH_STEP = 1e6
"""A share of time so large that the layers of each step are measured, however slow the machine is."""

_LINGER = 0.001  # seconds more that each batch of an evaluation takes, so that its middle can be met


@final
class Net(nn.Module):
    """Dropout, which draws at each step, and batch norm, which keeps what it saw in buffers."""

    def __init__(self, dropout: float = 0.3, *, given: int = FEATURES) -> None:
        super().__init__()
        self.hidden = nn.Linear(given, 24)
        self.norm = nn.BatchNorm1d(24)
        self.drop = nn.Dropout(dropout)
        self.out = nn.Linear(24, CLASSES)

    def forward(self, numbers: Tensor) -> Tensor:
        """Logits (b, k) of `numbers` (b, f)."""
        logits: Tensor = self.out(self.drop(torch.relu(self.norm(self.hidden(numbers)))))
        return logits


def make_pipeline(
    *,
    workers: int = 0,
    length: str = f"{STEPS}st",
    pause: float = 0.0,
    data: str = "arrays",
    dropout: float = 0.3,
    settings: Mapping[str, Mapping[str, object]] | None = None,
    folder: Path | None = None,
) -> Pipeline:
    """Classes that numbers tell apart, noise on each training row, two batches a step, a checkpoint every few steps.

    Args:
        workers: processes that prepare batches.
        length: of the training.
        pause: seconds that each forward pass takes longer, for tests that must meet a step in its middle.
        data: `arrays` in memory; or a `table` or `texts`, read and augmented as those of files are.
        dropout: of the model.
        settings: other sections of the recipe, each over what it has here.
        folder: where a file stands as long as the training evaluates.
    """

    def forward(model: nn.Module, batch: Batch) -> Tensor:
        time.sleep(pause)
        if folder is not None:
            _show(folder / EVALUATION, evaluating=not model.training)
        logits: Tensor = model(
            **{name: batch.inputs[name] for name in ("numbers", "tokens", "mask") if name in batch.inputs}
        )
        return logits

    sections: dict[str, dict[str, object]] = {
        "batch": {"size": 16, "accumulate": 2, "workers": workers},
        "train": {"length": length, "evaluate_every": "10st", "seed": 7, "device": "cpu"},
        "save": {"every": "6st", "keep": 2},
        "stop": {"metric": "valid.loss", "patience": 1000},
    }
    for name, section in (settings or {}).items():
        sections[name] = {**sections.get(name, {}), **section}
    if data == "arrays":
        pipeline = Pipeline(
            task=Classification(labels=("a", "b", "c")),
            make_model=partial(Net, dropout),
            splits={"train": _source(ROWS, seed=1, noise=0.1), "valid": _source(90, seed=2)},
            recipe=Recipe.read(sections),
        )
    else:
        if data == "texts":
            sections |= {
                "preprocessing": {"unit": "word"},
                "model": {"name": "lstm", "width": 8, "dropout": dropout},
            }
        from kilter.project.front import make_pipeline as pipeline_of  # a second of each life, where it is not needed

        rows = {"table": _table, "texts": _texts}[data]
        pipeline = pipeline_of(
            rows(ROWS, 1), valid=rows(90, 2), target="label", task="classification", settings=sections
        )
        if data == "table":
            given = pipeline.splits["train"].plain([0]).inputs["numbers"].shape[1]
            pipeline = replace(pipeline, make_model=partial(Net, dropout, given=given))
    return replace(pipeline, forward=forward if pause or folder is not None else None)


def _show(place: Path, *, evaluating: bool) -> None:
    """Have the file there or not, and linger for the one who waits for it."""
    if evaluating:
        place.touch()
        time.sleep(_LINGER)
    else:
        place.unlink(missing_ok=True)


def _drawn(rows: int, seed: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    draw = np.random.default_rng(seed)
    centers = np.random.default_rng(0).normal(0, 1, (CLASSES, FEATURES))
    targets = draw.integers(0, CLASSES, rows)
    return targets, centers[targets] + draw.normal(0, 1, (rows, FEATURES))


def _table(rows: int, seed: int) -> dict[str, list[object]]:
    """Columns of numbers and a label."""
    targets, numbers = _drawn(rows, seed)
    columns: dict[str, list[object]] = {f"x{at}": column.tolist() for at, column in enumerate(numbers.T)}
    return {**columns, "label": ["abc"[target] for target in targets]}


def _texts(rows: int, seed: int) -> dict[str, list[object]]:
    """Texts of 2 to 20 words in which each class prefers its own."""
    draw = np.random.default_rng(seed)
    targets = draw.integers(0, CLASSES, rows)
    texts: list[object] = []
    for target in targets.tolist():
        words = draw.integers(0, WORDS, draw.integers(2, 21))
        own = draw.random(len(words)) < 0.4
        texts.append(
            " ".join(
                f"w{word - word % CLASSES + target if is_own else word}"
                for word, is_own in zip(words, own, strict=True)
            )
        )
    return {"text": texts, "label": ["abc"[target] for target in targets]}


def _source(rows: int, *, seed: int, noise: float = 0.0) -> ArraySource:
    targets, numbers = _drawn(rows, seed)
    return ArraySource({"numbers": torch.from_numpy(numbers).float()}, targets, size=16, noise=noise)


def main(arguments: Sequence[str] | None = None) -> int:
    """Train or go on; the exit code."""
    parser = argparse.ArgumentParser(prog="kilter.testing.trainee", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--workers", type=int, default=0)
    parser.add_argument("--length", default=f"{STEPS}st")
    parser.add_argument("--pause", type=float, default=0.0)
    parser.add_argument("--data", choices=("arrays", "table", "texts"), default="arrays")
    parser.add_argument("--dropout", type=float, default=0.3)
    parser.add_argument("--settings", type=json.loads, default={}, help="other sections of the recipe, as JSON")
    given = parser.parse_args(arguments)
    torch.set_num_threads(1)
    given.folder.mkdir(parents=True, exist_ok=True)
    (given.folder / EVALUATION).unlink(missing_ok=True)  # of a life that was ended there
    try:
        fit(make_pipeline(**vars(given)), folder=given.folder, resume=True, measuring=EACH_STEP)
    except Interrupted as error:
        return error.exit_code
    except KilterError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    except KeyboardInterrupt:
        sys.stderr.write("interrupted at once\n")
        return 130
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
