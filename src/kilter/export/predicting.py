"""A trained model with all that it takes to answer for new rows, replayed as in training."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, final

import numpy as np
import torch

from kilter.data.encoded import EncodedSource
from kilter.data.joining import joined_name
from kilter.data.preprocessing import Preprocessing
from kilter.data.vocabulary import BEGIN, END
from kilter.engine.devices import choose_device
from kilter.engine.generating import Manner, generate
from kilter.engine.predicting import answers_of
from kilter.models.catalogue import make_factory
from kilter.tasks.reading import target_kind, task_from
from kilter.tasks.saying import decide, say
from kilter.values.errors import DataError, UsageError
from kilter.values.frozen_map import FrozenMap
from kilter.values.pipeline import Pipeline
from kilter.values.recipe import Recipe
from kilter.values.table import Kind, Schema, Table
from kilter.values.task import Form

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor, nn

    from kilter.values.batch import Batch

LONGEST: Final = 200  # tokens of a continuation at most, unless something else is asked for
FEWEST: Final = 8  # tokens that a written text may have, however short those of the training were


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a model says of one row.

    Attributes:
        id: the row's.
        decided: the class; the amount in the target's own units; a list of labels, or of tags, one a word; a text; or
            one of these for each target column.
        probabilities: of each class or label, or of those of each target column; empty where there are none.
        more: what else is known, by name: the spans of tags, how likely a text is.
        between: what parts a list that stands in one cell.
    """

    id: str
    decided: object
    probabilities: Mapping[str, Any]
    more: Mapping[str, Any] = field(default_factory=dict[str, Any])
    between: str = " "

    def __post_init__(self) -> None:
        object.__setattr__(self, "probabilities", FrozenMap(self.probabilities))
        object.__setattr__(self, "more", FrozenMap(self.more))

    def form(self) -> dict[str, object]:
        """The answer as JSON."""
        probabilities = {"probabilities": dict(self.probabilities)} if self.probabilities else {}
        return {"id": self.id, "prediction": self.decided, **probabilities, **self.more}


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
        names = tuple(config["data"]["target"])
        kind = target_kind(str(config["task"]), several=len(names) > 1)
        schema = Schema(inputs=replayed.fields, target=joined_name(names), target_kind=kind or Kind.RECORD)
        factory = make_factory(recipe.model, replayed.inputs, made.outputs, replayed.form)
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


def answer(predictor: Predictor, table: Table, manner: Manner | None = None) -> tuple[Answer, ...]:
    """What the model says of each row, in the rows' order; a target that is there is not looked at.

    A language model goes on from the text of each row, an encoder-decoder writes the target text. Where texts are
    matched, the target column holds the candidates, and the nearest one is the answer; without that column, the
    answer is the place of the row in the space.

    Args:
        predictor: model and preprocessing.
        table: rows.
        manner: how texts are written; None writes greedily.

    Raises:
        UsageError: a manner of writing where no text is written.
        DataError: columns that training had are not there, or are not of their kind.
    """
    form = predictor.pipeline.task.form
    if form in (Form.NEXT, Form.TEXT):
        return _written(predictor, table, manner)
    if manner is not None:
        raise UsageError(
            f"a manner of writing for a model of {predictor.pipeline.task.name}",
            legal="models of generation write",
            remedy="leave it out",
        )
    return _matched(predictor, table) if form is Form.MATCH else _decided(predictor, table)


def _decided(predictor: Predictor, table: Table) -> tuple[Answer, ...]:
    task = predictor.pipeline.task
    answers: list[Any] = [None] * len(table)
    for rows, batch in _batches(predictor, table):
        for row, given in zip(rows, answers_of(predictor.pipeline, predictor.model, batch), strict=True):
            answers[row] = given
    words = _words(predictor, table) if task.form is Form.TOKEN else None
    decided = decide(task, table.ids, answers, lengths=None if words is None else [len(row) for row in words])
    found = []
    for row, name in enumerate(table.ids):
        said = say(task, decided[row], answers[row])
        more = said.more if words is None else {"tokens": list(words[row]), **_with_words(said.more, words[row])}
        found.append(
            Answer(id=name, decided=said.decided, probabilities=said.probabilities, more=more, between=said.between)
        )
    return tuple(found)


def _written(predictor: Predictor, table: Table, manner: Manner | None) -> tuple[Answer, ...]:
    task, longest = predictor.pipeline.task, predictor.preprocessing.inputs.longest
    alone = task.form is Form.NEXT
    manner = manner or Manner(longest=LONGEST if alone else max(FEWEST, 3 * longest // 2))
    answers: dict[int, Answer] = {}
    for rows, batch in _batches(predictor, table):
        for row, text in zip(rows, generate(predictor.pipeline, predictor.model, batch, manner), strict=True):
            answers[row] = Answer(
                id=table.ids[row],
                decided=task.name_of(text.ids),
                probabilities={},
                more={"nats": -text.log_probability, "tokens": len(text.ids), "ended": text.ended},
            )
    return tuple(answers[row] for row in range(len(table)))


def _matched(predictor: Predictor, table: Table) -> tuple[Answer, ...]:
    places: dict[int, NDArray[np.float64]] = {}
    for rows, batch in _batches(predictor, table):
        given = batch if "answers" in batch.inputs else _without_texts(batch)
        for row, place in zip(rows, answers_of(predictor.pipeline, predictor.model, given), strict=True):
            places[row] = np.asarray(place, dtype=np.float64)
    column = table.columns.get(predictor.schema.target)
    if column is None:
        return tuple(
            Answer(id=name, decided=places[row][0].tolist(), probabilities={}) for row, name in enumerate(table.ids)
        )
    texts: dict[str, int] = {}  # each candidate once, with the first row that has it
    for row, text in enumerate(column.tolist()):
        if text is not None:
            texts.setdefault(str(text), row)
    candidates = np.stack([places[row][1] for row in texts.values()])
    found = []
    for row, name in enumerate(table.ids):
        similarity = candidates @ places[row][0]
        best = int(similarity.argmax())
        found.append(
            Answer(
                id=name,
                decided=list(texts)[best],
                probabilities={},
                more={"similarity": float(similarity[best]), "candidates": len(texts)},
            )
        )
    return tuple(found)


def _batches(predictor: Predictor, table: Table) -> Iterator[tuple[Sequence[int], Batch]]:
    source = EncodedSource(
        encoded=predictor.preprocessing.encode(table),
        table=table,
        schema=predictor.schema,
        targets=None,
        stack=predictor.pipeline.task.stack,
        batch=predictor.pipeline.recipe.batch,
    )
    for rows in source.sweep():
        yield rows, source.plain(rows).to(predictor.device)


def _without_texts(batch: Batch) -> Batch:
    """A batch whose target texts are empty: they have a place that nobody looks at."""
    marks = torch.tensor([[BEGIN, END]], device=batch.weight.device).expand(len(batch), -1)
    inputs = {**batch.inputs, "answers": marks, "answers_mask": torch.ones_like(marks, dtype=torch.bool)}
    return replace(batch, inputs=inputs)


def _words(predictor: Predictor, table: Table) -> list[tuple[str, ...]]:
    """The words of each row: those of the one column that is read where each word is answered."""
    (name,) = (field.name for field in predictor.schema.inputs)
    return [tuple(map(str, row or ())) for row in table.columns[name].tolist()]


def _with_words(more: Mapping[str, Any], words: Sequence[str]) -> dict[str, Any]:
    """The spans with the words that they cover."""
    spans = [{**span, "text": " ".join(words[span["start"] : span["end"]])} for span in more.get("spans", ())]
    return {**more, "spans": spans}
