"""Tasks of every kind, with targets and outputs, for the conformance of tasks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from kilter.tasks.reading import make_task
from kilter.testing.tasks import Learnable
from kilter.values.recipe import LossChoice
from kilter.values.table import Field, Kind

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kilter.values.task import Outputs, Task

LETTERS = ("a", "b", "c")
NOT = float("nan")


def _objects(values: Sequence[object]) -> NDArray[Any]:
    column = np.empty(len(values), dtype=object)
    column[:] = values
    return column


def _logits(task: Task, rows: int, generator: torch.Generator) -> Outputs:
    return torch.randn(rows, task.outputs, generator=generator)


def _places(task: Task, rows: int, generator: torch.Generator) -> Outputs:
    return {side: torch.randn(rows, 8, generator=generator) for side in ("left", "right")}


def _learnable(
    said: str,
    task: str,
    column: NDArray[Any],
    missing: NDArray[Any] | None,
    *,
    kinds: Sequence[Kind] = (),
    **loss: Any,
) -> Learnable:
    joined = tuple(Field(name=letter, kind=kind) for letter, kind in zip(LETTERS, kinds, strict=False))
    return Learnable(
        name=said,
        column=column,
        make=lambda values, ids: make_task(task, values, ids, joined=joined, loss=LossChoice(**loss)),
        outputs=_places if task == "contrastive" else _logits,
        missing=missing,
    )


_THREE = _objects(list("abcabcaabb"))
_TWO = _objects(["yes", "no"] * 5)
_HOLE = _objects(["a", None, "b", "a", "b", "b"])
_SHARES = np.array([[0.7, 0.2, 0.1], [0.0, 0.5, 0.5], [0.1, 0.1, 0.8]] * 3)
_AMOUNTS = np.array([3.0, 1.5, -2.0, 8.0, 0.5, 4.0])
_SEVERAL = np.array([[1.0, 20.0], [2.0, NOT], [NOT, 50.0], [4.0, 10.0], [0.5, 35.0], [3.0, 30.0]])
_NO_ROW = np.array([[1.0, 0.0], [NOT, NOT], [0.0, 1.0], [1.0, 1.0], [0.0, 0.0], [1.0, 0.0]])
_LABELS = _objects([("a",), (), ("b", "a"), ("c",), ("b",), ("a", "c")])
_FLAGS = np.array([[1.0, 0.0], [NOT, 1.0], [0.0, 1.0], [1.0, NOT], [0.0, 0.0], [1.0, 1.0]])
_RECORDS = _objects([("x", 1.0), ("y", 2.5), ("x", None), (None, 4.0), ("y", 0.5), ("x", 3.0), ("z", 2.0), ("z", 1.0)])
_NO_RECORD = _objects([("x", 1.0), (None, None), ("y", 2.0), ("x", 3.0), ("y", 4.0), ("x", 5.0)])
_TEXTS = _objects(["one", "two", "three", "two", "four", "five"])
_ONE, _MANY = (Kind.NUMBER,) * 2, (Kind.NUMBER,) * 3
_MIXED = (Kind.CATEGORY, Kind.NUMBER)

HEALTHY_TASKS: tuple[Learnable, ...] = (
    _learnable("classes", "classification", _THREE, _HOLE),
    _learnable("smoothed classes", "classification", _THREE, _HOLE, smoothing=0.1),
    _learnable("balanced classes", "classification", _THREE, _HOLE, class_weights="balanced"),
    _learnable("weighed and smoothed", "classification", _THREE, _HOLE, class_weights={"a": 3.0}, smoothing=0.2),
    _learnable("focal", "classification", _THREE, _HOLE, name="focal", focus=1.5, class_weights="balanced"),
    _learnable("one logit", "classification", _TWO, _HOLE, name="binary_cross_entropy", smoothing=0.1),
    _learnable("shares", "classification", _SHARES, _NO_ROW, kinds=_MANY),
    _learnable("weighed shares", "classification", _SHARES, None, kinds=_MANY, class_weights="balanced", smoothing=0.1),
    _learnable("distillation", "classification", _SHARES, None, kinds=_MANY, name="distillation", temperature=3.0),
    _learnable("amounts", "regression", _AMOUNTS, np.where(_AMOUNTS > 5, NOT, _AMOUNTS)),
    _learnable("absolute errors", "regression", _AMOUNTS, None, name="absolute"),
    _learnable("huber", "regression", _AMOUNTS, None, name="huber", delta=0.5),
    _learnable("quantiles", "regression", _AMOUNTS, np.where(_AMOUNTS > 5, NOT, _AMOUNTS), name="quantile"),
    _learnable("more quantiles", "regression", _AMOUNTS, None, name="quantile", quantiles=(0.05, 0.25, 0.5, 0.95)),
    _learnable("the median", "regression", _AMOUNTS, None, name="quantile", quantiles=(0.5,)),
    _learnable("several amounts", "regression", _SEVERAL, _NO_ROW, kinds=_ONE),
    _learnable("several amounts by huber", "regression", _SEVERAL, None, kinds=_ONE, name="huber"),
    _learnable("labels", "multilabel", _LABELS, _HOLE),
    _learnable("flags", "multilabel", _FLAGS, _NO_ROW, kinds=_ONE),
    _learnable("tasks", "multitask", _RECORDS, _NO_RECORD, kinds=_MIXED),
    _learnable("weighed tasks", "multitask", _RECORDS, None, kinds=_MIXED, task_weights={"a": 4.0}),
    _learnable("matches", "contrastive", _TEXTS, _HOLE),
    _learnable("matches by distance", "contrastive", _TEXTS, None, name="contrastive"),
    _learnable("matches by triplets", "contrastive", _TEXTS, None, name="triplet", margin=0.5),
)
