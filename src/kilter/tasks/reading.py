"""Tasks by name: made from training targets, or again from what a run has stored."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from kilter.tasks.classification import Classification
from kilter.tasks.contrastive import Contrastive
from kilter.tasks.generation import Generation
from kilter.tasks.multilabel import MultiLabel
from kilter.tasks.multitask import MultiTask
from kilter.tasks.quantiles import NAME as QUANTILE
from kilter.tasks.quantiles import Quantiles
from kilter.tasks.regression import Regression
from kilter.tasks.several_amounts import SeveralAmounts
from kilter.tasks.tagging import Reading, Tagging
from kilter.values.errors import DataError, RecipeError
from kilter.values.recipe import LossChoice
from kilter.values.table import Field, Kind
from kilter.values.task import Form
from kilter.values.validation import nearest

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from kilter.values.task import Task, Tokens

_KINDS: Final[Mapping[str, tuple[Kind, Kind | None]]] = MappingProxyType(
    {
        "classification": (Kind.CATEGORY, Kind.AMOUNTS),
        "regression": (Kind.NUMBER, Kind.AMOUNTS),
        "multilabel": (Kind.LABELS, Kind.AMOUNTS),
        "tagging": (Kind.TOKENS, None),
        "generation": (Kind.TEXT, None),
        "contrastive": (Kind.TEXT, None),
        "multitask": (Kind.RECORD, Kind.RECORD),
    }
)
"""What the target of each task holds: one column, and several together; None where several cannot be learnt."""

TASKS: Final = tuple(_KINDS)


def _regression(**fields: Any) -> Task:
    if "columns" in fields:
        return SeveralAmounts(**fields)
    return Quantiles(**fields) if _by_quantiles(fields.get("choice", LossChoice())) else Regression(**fields)


def _by_quantiles(loss: LossChoice) -> bool:
    return loss.name == QUANTILE


def _multitask(*, tasks: Sequence[Mapping[str, Any]], **fields: Any) -> Task:
    made: list[Any] = [task_from(each) for each in tasks]
    return MultiTask(tasks=tuple(made), **fields)


_TASKS: Final[Mapping[str, Callable[..., Task]]] = MappingProxyType(
    {
        "classification": Classification,
        "contrastive": Contrastive,
        "generation": Generation,
        "multilabel": MultiLabel,
        "multitask": _multitask,
        "regression": _regression,
        "tagging": Tagging,
    }
)


def target_kind(name: str, *, several: bool = False) -> Kind | None:
    """What the target of a task holds; None where it cannot learn several columns.

    Raises:
        RecipeError: no task has that name.
    """
    if name not in _KINDS:
        raise RecipeError(f"task = {name!r}", legal=nearest(name, TASKS))
    return _KINDS[name][several]


def form_of(name: str, *, alone: bool = False) -> Form:
    """What a model of a task answers; `alone` where the text to write is the only input, so that it goes on from it."""
    if name == "generation":
        return Form.NEXT if alone else Form.TEXT
    return {"tagging": Form.TOKEN, "contrastive": Form.MATCH}.get(name, Form.ROW)


def make_task(
    name: str,
    column: NDArray[np.generic],
    ids: Sequence[str],
    *,
    joined: Sequence[Field] = (),
    loss: LossChoice = LossChoice(),  # noqa: B008 - frozen
    form: Form = Form.ROW,
    tokens: Tokens | None = None,
    elsewhere: Sequence[Any] = (),
    spans: Reading = "strict",
) -> Task:
    """The task of that name as the training targets (n,) describe it.

    Args:
        name: one of `TASKS`.
        column: the targets; those of texts to write are ids already.
        ids: names of the rows.
        joined: the columns of which the target was made, where they are several.
        loss: what is made small.
        form: what the model answers.
        tokens: what ids of texts mean.
        elsewhere: targets of the splits that are not trained on. Classes that stand only there can be scored, though
            nothing teaches them.
        spans: how they are read from tags.

    Raises:
        RecipeError: no task has that name, the loss is none of its losses, or spans are read where there are no tags.
        DataError: targets that the task cannot have.
    """
    columns = tuple(field.name for field in joined)
    kinds = tuple(field.kind for field in joined)
    made: Mapping[str, Callable[[], Task]] = {
        "classification": lambda: Classification.of(column, ids, columns=columns, loss=loss, elsewhere=elsewhere),
        "contrastive": lambda: Contrastive.of(column, ids, loss=loss),
        "generation": lambda: Generation.of(column, tokens=tokens, form=form, loss=loss),
        "multilabel": lambda: MultiLabel.of(column, ids, columns=columns, loss=loss, elsewhere=elsewhere),
        "multitask": lambda: MultiTask.of(column, ids, columns=columns, kinds=kinds, loss=loss, elsewhere=elsewhere),
        "regression": lambda: (
            SeveralAmounts.of(column, ids, columns=columns, loss=loss)
            if columns
            else (Quantiles if _by_quantiles(loss) else Regression).of(column, ids, loss=loss)
        ),
        "tagging": lambda: Tagging.of(column, ids, loss=loss, elsewhere=elsewhere, reading=spans),
    }
    if name not in made:
        raise RecipeError(f"task = {name!r}", legal=nearest(name, TASKS))
    if spans != "strict" and name != "tagging":
        raise RecipeError(
            f"spans.reading = {spans!r} for the task {name!r}",
            legal="spans are read from tags, where the task is tagging",
            remedy="leave it out",
        )
    return made[name]()


def task_from(description: Mapping[str, Any]) -> Task:
    """The task that `describe` described.

    Raises:
        DataError: it describes no task.
    """
    fields = {key: value for key, value in description.items() if key != "name"}
    try:
        if isinstance(fields.get("choice"), Mapping):
            fields["choice"] = LossChoice(**fields["choice"])
        if "form" in fields:
            fields["form"] = Form(fields["form"])
        return _TASKS[str(description.get("name"))](**{key: _plain(value) for key, value in fields.items()})
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(
            f"{dict(description)!r} describes no task: {error}", legal=f"tasks are {', '.join(TASKS)}"
        ) from None


def _plain(value: object) -> object:
    return tuple(_plain(item) for item in value) if isinstance(value, list) else value
