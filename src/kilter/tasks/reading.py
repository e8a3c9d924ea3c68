"""Tasks by name: made from training targets, or again from what a run has stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from kilter.tasks.classification import Classification
from kilter.tasks.regression import Regression
from kilter.values.errors import DataError, RecipeError
from kilter.values.table import Kind
from kilter.values.validation import nearest

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from kilter.values.task import Task

TASKS: Final = ("classification", "regression")

TARGET_KINDS: Final[Mapping[str, Kind]] = MappingProxyType({"classification": Kind.CATEGORY, "regression": Kind.NUMBER})
"""What the target column of each task holds."""


def make_task(name: str, column: NDArray[np.generic], ids: Sequence[str]) -> Task:
    """The task of that name as the training targets (n,) describe it.

    Raises:
        RecipeError: no task has that name.
        DataError: targets that the task cannot have.
    """
    if name == "classification":
        return Classification.of(column, ids)
    if name == "regression":
        return Regression.of(column, ids)
    raise RecipeError(f"task = {name!r}", legal=nearest(name, TASKS))


def task_from(description: Mapping[str, Any]) -> Task:
    """The task that `describe` described.

    Raises:
        DataError: it describes no task.
    """
    kinds: dict[str, Any] = {"classification": Classification, "regression": Regression}
    fields = {key: value for key, value in description.items() if key != "name"}
    if isinstance(fields.get("labels"), list):
        fields["labels"] = tuple(fields["labels"])
    try:
        task: Task = kinds[str(description.get("name"))](**fields)
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(
            f"{dict(description)!r} describes no task: {error}", legal=f"tasks are {', '.join(TASKS)}"
        ) from None
    return task
