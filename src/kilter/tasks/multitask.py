"""Several tasks at once, by hard parameter sharing: one model answers all, each task reads its own outputs."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Final, NamedTuple, TypeAlias, final

import numpy as np
import torch

from kilter.metrics.intervals import bootstrap
from kilter.tasks.choices import USUAL, chosen_loss, described
from kilter.tasks.classification import Classification
from kilter.tasks.outputs import logits_of, target_of
from kilter.tasks.regression import Regression
from kilter.tasks.scores import as_score, refuse_unscorable
from kilter.tasks.targets import is_missing, refuse_empty_rows
from kilter.values.batch import Batch
from kilter.values.errors import Fault, RecipeError
from kilter.values.evaluation import ClassScores, Measures
from kilter.values.predictions import Predictions
from kilter.values.recipe import LossChoice
from kilter.values.score import Score
from kilter.values.table import Kind
from kilter.values.task import Form, Loss
from kilter.values.validation import nearest

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from kilter.values.task import Outputs

SubTask: TypeAlias = Classification | Regression

LEAD: Final = "mean_score"
RESAMPLES: Final = 500  # of rows, for the interval of the mean score
_LOSSES: Final = {"sum": ("task_weights",)}


class Part(NamedTuple):
    """One of the tasks: where it stands among targets, outputs and answers, and what it counts for."""

    name: str
    task: SubTask
    at: int
    outputs: slice
    answers: slice
    weight: float


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class MultiTask:
    """Tasks that share one model, whose last dimension holds the outputs of one after the other (Caruana 1997).

    Targets that are missing are left out of the loss and of the scores: rows may have some of them only. The loss is
    the mean over targets that are there, each by its task's loss and weight; a row with all of them counts 1. Losses
    of classes are in nats and those of amounts in standard units, so that weights of 1 are a fair beginning.

    The mean of the tasks' leading scores leads (`mean_score`): each is 1 for what is perfect. The scores of a task are
    named after its column, as in `score.rmse`.

    Attributes:
        columns: the target of each task.
        tasks: what is learnt of each.
        choice: the weights of the tasks, by column.
    """

    columns: tuple[str, ...]
    tasks: tuple[SubTask, ...]
    choice: LossChoice = USUAL

    name: ClassVar[str] = "multitask"
    labels: ClassVar[tuple[str, ...]] = ()
    form: ClassVar[Form] = Form.ROW
    per_example: ClassVar[bool] = True
    baselines: ClassVar[tuple[str, ...]] = ("constant-tasks", "linear-tasks")

    def __post_init__(self) -> None:
        if len(self.columns) != len(self.tasks) or not self.columns or len(set(self.columns)) < len(self.columns):
            message = (
                f"columns = {self.columns!r} of {len(self.tasks)} tasks: one or more, each with its task, are legal"
            )
            raise ValueError(message)
        if self.choice.name != "auto":
            raise RecipeError(
                f"loss.name = {self.choice.name!r} is no loss of several tasks together",
                legal="each task has its usual loss; `loss.task_weights` weighs them",
                remedy="leave the name out",
            )
        chosen_loss(self.choice, _LOSSES, task="several tasks")
        faults = [
            Fault(met=f"loss.task_weights.{name} is the weight of no task", legal=nearest(name, self.columns))
            for name in self.choice.task_weights
            if name not in self.columns
        ]
        if faults:
            raise RecipeError(f"{len(faults)} fault{'s' * (len(faults) != 1)} in the task weights", faults=faults)

    @staticmethod
    def of(
        column: NDArray[np.generic],
        ids: Sequence[str],
        *,
        columns: tuple[str, ...],
        kinds: tuple[Kind, ...],
        loss: LossChoice = USUAL,
        elsewhere: Sequence[tuple[object, ...]] = (),
    ) -> MultiTask:
        """The tasks that targets describe: classification of categories, regression of numbers.

        Args:
            column: a tuple a row (n,), one value a task and None where it is missing.
            ids: names of the rows.
            columns: the target of each task.
            kinds: what each holds.
            loss: the weights of the tasks.
            elsewhere: targets of the splits that are not trained on; classes that stand only there are classes, too.

        Raises:
            DataError: rows without any target, or targets that teach nothing.
            RecipeError: a loss other than the usual one, or weights of no task.
        """
        refuse_empty_rows(_known(column, len(columns)), ids)
        tasks: list[SubTask] = []
        for at, kind in enumerate(kinds):
            values = [cells[at] for cells in column]
            rows = [row for row, value in enumerate(values) if not is_missing(value)]
            own, own_ids = _column([values[row] for row in rows]), [ids[row] for row in rows]
            others = [cells[at] for cells in elsewhere]
            tasks.append(
                Regression.of(own, own_ids)
                if kind is Kind.NUMBER
                else Classification.of(own, own_ids, elsewhere=others)
            )
        return MultiTask(columns=columns, tasks=tuple(tasks), choice=loss)

    @property
    def outputs(self) -> int:
        """The outputs of all tasks together."""
        return sum(task.outputs for task in self.tasks)

    @property
    def merit(self) -> str:
        """What the mean merit is: the mean of what it is of the tasks."""
        return f"mean of {' and '.join(dict.fromkeys(task.merit for task in self.tasks))}"

    @property
    def scores(self) -> tuple[str, ...]:
        """Names of the scores: the mean score, then those of each task."""
        named = zip(self.columns, self.tasks, strict=True)
        return (LEAD, *(f"{column}.{name}" for column, task in named for name in task.scores))

    def parts(self) -> Iterator[Part]:
        """The tasks with their places."""
        output = answer = 0
        for at, (name, task) in enumerate(zip(self.columns, self.tasks, strict=True)):
            width = max(len(task.labels), 1)
            outputs, answers = slice(output, output + task.outputs), slice(answer, answer + width)
            yield Part(name, task, at, outputs, answers, self.choice.task_weights.get(name, 1.0))
            output, answer = outputs.stop, answers.stop

    def describe(self) -> Mapping[str, object]:
        """The task as JSON."""
        return {
            "name": self.name,
            "columns": list(self.columns),
            "tasks": [dict(task.describe()) for task in self.tasks],
            "choice": described(self.choice),
        }

    def encode(self, column: NDArray[np.generic], ids: Sequence[str]) -> NDArray[np.generic]:
        """Targets (n, tasks) float64: class indices and amounts, not-a-number where they are missing.

        Raises:
            DataError: rows without any target, and what a task cannot have, with their rows.
        """
        known = _known(column, len(self.columns))
        refuse_empty_rows(known, ids)
        encoded = np.full(known.shape, np.nan)
        for part in self.parts():
            rows = np.flatnonzero(known[:, part.at]).tolist()
            own = _column([column[row][part.at] for row in rows])
            encoded[rows, part.at] = part.task.encode(own, [ids[row] for row in rows])
        return encoded

    def name_of(self, encoded: object) -> str:
        """The targets that are there, each with its column."""
        cells = np.asarray(encoded, dtype=np.float64).tolist()
        return ", ".join(
            f"{part.name} {part.task.name_of(cells[part.at])}"
            for part in self.parts()
            if not math.isnan(cells[part.at])
        )

    def stack(self, targets: Sequence[object]) -> Tensor:
        """Class indices and amounts in standard units (b, tasks) float32, not-a-number where they are missing."""
        table = np.asarray(targets, dtype=np.float64).reshape(-1, len(self.tasks))
        columns = [
            part.task.stack(list(table[:, part.at])) if not part.task.labels else torch.as_tensor(table[:, part.at])
            for part in self.parts()
        ]
        return torch.stack([column.float() for column in columns], dim=1)

    def loss(self, outputs: Outputs, batch: Batch) -> Loss:
        """The weighted mean of the tasks' losses over targets (b, tasks) that are there, from outputs (b, k).

        Raises:
            UsageError: the model returned something else.
        """
        given, target = logits_of(outputs, batch, self.outputs, each="one an output of each task"), target_of(batch)
        each = given.new_zeros(len(batch))
        weight = given.new_zeros(())
        whole = sum(part.weight for part in self.parts())
        for part in self.parts():
            rows = (~torch.isnan(target[:, part.at])).nonzero().squeeze(1)
            if not len(rows):
                continue
            own = target[rows, part.at]
            own_batch = Batch(
                inputs={},
                target=own.long() if part.task.labels else own,
                weight=batch.weight[rows],
                ids=tuple(batch.ids[row] for row in rows.tolist()),
            )
            loss = part.task.loss(given[rows, part.outputs], own_batch)
            if loss.each is not None:
                each = each.index_add(0, rows, loss.each.to(each.dtype) * (part.weight / whole))
            weight = weight + loss.weight * (part.weight / whole)
        return Loss(torch.dot(each, batch.weight.to(each.dtype)), weight, each)

    def chance_loss(self, targets: NDArray[np.generic]) -> float | None:
        """The mean of the tasks' losses of knowing nothing, weighed as the loss weighs them."""
        return self._mean_of(targets, prior=False)

    def prior_loss(self, targets: NDArray[np.generic]) -> float | None:
        """The mean of the tasks' losses of the best constant answer, weighed as the loss weighs them."""
        return self._mean_of(targets, prior=True)

    def _mean_of(self, targets: NDArray[np.generic], *, prior: bool) -> float | None:
        total = weight = 0.0
        for part, own, _ in self._known_parts(targets):
            task = part.task
            value = task.prior_loss(own) if prior else task.chance_loss(own)
            if value is None:
                return None
            total += part.weight * len(own) * value
            weight += part.weight * len(own)
        return total / weight if weight else None

    def _known_parts(
        self, targets: NDArray[np.generic]
    ) -> Iterator[tuple[Part, NDArray[np.generic], NDArray[np.intp]]]:
        """Each task with its targets that are there and their rows, where there are any."""
        table = np.asarray(targets, dtype=np.float64).reshape(-1, len(self.tasks))
        for part in self.parts():
            rows = np.flatnonzero(~np.isnan(table[:, part.at]))
            if len(rows):
                own = table[rows, part.at]
                yield part, own.astype(np.int64) if part.task.labels else own, rows

    def decode(self, outputs: Outputs, batch: Batch) -> NDArray[np.generic]:
        """Probabilities and amounts (b, answers) of one task after the other, float64."""
        given = logits_of(outputs, batch, self.outputs, each="one an output of each task")
        answers = [part.task.decode(given[:, part.outputs], batch).reshape(len(batch), -1) for part in self.parts()]
        return np.concatenate(answers, axis=1)

    def tabulate(
        self,
        ids: Sequence[str],
        targets: NDArray[np.generic],
        answers: Sequence[object] | NDArray[np.generic],
        weights: NDArray[np.float64] | None = None,
    ) -> Predictions:
        """Answers beside targets (n, tasks); cost and merit are means over the targets that are there.

        The cost weighs tasks as the loss does, the merit all alike.
        """
        truth = np.asarray(targets, dtype=np.float64).reshape(-1, len(self.tasks))
        answer = np.asarray(answers, dtype=np.float64).reshape(len(truth), -1)
        decided = np.zeros(truth.shape)
        for part in self.parts():
            own = answer[:, part.answers]
            decided[:, part.at] = own.argmax(axis=1) if part.task.labels else own[:, 0]
        cost, merit, counted, many = (np.zeros(len(truth)) for _ in range(4))
        for part, known, rows in self._known_parts(truth):
            predictions = part.task.tabulate([ids[row] for row in rows.tolist()], known, answer[rows, part.answers])
            cost[rows] += part.weight * predictions.cost
            counted[rows] += part.weight
            merit[rows] += predictions.merit
            many[rows] += 1
        return Predictions(
            ids=tuple(ids),
            target=truth,
            answer=answer,
            decided=decided,
            cost=cost / np.maximum(counted, np.finfo(np.float64).tiny),
            merit=merit / np.maximum(many, 1),
            weight=np.ones(len(truth)) if weights is None else weights,
        )

    def points(self, predictions: Predictions) -> Mapping[str, float]:
        """The mean score, and the leading score of each task."""
        leads = {
            f"{part.name}.{_lead(part.task)}": part.task.points(own)[_lead(part.task)]
            for part, own in self._apart(predictions)
        }
        return {LEAD: float(np.mean(list(leads.values()))) if leads else math.nan, **leads}

    def measure(self, predictions: Predictions) -> Measures:
        """The mean score, whole rows resampled for its interval, and all scores of each task over its own rows.

        Raises:
            TrainingError: answers that are not finite.
        """
        refuse_unscorable(predictions)

        def mean_score(rows: NDArray[Any]) -> float:
            return self.points(predictions.take(rows))[LEAD]

        scores = [as_score(LEAD, bootstrap(np.arange(len(predictions)), mean_score, resamples=RESAMPLES))]
        classes: list[ClassScores] = []
        for part, own in self._apart(predictions):
            measures = part.task.measure(own)
            scores += [_renamed(score, part.name) for score in measures.scores]
            classes += [replace(each, label=f"{part.name}: {each.label}") for each in measures.classes]
        return Measures(scores=tuple(scores), classes=tuple(classes))

    def _apart(self, predictions: Predictions) -> Iterator[tuple[Part, Predictions]]:
        """Each task's own predictions, where it has targets."""
        for part, own, rows in self._known_parts(predictions.target):
            answers = predictions.answer[rows, part.answers]
            ids = [predictions.ids[row] for row in rows.tolist()]
            yield part, part.task.tabulate(ids, own, answers, predictions.weight[rows])


def _lead(task: SubTask) -> str:
    return task.lead if isinstance(task, Classification) else "r2"


def _renamed(score: Score, column: str) -> Score:
    return replace(score, name=f"{column}.{score.name}")


def _known(column: NDArray[np.generic], tasks: int) -> NDArray[np.bool_]:
    """Where targets (n, tasks) are there."""
    return np.array([[not is_missing(cell) for cell in cells] for cells in column], np.bool_).reshape(-1, tasks)


def _column(values: Sequence[object]) -> NDArray[np.generic]:
    column = np.empty(len(values), dtype=object)
    column[:] = values
    return column
