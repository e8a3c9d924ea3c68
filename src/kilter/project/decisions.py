"""What a model makes of an example: its outputs as an answer, what is decided, and what that costs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import torch

from kilter.engine.generating import Manner, generate
from kilter.project.passages import MARKS, MOST_PLACES, cell, cut_at, shape_of, some_of, visible
from kilter.values.task import IGNORED, Form
from kilter.values.walkthrough import Passage

if TYPE_CHECKING:
    from torch import Tensor, nn

    from kilter.values.batch import Batch
    from kilter.values.pipeline import Pipeline
    from kilter.values.task import Outputs

MOST_CLASSES: Final = 10  # rows of a table of classes, the likeliest first


def as_answer(pipeline: Pipeline, batch: Batch, outputs: Outputs, tokens: Sequence[str]) -> Passage:
    """The model's outputs as an answer, and what is decided."""
    task = pipeline.task
    answer = next(iter(task.decode(outputs, batch)))
    if isinstance(outputs, torch.Tensor) and task.form is Form.ROW:
        return _row_answer(pipeline, outputs[0], answer)
    if isinstance(outputs, torch.Tensor) and task.form is Form.TOKEN:
        return _token_answer(pipeline, batch, np.asarray(answer), tokens)
    if isinstance(outputs, torch.Tensor) and task.form in (Form.NEXT, Form.TEXT):
        return _next_answer(batch, outputs[0], tokens, form=task.form)
    heads = {"": outputs} if isinstance(outputs, torch.Tensor) else dict(outputs)
    rows = tuple((name, shape_of(tensor.shape), some_of(tensor[0])) for name, tensor in heads.items())
    near = float(heads["left"][0] @ heads["right"][0]) if task.form is Form.MATCH else math.nan
    return Passage(
        title="The answer",
        said=f"Two places in one space, whose product is {near:.4g}: the larger, the nearer. Which text is the"
        " nearest, and what the example costs, depends on the others beside it."
        if task.form is Form.MATCH
        else "What the model returns, a head a line.",
        columns=("head", "shape", "its first numbers"),
        rows=rows,
    )


def as_decision(pipeline: Pipeline, model: nn.Module, batch: Batch, outputs: Outputs, target: object) -> Passage:
    """What is decided, or written, what is true, and what the difference costs."""
    task = pipeline.task
    targets = _column([target])
    table = task.tabulate(batch.ids, targets, list(task.decode(outputs, batch)))
    if task.form is Form.TEXT:
        (written,) = generate(pipeline, model, batch, Manner(longest=max(8, 2 * table.target[0].size)))
        decided = task.name_of(written.ids)
    else:
        decided = task.name_of(table.decided[0])
    total, weight, _ = task.loss(outputs, batch)
    loss = (total / weight).item() if float(weight) else math.nan
    chance = task.chance_loss(targets)
    beside = "" if chance is None else f"; knowing nothing costs {chance:.4g}"
    return Passage(
        title="The decision and its loss",
        said=f"Its loss is {loss:.4g}{beside}.",
        columns=("is", "value"),
        rows=(("written" if task.form is Form.TEXT else "decided", decided), ("true", task.name_of(table.target[0]))),
        quoting=(1,),
    )


def _row_answer(pipeline: Pipeline, outputs: Tensor, answer: Any) -> Passage:
    labels, logits = pipeline.task.labels, outputs.reshape(-1).tolist()
    shares = np.asarray(answer, dtype=np.float64).reshape(-1).tolist() if np.ndim(answer) else []
    if labels and len(labels) == len(shares):
        shown = sorted(range(len(labels)), key=lambda at: -shares[at])[:MOST_CLASSES]
        given = [f"{logits[at]:.4g}" if len(logits) == len(labels) else "" for at in range(len(labels))]
        more = f" The {MOST_CLASSES} likeliest of {len(labels)} stand here." if len(labels) > MOST_CLASSES else ""
        return Passage(
            title="From logits to probabilities",
            said=f"A probability a class, the likeliest first.{more}",
            columns=("class", "logit", "probability"),
            rows=tuple((labels[at], given[at], f"{shares[at]:.4g}") for at in shown),
            numeric=(1, 2),
        )
    answers = [cell(part) for part in (answer if isinstance(answer, list | tuple) else np.atleast_1d(answer))]
    return Passage(
        title="The answer",
        said="What the model returns, and what it means in the units of the target.",
        columns=("is", "value"),
        rows=(("returned", some_of(outputs)), ("answer", ", ".join(answers))),
    )


def _token_answer(pipeline: Pipeline, batch: Batch, shares: Any, tokens: Sequence[str]) -> Passage:
    labels = pipeline.task.labels
    target = [] if batch.target is None else batch.target[0].tolist()
    rows = []
    for place, share in enumerate(shares[:MOST_PLACES]):
        best = int(np.argmax(share))
        true = target[place] if place < len(target) else IGNORED
        rows.append(
            (
                str(place),
                tokens[place] if place < len(tokens) else "",
                labels[best] if labels else str(best),
                f"{float(share[best]):.4g}",
                "" if true == IGNORED else labels[true] if labels else str(true),
            )
        )
    return Passage(
        title="An answer for each token",
        said=f"The likeliest tag of each token, with its probability.{cut_at(len(shares))}",
        columns=("place", "token", "likeliest", "probability", "true"),
        rows=tuple(rows),
        numeric=(0, 3),
        quoting=(1,),
    )


def _next_answer(batch: Batch, outputs: Tensor, tokens: Sequence[str], *, form: Form) -> Passage:
    given = batch.inputs["tokens" if form is Form.NEXT else "answers"][0].tolist()
    target = [IGNORED] * len(given) if batch.target is None else batch.target[0].tolist()
    logs = torch.log_softmax(outputs.double(), dim=-1)
    judged = [place for place in range(min(len(given), len(target), len(logs))) if target[place] != IGNORED]

    def called(number: int) -> str:
        return MARKS.get(number) or (visible(tokens[number]) if number < len(tokens) else str(number))

    rows = []
    for place in judged[:MOST_PLACES]:
        best = int(logs[place].argmax())
        true = target[place]
        rows.append(
            (
                str(place),
                called(given[place]),
                called(true),
                f"{-float(logs[place, true]):.4g}",
                called(best),
                f"{math.exp(float(logs[place, best])):.4g}",
            )
        )
    nats = -sum(float(logs[place, target[place]]) for place in judged)
    mean = f"{nats / len(judged):.4g} nats a token" if judged else "nothing is judged"
    return Passage(
        title="What follows each token",
        said=f"The true next token with its surprise, and the likeliest one: {mean}.{cut_at(len(judged))}",
        columns=("place", "after", "true", "nats", "likeliest", "probability"),
        rows=tuple(rows),
        numeric=(0, 3, 5),
        quoting=(1, 2, 4),
    )


def _column(values: Sequence[object]) -> Any:
    """Encoded targets as a column: an object array where they are sequences or records."""
    if all(isinstance(value, np.generic | int | float) for value in values):
        return np.asarray(values)
    if all(isinstance(value, np.ndarray) and value.dtype.kind == "f" for value in values):
        return np.stack(values)  # type: ignore[arg-type]
    column = np.empty(len(values), dtype=object)
    for place, value in enumerate(values):
        column[place] = value
    return column
