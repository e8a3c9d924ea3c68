"""Raw targets: labels as text, classes in their order, amounts, and the errors of those that are none."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
import torch
from torch.nn.utils.rnn import pad_sequence

from kilter.values.errors import DataError, Fault
from kilter.values.task import IGNORED

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

MOST_FAULTS: Final = 20
SUM_TOLERANCE: Final = 1e-3  # how far shares of classes may add up to more or less than 1


def label_of(value: object) -> str:
    """A raw target as a label: whole numbers without their point, everything else as it is written.

    >>> label_of(3.0), label_of(True), label_of("x")
    ('3', 'True', 'x')
    """
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def in_order(labels: Iterable[str]) -> tuple[str, ...]:
    """By number where all are finite numbers, else by letter; the same whatever order they come in.

    >>> in_order(["10", "9"]), in_order(["b", "a", "10"])
    (('9', '10'), ('10', 'a', 'b'))
    """
    words = sorted(labels)
    try:
        numbers = {word: float(word) for word in words}
    except ValueError:
        return tuple(words)
    return tuple(sorted(words, key=numbers.__getitem__) if all(map(math.isfinite, numbers.values())) else words)


def padded(targets: Sequence[object]) -> Tensor:
    """Sequences of numbers as (b, t) int64, filled up on the right with what is not judged.

    >>> padded([[4, 5], [6]]).tolist()
    [[4, 5], [6, -100]]
    """
    rows = [torch.as_tensor(np.asarray(target, dtype=np.int64)) for target in targets]
    return pad_sequence(rows, batch_first=True, padding_value=IGNORED)


def is_missing(value: object) -> bool:
    """Whether a cell holds no target: None, an empty text, not a number."""
    return value is None or (isinstance(value, str) and not value) or (isinstance(value, float) and math.isnan(value))


def missing(ids: Sequence[str]) -> DataError:
    """The error that rows of these ids have no target."""
    return DataError(
        f"{len(ids)} targets are missing" + first_of(len(ids)),
        legal="every row to learn from has a target",
        remedy="fill them in, or leave these rows out: `data.leave_out: [unlabelled]`",
        faults=[Fault(where=name, met="no target") for name in ids[:MOST_FAULTS]],
    )


def refuse_missing(targets: Sequence[object], ids: Sequence[str]) -> None:
    """Make sure that each row has a target.

    Raises:
        DataError: rows without any, with their ids.
    """
    absent = [ids[row] for row, target in enumerate(targets) if is_missing(target)]
    if absent:
        raise missing(absent)


def first_of(faults: int) -> str:
    """What is said where there are more faults than are named."""
    return f" (the first {MOST_FAULTS} follow)" if faults > MOST_FAULTS else ""


def some(labels: Sequence[str], most: int = 10) -> str:
    """The first of the labels, and how many more there are.

    >>> some(["a", "b", "c"], most=2)
    "'a', 'b' and 1 more"
    """
    more = f" and {len(labels) - most} more" if len(labels) > most else ""
    return ", ".join(repr(label) for label in labels[:most]) + more


def shares_in(column: NDArray[np.generic], ids: Sequence[str], labels: Sequence[str]) -> NDArray[np.float64]:
    """Shares of the classes (n, k) float64, each row adding up to 1 exactly.

    Raises:
        DataError: rows that hold no shares, with their ids.
    """
    shares = np.asarray(column, dtype=np.float64)
    with np.errstate(invalid="ignore"):
        wrong = ~np.isfinite(shares).all(axis=1) | (shares < 0).any(axis=1)
        wrong |= ~(np.abs(shares.sum(axis=1) - 1) <= SUM_TOLERANCE)
    rows = np.flatnonzero(wrong)
    if len(rows):
        raise DataError(
            f"{len(rows)} of {len(shares)} targets are no shares of {some(labels)}{first_of(len(rows))}",
            legal="shares are 0 or more and add up to 1",
            remedy="divide each row by its sum, or leave these rows out; for 0 and 1 in several columns at once say"
            " `task: multilabel`",
            faults=[
                Fault(where=ids[row], met=f"shares {_written(shares[row])}, which add up to {shares[row].sum():.6g}")
                for row in rows[:MOST_FAULTS]
            ],
        )
    summed: NDArray[np.float64] = shares / shares.sum(axis=1, keepdims=True)
    return summed


def amounts_in(column: NDArray[np.generic], ids: Sequence[str]) -> NDArray[np.float64]:
    """Amounts (n,) float64.

    Raises:
        DataError: targets that are missing or no finite numbers, with their ids.
    """
    values = column.tolist()
    amounts = np.array([_amount(value) for value in values], dtype=np.float64)
    wrong = np.flatnonzero(~np.isfinite(amounts))
    if len(wrong):
        raise DataError(
            f"{len(wrong)} of {len(values)} targets are no finite numbers{first_of(len(wrong))}",
            legal="amounts to learn are numbers",
            remedy="correct them or leave these rows out; if they are classes, say `task: classification`",
            faults=[Fault(where=ids[row], met=f"target {values[row]!r}") for row in wrong[:MOST_FAULTS]],
        )
    return amounts


def refuse_empty_rows(known: NDArray[np.bool_], ids: Sequence[str]) -> None:
    """Make sure that each row (n, k) has a target in one place at least.

    Raises:
        DataError: rows without any, with their ids.
    """
    empty = np.flatnonzero(~known.any(axis=1)).tolist()
    if empty:
        raise missing([ids[row] for row in empty])


def refuse_places(
    wrong: NDArray[np.bool_],
    amounts: NDArray[np.float64],
    ids: Sequence[str],
    columns: Sequence[str],
    *,
    met: str,
    legal: str,
    remedy: str,
) -> None:
    """Make sure that none of the amounts (n, k) is wrong, `met` being what is said of those that are.

    Raises:
        DataError: some are, with their ids and columns.
    """
    rows, places = np.nonzero(wrong)
    if len(rows):
        first = zip(rows[:MOST_FAULTS].tolist(), places[:MOST_FAULTS].tolist(), strict=True)
        raise DataError(
            f"{len(rows)} targets are {met}{first_of(len(rows))}",
            legal=legal,
            remedy=remedy,
            faults=[Fault(where=ids[row], met=f"{columns[at]} = {amounts[row, at]:g}") for row, at in first],
        )


def _amount(value: object) -> float:
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return math.nan


def _written(numbers: NDArray[np.float64], most: int = 6) -> str:
    more = ", …" if len(numbers) > most else ""
    return ", ".join(f"{number:g}" for number in numbers[:most]) + more
