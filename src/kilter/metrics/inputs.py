"""What a metric accepts: class indices, finite numbers, probabilities; anything else is refused in words."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

Integers = npt.NDArray[np.int64]
Reals = npt.NDArray[np.float64]

CELLS_AT_ONCE = 250_000  # of a table, 2 MB: what is computed on the way then stays in the cache, and small beside it
ROW_SUM_TOLERANCE = 1e-2  # a softmax in bfloat16 (8 bits of mantissa) over many classes is off by that much


def as_vector(name: str, values: npt.ArrayLike) -> npt.NDArray[np.generic]:
    """The array as given, if it has one value an example: shape (n,).

    Raises ValueError for any other shape: (n, 1) against (n,) would broadcast to (n, n) without a word.
    """
    array = np.asarray(values)
    if array.ndim != 1:
        raise ValueError(
            f"{name} has shape {array.shape}: one value an example, shape (n,), is legal;"
            " drop the other axes first, for instance with .reshape(-1) where they have length 1."
        )
    return array


def as_classes(name: str, values: npt.ArrayLike, classes: int) -> npt.NDArray[np.integer]:
    """Class indices 0 to classes - 1, shape (n,), in whatever whole-number type they came.

    Raises ValueError for another shape, for values that are not whole numbers by type, or out of range.
    """
    array = as_vector(name, values)
    if array.size == 0:
        return np.zeros(0, dtype=np.int64)
    if array.dtype == np.bool_:
        return array.astype(np.int64)
    if not np.issubdtype(array.dtype, np.integer):
        raise ValueError(
            f"{name} holds {array.dtype} values: class indices of a whole-number type are legal;"
            " encode labels as indices, take the argmax of probabilities, or cast with .astype(int)."
        )
    lowest, highest = int(array.min()), int(array.max())
    if lowest < 0 or highest >= classes:
        raise ValueError(
            f"{name} holds the class index {lowest if lowest < 0 else highest}: 0 to {classes - 1} are legal for"
            f" {classes} classes; drop ignored examples first, or pass the right number of classes."
        )
    return array.astype(np.int64, copy=False)


def as_reals(name: str, values: npt.ArrayLike) -> Reals:
    """Finite numbers in double precision, shape (n,).

    Raises ValueError for another shape, for values that are no numbers, and for not-a-number or infinity.
    """
    return _finite(name, as_vector(name, values))


def as_answers(
    target: npt.ArrayLike, probabilities: npt.ArrayLike
) -> tuple[npt.NDArray[np.integer], npt.NDArray[np.floating]]:
    """Class indices (n,) and the probabilities (n, classes) that stand beside them.

    Raises ValueError for targets out of range, and probabilities that are none or of another shape.
    """
    classes = _columns(probabilities)
    true = as_classes("target", target, classes)
    return true, as_probabilities("probabilities", probabilities, examples=true.size, classes=classes)


def as_table(probabilities: npt.ArrayLike) -> npt.NDArray[np.floating]:
    """Probabilities (n, classes) without targets.

    Raises ValueError for probabilities that are none or of another shape.
    """
    classes = _columns(probabilities)
    return as_probabilities("probabilities", probabilities, examples=np.shape(probabilities)[0], classes=classes)


def _columns(probabilities: npt.ArrayLike) -> int:
    shape = np.shape(probabilities)
    if len(shape) != 2:
        raise ValueError(f"probabilities have shape {shape}: (n, classes) is legal; pass one column a class.")
    columns: int = shape[1]
    return columns


def as_probabilities(name: str, values: npt.ArrayLike, *, examples: int, classes: int) -> npt.NDArray[np.floating]:
    """Probabilities of each class, shape (examples, classes), rows adding up to 1, in the precision they came in.

    Raises ValueError for another shape, values that are no numbers or outside 0 to 1, or rows that do not add up to 1.
    """
    array = np.asarray(values)
    if array.shape != (examples, classes):
        raise ValueError(
            f"{name} has shape {array.shape}: (examples, classes) = {(examples, classes)} is legal;"
            " pass one row an example and one column a class (for two classes also the column of the first)."
        )
    table = array if array.dtype.kind == "f" and array.dtype.itemsize in {4, 8} else _finite(name, array)
    if examples == 0:
        return table
    low, high = float(table.min()), float(table.max())  # not-a-number comes through both
    if not (low >= 0 and high <= 1):
        raise ValueError(
            f"{name} holds values from {low:.4g} to {high:.4g}: 0 to 1 is legal;"
            " turn logits into probabilities with a softmax first, and look for the cause of what is not-a-number."
        )
    farthest = float(np.abs(table @ np.ones(classes, dtype=table.dtype) - 1).max())
    if farthest > ROW_SUM_TOLERANCE:
        raise ValueError(
            f"{name} has a row whose sum is {farthest:.4g} away from 1: rows that add up to 1 are legal;"
            " use a softmax over the classes, not one sigmoid a class."
        )
    return table


def row_chunks(rows: int, columns: int) -> Iterator[slice]:
    """Consecutive slices of the rows of a table, each of some 250,000 cells; of one row where rows are longer.

    >>> list(row_chunks(300_000, 1))
    [slice(0, 250000, None), slice(250000, 300000, None)]
    """
    at_once = max(1, CELLS_AT_ONCE // max(1, columns))
    return (slice(start, min(start + at_once, rows)) for start in range(0, rows, at_once))


def refuse_unequal_lengths(**arrays: npt.NDArray[np.generic]) -> None:
    """Raise ValueError unless all arrays, given by name, have the same number of rows."""
    lengths = {name: array.shape[0] for name, array in arrays.items()}
    if len(set(lengths.values())) > 1:
        met = ", ".join(f"{name} {length}" for name, length in lengths.items())
        raise ValueError(
            f"unequal numbers of examples ({met}): the same examples in the same order are legal;"
            " join the arrays by example id before scoring."
        )


def refuse_confidence(confidence: float) -> None:
    """Raise ValueError unless the confidence lies strictly between 0 and 1."""
    if not 0 < confidence < 1:
        raise ValueError(f"confidence = {confidence!r}: a share strictly between 0 and 1 is legal; pass 0.95 for 95 %.")


def refuse_resamples(resamples: int) -> None:
    """Raise ValueError unless there is at least one resample."""
    if resamples < 1:
        raise ValueError(
            f"resamples = {resamples!r}: 1 or more is legal; 10,000 gives bounds to about 1 % of their width."
        )


def _finite(name: str, array: npt.NDArray[np.generic]) -> Reals:
    if array.dtype.kind not in "biuf":
        raise ValueError(
            f"{name} holds {array.dtype} values: real numbers are legal; convert the column to numbers first."
        )
    reals = array.astype(np.float64, copy=False)
    wrong = int(reals.size - np.count_nonzero(np.isfinite(reals)))
    if wrong:
        raise ValueError(
            f"{name} holds {wrong} values that are not-a-number or infinite, of {reals.size}: finite numbers are legal;"
            " find the examples they come from, and mend or drop them in both arrays."
        )
    return reals
