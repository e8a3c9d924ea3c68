"""Small pipelines over data in memory."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from kilter.tasks.classification import Classification
from kilter.testing.sources import ArraySource
from kilter.values.pipeline import Pipeline
from kilter.values.recipe import Recipe


class Net(nn.Module):
    """Two layers with dropout between them, over `numbers`."""

    def __init__(self, dropout: float = 0.0) -> None:
        super().__init__()
        self.hidden = nn.Linear(4, 16)
        self.drop = nn.Dropout(dropout)
        self.out = nn.Linear(16, 3)

    def forward(self, numbers: torch.Tensor) -> torch.Tensor:
        return self.out(self.drop(torch.relu(self.hidden(numbers))))


def source(rows: int = 64, *, seed: int = 0, **options: Any) -> ArraySource:
    """Three classes that four numbers tell apart."""
    draw = np.random.default_rng(seed)
    targets = draw.integers(0, 3, rows)
    centers = np.random.default_rng(99).normal(0, 2, (3, 4))
    numbers = centers[targets] + draw.normal(0, 1, (rows, 4))
    return ArraySource({"numbers": torch.tensor(numbers, dtype=torch.float32)}, targets, **options)


@pytest.fixture
def make_pipeline() -> Callable[..., Pipeline]:
    """A pipeline by recipe sections; `dropout`, `noise` and `weights` change model and data."""

    def make(dropout: float = 0.0, noise: float = 0.0, size: int = 16, **sections: Any) -> Pipeline:
        return Pipeline(
            task=Classification(labels=("a", "b", "c")),
            make_model=lambda: Net(dropout),
            splits={"train": source(noise=noise, size=size), "valid": source(30, seed=1), "test": source(30, seed=2)},
            recipe=Recipe.read(sections),
        )

    return make
