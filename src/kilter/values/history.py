"""History: append-only curves by name, live or read back from a log."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """One recorded quantity: `values[i]` was recorded at optimizer step `steps[i]`."""

    name: str
    steps: NDArray[np.int64]
    values: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.steps)

    def __repr__(self) -> str:
        last = f", last {self.values[-1]:.4g} at step {self.steps[-1]}" if len(self) else ""
        return f"Curve({self.name!r}, {len(self)} points{last})"


class _Column:
    """A growing pair of buffers; views of an outgrown buffer stay valid, since growing copies."""

    __slots__ = ("length", "rows", "steps", "values")

    def __init__(self) -> None:
        self.length = 0
        self.rows = np.empty(16, np.int64)
        self.steps = np.empty(16, np.int64)
        self.values = np.empty(16, np.float64)

    @staticmethod
    def of(rows: NDArray[np.int64], steps: NDArray[np.int64], values: NDArray[np.float64]) -> _Column:
        column = _Column()
        column.length = len(rows)
        column.rows = np.array(rows, np.int64)
        column.steps = np.array(steps, np.int64)
        column.values = np.array(values, np.float64)
        return column

    def append(self, row: int, step: int, value: float) -> None:
        at = self.length
        if at == len(self.rows):
            self.rows = np.concatenate([self.rows, np.empty_like(self.rows)])
            self.steps = np.concatenate([self.steps, np.empty_like(self.steps)])
            self.values = np.concatenate([self.values, np.empty_like(self.values)])
        self.rows[at] = row
        self.steps[at] = step
        self.values[at] = value
        self.length = at + 1

    def extend(self, row: int, steps: NDArray[np.int64], values: NDArray[np.float64]) -> None:
        start, end = self.length, self.length + len(steps)
        if end > len(self.rows):
            more = max(end, 2 * len(self.rows)) - len(self.rows)
            self.rows = np.concatenate([self.rows, np.empty(more, np.int64)])
            self.steps = np.concatenate([self.steps, np.empty(more, np.int64)])
            self.values = np.concatenate([self.values, np.empty(more, np.float64)])
        self.rows[start:end] = np.arange(row, row + len(steps))
        self.steps[start:end] = steps
        self.values[start:end] = values
        self.length = end


class _Log:
    """What histories of one run share; each sees only the rows that stood when it was made."""

    __slots__ = ("columns", "rows")

    def __init__(self) -> None:
        self.rows = 0
        self.columns: dict[str, _Column] = {}


@final
class History:
    """Curves by name. Appending gives a new History and costs the same at the millionth step as at the first.

    >>> history = History().append(1, {"train.loss": 2.0}).append(2, {"train.loss": 1.5})
    >>> history["train.loss"].values.tolist(), history.last("train.loss")
    ([2.0, 1.5], 1.5)
    """

    __slots__ = ("_log", "_rows")

    def __init__(self) -> None:
        self._log = _Log()
        self._rows = 0

    def append(self, step: int, values: Mapping[str, float]) -> History:
        """This history and one more row: quantities recorded together at an optimizer step."""
        log = self._own_log()
        columns = log.columns
        row = log.rows
        for name, value in values.items():
            column = columns.get(name)
            if column is None:
                column = columns[name] = _Column()
            column.append(row, step, value)
        return self._longer(log, row + 1)

    def extend(
        self,
        steps: Sequence[int] | NDArray[np.int64],
        columns: Mapping[str, Sequence[float] | NDArray[np.float64]],
    ) -> History:
        """This history and many more rows, each of which has a value in every one of these curves.

        >>> History().extend([1, 2], {"train.loss": [2.0, 1.5], "train.learning_rate": [0.1, 0.1]})
        History(2 rows to step 2: train.loss, train.learning_rate)
        """
        log = self._own_log()
        row, at = log.rows, np.asarray(steps, np.int64)
        for name, values in columns.items():
            column = log.columns.get(name)
            if column is None:
                column = log.columns[name] = _Column()
            column.extend(row, at, np.asarray(values, np.float64))
        return self._longer(log, row + len(at))

    @staticmethod
    def of(rows: Iterable[tuple[int, Mapping[str, float]]]) -> History:
        """A history of these rows."""
        history = History()
        for step, values in rows:
            history = history.append(step, values)
        return history

    @staticmethod
    def of_columns(
        steps: NDArray[np.int64], columns: Mapping[str, tuple[NDArray[np.int64], NDArray[np.float64]]]
    ) -> History:
        """A history of whole columns, as fast as they can be copied.

        >>> steps = np.array([10, 20])
        >>> list(History.of_columns(steps, {"a": (np.array([0, 1]), np.array([2.0, 1.5]))}).rows())
        [(10, {'a': 2.0}), (20, {'a': 1.5})]

        Args:
            steps: of each row.
            columns: by name, the numbers of the rows that have a value, rising, and these values.
        """
        history = History()
        log = history._log
        for name, (rows, values) in columns.items():
            if len(rows):
                log.columns[name] = _Column.of(rows, steps[rows], values)
        log.rows = history._rows = len(steps)
        return history

    def __len__(self) -> int:
        """The number of rows appended."""
        return self._rows

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name in self._log.columns and self._seen(self._log.columns[name]) > 0

    def __iter__(self) -> Iterator[str]:
        return (name for name in self._log.columns if name in self)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the curves, in the order in which they first appeared."""
        return tuple(self)

    def __getitem__(self, name: str) -> Curve:
        """A curve, without copying it.

        Raises:
            KeyError: nothing of that name was recorded.
        """
        if name not in self:
            message = f"nothing called {name!r} was recorded; there are {', '.join(self.names) or 'no curves'}"
            raise KeyError(message)
        column = self._log.columns[name]
        seen = self._seen(column)
        steps, values = column.steps[:seen], column.values[:seen]
        steps.flags.writeable = values.flags.writeable = False
        return Curve(name=name, steps=steps, values=values)

    def rows_of(self, name: str) -> NDArray[np.int64]:
        """The numbers of the rows in which a curve has a value: values of one row were recorded together.

        Raises:
            KeyError: nothing of that name was recorded.
        """
        seen = len(self[name])
        rows = self._log.columns[name].rows[:seen]
        rows.flags.writeable = False
        return rows

    def last(self, name: str) -> float | None:
        """The newest value of a curve, or None."""
        return float(self[name].values[-1]) if name in self else None

    @property
    def step(self) -> int:
        """The last optimizer step that was recorded; 0 before the first."""
        return max((int(self[name].steps[-1]) for name in self), default=0)

    def first(self, rows: int) -> History:
        """The history as it was when it had so many rows; nothing is copied."""
        shorter = object.__new__(History)
        shorter._log = self._log
        shorter._rows = min(rows, self._rows)
        return shorter

    def until(self, step: int) -> History:
        """The rows up to and including an optimizer step, as a history of its own."""
        return History.of((at, values) for at, values in self.rows() if at <= step)

    def rows(self, start: int = 0) -> Iterator[tuple[int, dict[str, float]]]:
        """The rows as they were appended, from row number `start` on; what came before costs nothing."""
        gathered: list[tuple[int, dict[str, float]]] = [(0, {}) for _ in range(self._rows - start)]
        for name, column in self._log.columns.items():
            seen = self._seen(column)
            for at in range(int(np.searchsorted(column.rows[:seen], start)), seen):
                row = int(column.rows[at]) - start
                _, values = gathered[row]
                values[name] = float(column.values[at])
                gathered[row] = (int(column.steps[at]), values)
        return iter(gathered)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, History):
            return NotImplemented
        return self.names == other.names and all(
            np.array_equal(self[name].steps, other[name].steps)
            and np.array_equal(self[name].values, other[name].values, equal_nan=True)
            for name in self
        )

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"History({self._rows} rows to step {self.step}: {', '.join(self.names)})"

    def _own_log(self) -> _Log:
        """The log that rows may be added to: another history may have gone on from here, whose rows are left alone."""
        return self._log if self._log.rows == self._rows else _copy(self)

    @staticmethod
    def _longer(log: _Log, rows: int) -> History:
        log.rows = rows
        longer = object.__new__(History)
        longer._log = log
        longer._rows = rows
        return longer

    def _seen(self, column: _Column) -> int:
        if self._rows == self._log.rows:
            return column.length
        return int(np.searchsorted(column.rows[: column.length], self._rows))


def _copy(history: History) -> _Log:
    log = History.of(history.rows())._log  # noqa: SLF001 - its own kind
    log.rows = len(history)
    return log
