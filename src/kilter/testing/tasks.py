"""What every task keeps to: its parts agree in shapes, its loss adds up, and it comes back from its description.

For writers of tasks: `task_conforms(subject)` in a test, with a subject of one's own or those of `HEALTHY_TASKS`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, final

import numpy as np
import torch
from torch import nn

from kilter.engine.stepping import loss_and_gradients
from kilter.tasks.reading import task_from
from kilter.values.batch import Batch
from kilter.values.errors import DataError
from kilter.values.pipeline import Pipeline
from kilter.values.recipe import Recipe

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kilter.values.task import Outputs, Task


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Learnable:
    """A task over raw targets, and outputs that a model might give.

    Attributes:
        name: what is learnt, and how.
        column: raw targets (n,) or (n, k), six rows at least.
        make: the task that a column describes.
        outputs: of so many rows, drawn with a generator.
        missing: a raw column in which a row has no target; None where the task has no such thing.
    """

    name: str
    column: NDArray[Any]
    make: Callable[[NDArray[Any], list[str]], Task]
    outputs: Callable[[Task, int, torch.Generator], Outputs]
    missing: NDArray[Any] | None


@final
class Fixed(nn.Module):
    """Outputs as a model: its weights are what it says."""

    def __init__(self, outputs: Outputs) -> None:
        super().__init__()
        given = {"only": outputs} if isinstance(outputs, torch.Tensor) else outputs
        self.said = nn.ParameterDict({name: nn.Parameter(tensor.clone()) for name, tensor in given.items()})

    def forward(self) -> Outputs:
        """The outputs, whatever the batch."""
        return self.said["only"] if "only" in self.said else dict(self.said.items())


def task_conforms(subject: Learnable) -> None:
    """All of what follows.

    Raises:
        AssertionError: what the task does not keep to.
    """
    comes_back(subject)
    refuses_missing(subject)
    adds_up(subject)
    begins_at_chance(subject)
    answers_each_row(subject)
    measures(subject)


def comes_back(subject: Learnable) -> None:
    """The description is JSON, and the same task comes back from it.

    Raises:
        AssertionError: it does not.
    """
    task, _ = _encoded(subject)
    description = json.loads(json.dumps(task.describe(), allow_nan=False))
    assert task_from(description) == task, f"{subject.name}: another task comes back from {description}"


def refuses_missing(subject: Learnable) -> None:
    """A row without target is a data error that names it, when the task is made and when targets are encoded.

    Raises:
        AssertionError: nothing is said.
    """
    if subject.missing is None:
        return
    task, _ = _encoded(subject)
    ids = _names(len(subject.missing))
    for how in (subject.make, task.encode):
        error = _refusal(how, subject.missing, ids)
        assert error is not None, f"{subject.name}: a missing target was passed over by {how}"
        assert error.faults, f"{subject.name}: the rows without target are not named: {error}"
        assert all(fault.where in ids for fault in error.faults), f"{subject.name}: {error}"


def adds_up(subject: Learnable) -> None:
    """The loss is a sum and a weight: finite, with gradients, blind to rows of no weight, and alike for a batch of one.

    Where the loss is one over examples, halves add up to the whole, and losses of examples make up the sum of those
    that have the same weight.

    Raises:
        AssertionError: it is not.
    """
    task, targets = _encoded(subject)
    rows = len(targets)
    weight = torch.linspace(0.5, 2.0, rows)
    outputs = subject.outputs(task, rows, torch.Generator().manual_seed(0))
    batch = _batch(task, targets, weight)
    whole = task.loss(outputs, batch)
    assert whole.total.ndim == whole.weight.ndim == 0, f"{subject.name}: total and weight are no single numbers"
    assert math.isfinite(float(whole.total)), f"{subject.name}: the loss is {float(whole.total)}"
    assert float(whole.weight) > 0, f"{subject.name}: the weight is {float(whole.weight)}"
    pipeline = Pipeline(task=task, make_model=lambda: Fixed(outputs), splits={}, recipe=Recipe(), forward=_said)
    for gradient in loss_and_gradients(pipeline, Fixed(outputs), batch)[1].values():
        assert gradient is not None, f"{subject.name}: an output has no gradient"
        assert bool(torch.isfinite(gradient).all()), f"{subject.name}: a gradient is not finite"
    one = task.loss(_rows(outputs, slice(0, 1)), _batch(task, targets[:1], weight[:1]))
    assert math.isfinite(float(one.total / one.weight)), f"{subject.name}: of one row the loss is no number"
    if not task.per_example:
        assert whole.each is None, f"{subject.name}: losses of examples, though it says that there are none"
        return
    assert whole.each is not None, f"{subject.name}: no losses of examples"
    assert whole.each.shape == (rows,), f"{subject.name}: losses of examples have the shape {tuple(whole.each.shape)}"
    middle = rows // 2
    parts = [
        task.loss(_rows(outputs, part), _batch(task, targets[part], weight[part]))
        for part in (slice(0, middle), slice(middle, rows))
    ]
    for name in ("total", "weight"):
        halves, both = sum(float(getattr(part, name)) for part in parts), float(getattr(whole, name))
        assert math.isclose(halves, both, rel_tol=1e-4), f"{subject.name}: halves have a {name} of {halves}, not {both}"
    without = task.loss(outputs, replace(batch, weight=torch.where(torch.arange(rows) < middle, weight, 0.0)))
    assert math.isclose(float(without.total), float(parts[0].total), rel_tol=1e-4), f"{subject.name}: rows of weight 0"


def begins_at_chance(subject: Learnable) -> None:
    """With all outputs at zero the loss is what the task calls chance, and no constant answer is said to be worse.

    Raises:
        AssertionError: it is something else.
    """
    task, targets = _encoded(subject)
    outputs = subject.outputs(task, len(targets), torch.Generator().manual_seed(0))
    chance, prior = task.chance_loss(targets), task.prior_loss(targets)
    if chance is not None:
        total, weight, _ = task.loss(_zeros(outputs), _batch(task, targets, torch.ones(len(targets))))
        silent = float(total / weight)
        assert math.isclose(silent, chance, rel_tol=1e-4), f"{subject.name}: zero outputs lose {silent}, not {chance}"
    if chance is not None and prior is not None:
        assert prior <= chance * (1 + 1e-6) + 1e-9, f"{subject.name}: the best constant loses {prior}, chance {chance}"


def answers_each_row(subject: Learnable) -> None:
    """There is one answer a row, the same whether rows come together or alone, and it is tabulated as it stands.

    Raises:
        AssertionError: rows and answers do not agree.
    """
    task, targets = _encoded(subject)
    rows = len(targets)
    outputs = subject.outputs(task, rows, torch.Generator().manual_seed(0))
    weight = torch.linspace(0.5, 2.0, rows)
    answers = list(task.decode(outputs, _batch(task, targets, weight)))
    assert len(answers) == rows, f"{subject.name}: {len(answers)} answers for {rows} rows"
    alone = list(task.decode(_rows(outputs, slice(0, 1)), _batch(task, targets[:1], weight[:1])))
    assert np.allclose(np.asarray(alone[0]), np.asarray(answers[0])), f"{subject.name}: the first row alone"
    predictions = task.tabulate(_names(rows), targets, answers, weight.numpy().astype(np.float64))
    assert predictions.weight.tolist() == weight.tolist(), f"{subject.name}: weights are lost"
    assert np.isfinite(predictions.merit).all(), f"{subject.name}: merits {predictions.merit}"
    assert task.merit, f"{subject.name}: what the mean merit is, is not said"
    assert np.isfinite(predictions.cost).all() == task.per_example, f"{subject.name}: costs {predictions.cost}"
    for encoded in (targets[0], predictions.target[0], predictions.decided[0]):
        assert task.name_of(encoded), f"{subject.name}: {encoded!r} has no name"


def measures(subject: Learnable) -> None:
    """Scores are those that the task names, hold their intervals, the first leads, and `points` are values of scores.

    Raises:
        AssertionError: they do not.
    """
    task, targets = _encoded(subject)
    outputs = subject.outputs(task, len(targets), torch.Generator().manual_seed(0))
    answers = list(task.decode(outputs, _batch(task, targets, torch.ones(len(targets)))))
    predictions = task.tabulate(_names(len(targets)), targets, answers)
    measured = task.measure(predictions)
    names = [score.name for score in measured.scores]
    assert len(set(names)) == len(names), f"{subject.name}: scores of one name among {names}"
    said = [name for name in task.scores if name in names]
    assert said == names, f"{subject.name}: it says that it gives the scores {task.scores}, and gives {names}"
    assert task.scores[0] == names[0], f"{subject.name}: {names[0]} leads, not {task.scores[0]}"
    assert measured.primary.larger_is_better or measured.primary.value is not None, f"{subject.name}: {names[0]}"
    for score in measured.scores:
        assert (score.value is None) == (score.undefined is not None), f"{subject.name}: {score}"
        if score.value is not None and score.low is not None and score.high is not None:
            assert score.low <= score.value <= score.high, f"{subject.name}: {score}"
    for name, value in task.points(predictions).items():
        assert name in names, f"{subject.name}: the point {name} is no score"
        score = measured[name]
        assert (score.value is None) == math.isnan(value), f"{subject.name}: {name} is {value} and {score}"
        assert score.value is None or math.isclose(value, score.value, rel_tol=1e-6, abs_tol=1e-9), f"{name}: {score}"


def _said(model: nn.Module, batch: Batch) -> Outputs:
    outputs: Outputs = model()
    return outputs


def _refusal(
    how: Callable[[NDArray[Any], list[str]], object], column: NDArray[Any], ids: list[str]
) -> DataError | None:
    try:
        how(column, ids)
    except DataError as error:
        return error
    return None


def _encoded(subject: Learnable) -> tuple[Task, NDArray[Any]]:
    ids = _names(len(subject.column))
    task = subject.make(subject.column, ids)
    return task, task.encode(subject.column, ids)


def _batch(task: Task, targets: NDArray[Any], weight: torch.Tensor) -> Batch:
    ids = tuple(_names(len(targets)))
    return Batch(inputs={}, target=task.stack(list(targets)), weight=weight, ids=ids)


def _names(rows: int) -> list[str]:
    return [f"rows.csv:{row + 2}" for row in range(rows)]


def _tensors(outputs: Outputs) -> list[torch.Tensor]:
    return [outputs] if isinstance(outputs, torch.Tensor) else list(outputs.values())


def _rows(outputs: Outputs, part: slice) -> Outputs:
    if isinstance(outputs, torch.Tensor):
        return outputs[part]
    return {name: tensor[part] for name, tensor in outputs.items()}


def _zeros(outputs: Outputs) -> Outputs:
    if isinstance(outputs, torch.Tensor):
        return torch.zeros_like(outputs)
    return {name: torch.zeros_like(tensor) for name, tensor in outputs.items()}
