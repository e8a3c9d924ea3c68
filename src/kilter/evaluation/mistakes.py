"""Which predictions were wrong, the most costly first, with the inputs they were made on."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from kilter.values.errors import UsageError
from kilter.values.evaluation import Mistake
from kilter.values.predictions import Predictions
from kilter.values.source import Source
from kilter.values.task import Form, Task
from kilter.values.words import confidence, in_words, told

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kilter.values.batch import Example

MOST_SURPRISES: Final = 4  # tokens of a text that are named
MOST_PAIRS: Final = 120  # confused pairs of which examples are kept, the most frequent first


def find_mistakes(
    predictions: Predictions, task: Task, *, source: Source | None = None, most: int = 20, each_pair: int = 3
) -> tuple[Mistake, ...]:
    """The most costly wrong predictions, one entry an example, the most costly first.

    Where decisions are classes, the `each_pair` most costly examples of each confused pair are among them, too, so that
    a cell of a confusion table leads to examples; the first `most` are the most costly ones all the same.

    Args:
        predictions: what was decided.
        task: how targets are read.
        source: where the inputs stand; without it, inputs are empty.
        most: how many of the most costly ones.
        each_pair: how many of each confused pair.

    Raises:
        UsageError: the source does not hold an example that was predicted.
    """
    wrong = _one_per_example(_by_cost(predictions, np.flatnonzero(_is_wrong(predictions))), predictions)
    kept = sorted({*range(min(most, len(wrong))), *_of_pairs(predictions, wrong, each_pair)})
    rows = {} if source is None else {name: row for row, name in enumerate(source.ids)}
    return tuple(_mistake(predictions, task, int(wrong[place]), source, rows) for place in kept)


def _is_wrong(predictions: Predictions) -> NDArray[np.bool_]:
    """Whether each decision (n,) differs from its target, in any place where they are several or sequences."""
    target, decided = predictions.target, predictions.decided
    if object in (target.dtype, decided.dtype):
        pairs = zip(target, decided, strict=True)
        return np.array([not np.array_equal(np.asarray(t), np.asarray(d)) for t, d in pairs], dtype=np.bool_)
    if not len(target):
        return np.zeros(0, np.bool_)
    differ = target != decided
    if target.dtype.kind == "f":
        differ &= ~np.isnan(target.astype(np.float64))  # what is not known is not judged
    wrong: NDArray[np.bool_] = np.any(differ.reshape(len(target), -1), axis=1)
    return wrong


def _by_cost(predictions: Predictions, rows: NDArray[np.intp]) -> NDArray[np.intp]:
    """Rows with the most costly first; without a cost of each example, those of least merit first."""
    cost = np.where(np.isnan(predictions.cost[rows]), -np.inf, predictions.cost[rows])
    return rows[np.lexsort((rows, predictions.merit[rows], -cost))]


def _one_per_example(rows: NDArray[np.intp], predictions: Predictions) -> NDArray[np.intp]:
    first: dict[str, int] = {}
    for row in rows.tolist():
        first.setdefault(predictions.ids[row], row)
    return np.array(list(first.values()), dtype=np.intp)


def _of_pairs(predictions: Predictions, rows: NDArray[np.intp], each: int) -> Iterator[int]:
    """Places among the rows of the first examples of each confused pair, where decisions are classes."""
    target, decided = predictions.target, predictions.decided
    if target.ndim != 1 or target.dtype.kind not in "biu" or decided.dtype.kind not in "biu":
        return
    pairs: list[Hashable] = list(zip(target[rows].tolist(), decided[rows].tolist(), strict=True))
    frequent = {pair for pair, _ in Counter(pairs).most_common(MOST_PAIRS)}
    taken: dict[Hashable, int] = defaultdict(int)
    for place, pair in enumerate(pairs):
        taken[pair] += 1
        if pair in frequent and taken[pair] <= each:
            yield place


def _mistake(predictions: Predictions, task: Task, row: int, source: Source | None, rows: Mapping[str, int]) -> Mistake:
    name = predictions.ids[row]
    if source is not None and name not in rows:
        raise UsageError(
            f"the example {name!r} was predicted and is not in the source",
            legal="the source must hold every example of the predictions",
            remedy="pass the split on which the predictions were made",
        )
    example = None if source is None else source.example(rows[name])
    target, decided = _told(predictions, task, row, example, source)
    return Mistake(
        id=name,
        inputs="" if example is None else in_words(example.inputs),
        target=target,
        decided=decided,
        cost=float(predictions.cost[row]),
        confidence=confidence(predictions, row),
    )


def _told(
    predictions: Predictions, task: Task, row: int, example: Example | None, source: Source | None
) -> tuple[str, str]:
    """What was true and what was decided, in words; of a sequence, the places that are wrong."""
    target, decided = predictions.target[row], predictions.decided[row]
    if task.form is Form.TOKEN and example is not None and len(target) == len(decided):
        words = next((value for value in example.inputs.values() if isinstance(value, list | tuple)), ())
        wrong = [place for place in range(min(len(words), len(target))) if target[place] != decided[place]]
        return _at_places(task, words, target, wrong), _at_places(task, words, decided, wrong)
    if task.form is Form.NEXT and np.ndim(predictions.answer[row]) == 2:
        return _surprises(task, np.asarray(target), np.asarray(predictions.answer[row]))
    return told(predictions, task, row, source)


def _at_places(task: Task, words: Sequence[object], tags: Sequence[object], places: Sequence[int]) -> str:
    """Words with their tags, those of neighbouring places together."""
    return ", ".join(f"{words[place]} {task.name_of([tags[place]])}" for place in places)


def _surprises(task: Task, target: NDArray[np.generic], answer: NDArray[np.generic]) -> tuple[str, str]:
    """The tokens that surprised most, with their nats, and what was held for likeliest in their places."""
    nats, likeliest = answer[:, 0].astype(np.float64), answer[:, 1].astype(np.int64)
    most = np.sort(np.argsort(-nats[: len(target)], kind="stable")[:MOST_SURPRISES]).tolist()

    def named(token: object) -> str:
        name = task.name_of([token])
        return (repr(name) if name.isspace() else name) or "(end)"  # the one mark that is answered

    true = ", ".join(f"{named(target[place])} ({nats[place]:.2g} nats)" for place in most)
    if any(likeliest[place] < 0 for place in most):  # of a model that does not say which token it would take
        return true, ""
    return true, ", ".join(named(likeliest[place]) for place in most)
