"""A trained model with all that it takes to answer for new rows, replayed as in training."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, final

import numpy as np

from kilter.data.encoded import EncodedSource
from kilter.data.preprocessing import Preprocessing
from kilter.engine.devices import choose_device
from kilter.engine.predicting import answers_of
from kilter.models.catalogue import make_factory
from kilter.tasks.reading import TARGET_KINDS, task_from
from kilter.values.errors import DataError
from kilter.values.frozen_map import FrozenMap
from kilter.values.pipeline import Pipeline
from kilter.values.recipe import Recipe
from kilter.values.table import Schema, Table

if TYPE_CHECKING:
    from torch import Tensor, nn


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a model says of one row.

    Attributes:
        id: the row's.
        decided: the class, or the amount in the target's own units.
        probabilities: of each class; empty where there are none.
    """

    id: str
    decided: str | float
    probabilities: Mapping[str, float]

    def __post_init__(self) -> None:
        object.__setattr__(self, "probabilities", FrozenMap(self.probabilities))

    def form(self) -> dict[str, object]:
        """The answer as JSON."""
        probabilities = {"probabilities": dict(self.probabilities)} if self.probabilities else {}
        return {"id": self.id, "prediction": self.decided, **probabilities}


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Predictor:
    """A model and the preprocessing that it was trained with.

    Attributes:
        pipeline: without splits; the task and how the model is called.
        preprocessing: as fitted on the training split.
        schema: what the columns were.
        model: with its trained weights.
        device: where the model is.
    """

    pipeline: Pipeline
    preprocessing: Preprocessing
    schema: Schema
    model: nn.Module
    device: str

    def __repr__(self) -> str:
        names = ", ".join(field.name for field in self.schema.inputs)
        return f"Predictor({self.schema.target!r} from {names})"


def make_predictor(
    *,
    config: Mapping[str, Any],
    task: Mapping[str, Any],
    preprocessing: Mapping[str, Any],
    weights: Mapping[str, Tensor],
) -> Predictor:
    """A predictor from what a run has stored.

    Args:
        config: the resolved project, with the sections of the recipe.
        task: as described by the task.
        preprocessing: as written by the preprocessing.
        weights: the model's state.

    Raises:
        DataError: these do not belong together, or are broken.
    """
    try:
        recipe = Recipe.read({name: config[name] for name in Recipe.model_fields if name in config})
        made, replayed = task_from(task), Preprocessing.from_json(preprocessing)
        schema = Schema(
            inputs=replayed.fields, target=str(config["data"]["target"]), target_kind=TARGET_KINDS[str(config["task"])]
        )
        factory = make_factory(recipe.model, replayed.inputs, made.outputs)
        model = factory()
        model.load_state_dict(dict(weights))
    except (KeyError, ValueError, TypeError, RuntimeError) as error:
        raise DataError(
            f"the run's files do not belong together: {str(error).splitlines()[0]}",
            legal="config, task, preprocessing and weights as one run wrote them",
        ) from error
    device = choose_device(recipe.train.device)
    pipeline = Pipeline(task=made, make_model=factory, splits={}, recipe=recipe)
    return Predictor(
        pipeline=pipeline, preprocessing=replayed, schema=schema, model=model.to(device).eval(), device=device
    )


def answer(predictor: Predictor, table: Table) -> tuple[Answer, ...]:
    """What the model says of each row, in the rows' order; a target that is there is not looked at.

    Raises:
        DataError: columns that training had are not there, or are not of their kind.
    """
    pipeline = predictor.pipeline
    task = pipeline.task
    source = EncodedSource(
        encoded=predictor.preprocessing.encode(table),
        table=table,
        schema=predictor.schema,
        targets=None,
        stack=task.stack,
        batch=pipeline.recipe.batch,
    )
    answers: list[Any] = [None] * len(source)
    for rows in source.sweep():
        batch = source.plain(rows).to(predictor.device)
        for row, said in zip(rows, answers_of(pipeline, predictor.model, batch), strict=True):
            answers[row] = said
    # What is decided does not depend on the truth, for which zeros stand in.
    decided = task.tabulate(table.ids, np.zeros(len(table)), answers).decided.tolist()
    return tuple(
        Answer(
            id=name,
            decided=task.name_of(choice) if task.labels else choice,
            probabilities=dict(zip(task.labels, map(float, said), strict=True)) if task.labels else {},
        )
        for name, choice, said in zip(table.ids, decided, answers, strict=True)
    )
