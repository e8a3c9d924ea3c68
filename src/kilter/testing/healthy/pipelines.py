"""Pipelines that are well, many of them odd: no preflight check may say more than a note."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, final

import numpy as np
import torch
from torch import nn

from kilter.tasks.classification import Classification
from kilter.tasks.regression import Regression
from kilter.testing.networks import (
    Attention,
    Bag,
    Convolutions,
    Mixed,
    Perceptron,
    Recurrent,
    Residual,
    Tied,
    Transfer,
)
from kilter.testing.sources import ArraySource
from kilter.testing.subjects import Healthy
from kilter.values.pipeline import ModelFactory, Pipeline
from kilter.values.recipe import BatchSize, Recipe

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor
    from torch.optim import Optimizer

    from kilter.values.batch import Batch, Example
    from kilter.values.source import Plan
    from kilter.values.task import Task

ROWS = 96
CLASSES = ("a", "b", "c")
VOCABULARY = 40


def labels(rows: int = ROWS, *, seed: int = 0, shares: tuple[float, ...] = (0.34, 0.33, 0.33)) -> NDArray[np.int64]:
    """Class indices, each class at least once."""
    drawn = np.random.default_rng(seed).choice(len(shares), rows, p=shares)
    drawn[: len(shares)] = range(len(shares))
    return drawn


def numbers(targets: NDArray[Any], *, columns: int = 6, seed: int = 0) -> Tensor:
    """Standard numbers (n, columns) whose means tell the targets apart, more or less."""
    draw = np.random.default_rng(seed)
    centers = np.random.default_rng(7).normal(0, 1, columns)
    spread = np.asarray(targets, np.float64)[:, None] * centers
    made = draw.normal(size=(len(targets), columns)) + (spread - spread.mean(0)) / max(1.0, float(spread.std()))
    return torch.tensor((made - made.mean(0)) / made.std(0), dtype=torch.float32)


def tokens(targets: NDArray[np.int64], *, longest: int = 12, seed: int = 0) -> dict[str, Tensor]:
    """Texts of 3 to `longest` tokens, padded with 0, in which each class prefers its own words."""
    draw = np.random.default_rng(seed)
    lengths = draw.integers(3, longest + 1, len(targets))
    words = draw.integers(1, VOCABULARY, (len(targets), longest))
    preferred = 1 + targets[:, None] * 5 + draw.integers(0, 5, words.shape)
    words = np.where(draw.random(words.shape) < 0.4, preferred, words)
    mask = np.arange(longest) < lengths[:, None]
    return {"tokens": torch.tensor(np.where(mask, words, 0)), "mask": torch.tensor(mask)}


def classify(
    make_model: ModelFactory,
    inputs: Mapping[str, Tensor],
    targets: NDArray[np.int64],
    *,
    task: Task | None = None,
    size: int = 16,
    weights: list[float] | None = None,
    make_optimizer: Callable[[nn.Module], Optimizer] | None = None,
    forward: Callable[[nn.Module, Batch], Tensor] | None = None,
    **sections: Any,
) -> Pipeline:
    """A pipeline over rows in memory; `sections` are those of its recipe."""
    return Pipeline(
        task=task or Classification(labels=CLASSES),
        make_model=make_model,
        splits={"train": ArraySource(inputs, targets, size=size, weights=weights)},
        recipe=Recipe.read({"optimizer": {"learning_rate": 3e-3}, **sections}),
        make_optimizer=make_optimizer,
        forward=forward,
    )


def over_numbers(make_model: ModelFactory | None = None, **options: Any) -> Pipeline:
    """A perceptron, or another network, over six numbers of three classes."""
    targets = labels()
    return classify(make_model or partial(Perceptron, 6, 3), {"numbers": numbers(targets)}, targets, **options)


def over_tokens(make_model: ModelFactory | None = None, **options: Any) -> Pipeline:
    """A bag of embeddings, or another network, over short texts of three classes."""
    targets = labels(seed=1)
    return classify(make_model or partial(Bag, VOCABULARY, 3), tokens(targets), targets, **options)


def over_images(make_model: ModelFactory | None = None, **options: Any) -> Pipeline:
    """Convolutions over images of 8 by 8 points, brighter on one side by class."""
    targets = labels(seed=2)
    draw = np.random.default_rng(2)
    pixels = draw.normal(size=(len(targets), 1, 8, 8))
    for row, target in enumerate(targets):
        pixels[row, :, :, target * 2 : target * 2 + 3] += 1.0
    image = torch.tensor(pixels, dtype=torch.float32)
    return classify(make_model or partial(Convolutions, 3), {"image": image}, targets, **options)


def of_amounts(make_model: ModelFactory | None = None, task: Task | None = None, **options: Any) -> Pipeline:
    """A perceptron, or another network, that answers an amount about 50."""
    draw = np.random.default_rng(3)
    given = draw.normal(size=(ROWS, 6))
    amounts = 50 + 10 * (given @ draw.normal(size=6) + 0.3 * draw.normal(size=ROWS))
    chosen = task or Regression(center=float(amounts.mean()), scale=float(amounts.std()))
    table = {"numbers": torch.tensor(given, dtype=torch.float32)}
    pipeline = classify(make_model or partial(Perceptron, 6, 1), table, labels(), task=chosen, **options)
    return replace(pipeline, splits={"train": Encoded(table, amounts, chosen)})


@final
class Encoded:
    """Rows in memory whose targets a task turns into tensors, as sources of files do."""

    def __init__(
        self, inputs: Mapping[str, Tensor], targets: NDArray[Any], task: Task, *, weights: Sequence[float] | None = None
    ) -> None:
        self._rows = ArraySource(inputs, targets, weights=weights)
        self._task = task

    @property
    def ids(self) -> Sequence[str]:
        """The name of each row."""
        return self._rows.ids

    @property
    def targets(self) -> NDArray[np.generic]:
        """The amount of each row."""
        return self._rows.targets

    def __len__(self) -> int:
        return len(self._rows)

    def plan(self, *, seed: int, epoch: int) -> Plan:
        """Every row once, shuffled."""
        return self._rows.plan(seed=seed, epoch=epoch)

    def sweep(self) -> Plan:
        """Every row once, in order."""
        return self._rows.sweep()

    def batched(self, batch: BatchSize) -> Encoded:
        """The same rows in batches of so many rows."""
        other = copy(self)
        other._rows = self._rows.batched(batch)  # noqa: SLF001 - a copy of its own kind
        return other

    def plain(self, rows: Sequence[int]) -> Batch:
        """These rows as they are."""
        return replace(self._rows.plain(rows), target=self._task.stack([self.targets[row] for row in rows]))

    def batch(self, rows: Sequence[int], *, seed: int, epoch: int) -> Batch:
        """These rows; there is no augmentation."""
        return self.plain(rows)

    def example(self, row: int) -> Example:
        """One row."""
        return self._rows.example(row)


def _zero_head() -> nn.Module:
    model = Perceptron(6, 3)
    nn.init.zeros_(model.out.weight)
    nn.init.zeros_(model.out.bias)
    return model


def _mixed() -> Pipeline:
    targets = labels()
    draw = np.random.default_rng(4)
    categories = np.stack([(targets + draw.integers(0, 2, ROWS)) % 4, draw.integers(0, 6, ROWS)], axis=1)
    inputs = {"numbers": numbers(targets), "categories": torch.tensor(categories)}
    return classify(partial(Mixed, 6, (4, 6), 3), inputs, targets)


def _two_groups(model: nn.Module) -> Optimizer:
    """The head apart from the rest; what is frozen is left out."""
    trained = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
    head = [p for name, p in trained if name.startswith(("out", "head"))]
    rest = [p for name, p in trained if not name.startswith(("out", "head"))]
    groups: list[dict[str, Any]] = [{"params": group} for group in (rest, head) if group]
    return torch.optim.Adam(groups, lr=3e-3)


def _called_otherwise(model: nn.Module, batch: Batch) -> Tensor:
    given = batch.inputs["numbers"]
    return model(numbers=given * 0.5) * 2.0  # type: ignore[no-any-return]


HEALTHY_PIPELINES: tuple[Healthy[Pipeline], ...] = (
    Healthy(name="perceptron", make=over_numbers),
    Healthy(name="amounts", make=of_amounts),
    Healthy(name="bag", make=over_tokens),
    Healthy(name="convolutions", make=over_images),
    Healthy(name="batch norm", make=lambda: over_numbers(partial(Perceptron, 6, 3, norm="batch"))),
    Healthy(name="layer norm", make=lambda: over_numbers(partial(Perceptron, 6, 3, norm="layer"))),
    Healthy(name="much dropout", make=lambda: over_numbers(partial(Perceptron, 6, 3, width=128, dropout=0.5))),
    Healthy(name="group norm", make=lambda: over_images(partial(Convolutions, 3, norm="group"))),
    Healthy(name="recurrent", make=lambda: over_tokens(partial(Recurrent, VOCABULARY, 3))),
    Healthy(name="attention", make=lambda: over_tokens(partial(Attention, VOCABULARY, 3))),
    Healthy(name="branches from zero", make=lambda: over_numbers(partial(Residual, 6, 3))),
    Healthy(name="head from zero", make=lambda: over_numbers(_zero_head)),
    Healthy(name="tied weights", make=lambda: over_numbers(partial(Tied, 6, 3))),
    Healthy(
        name="frozen backbone",
        make=lambda: over_numbers(
            partial(Transfer, 6, 3), make_optimizer=_two_groups, optimizer={"learning_rate": 0.01}
        ),
    ),
    Healthy(name="numbers and categories", make=_mixed),
    Healthy(name="two groups", make=lambda: over_numbers(make_optimizer=_two_groups)),
    Healthy(name="a call of its own", make=lambda: over_numbers(forward=_called_otherwise)),
    Healthy(name="weighed rows", make=lambda: over_numbers(weights=[0.5 + row % 3 for row in range(ROWS)])),
    Healthy(name="batches of two", make=lambda: over_numbers(size=2)),
    Healthy(
        name="one class in ten",
        make=lambda: classify(
            partial(Perceptron, 6, 3),
            {"numbers": numbers(labels(shares=(0.9, 0.06, 0.04)))},
            labels(shares=(0.9, 0.06, 0.04)),
        ),
    ),
    Healthy(
        name="plain descent",
        make=lambda: over_numbers(optimizer={"name": "sgd", "learning_rate": 0.1, "momentum": 0.9}),
    ),
    Healthy(
        name="warm-up and accumulation",
        make=lambda: over_numbers(
            schedule={"name": "cosine", "warmup": "50%"}, batch={"size": 16, "accumulate": 4}, train={"clip_norm": 0.1}
        ),
    ),
    Healthy(name="a careful rate", make=lambda: over_numbers(optimizer={"learning_rate": 5e-4})),
    Healthy(name="a bold rate", make=lambda: over_numbers(optimizer={"learning_rate": 2e-2})),
    Healthy(name="amounts by batch norm", make=lambda: of_amounts(partial(Perceptron, 6, 1, norm="batch"))),
)
