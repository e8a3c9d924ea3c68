"""History: append-only curves by name, live or read back from a log."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
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
        log = self._log
        if log.rows != self._rows:  # another history went on from here: leave its rows alone
            log = _copy(self)
        columns = log.columns
        row = log.rows
        for name, value in values.items():
            column = columns.get(name)
            if column is None:
                column = columns[name] = _Column()
            column.append(row, step, value)
        log.rows = row + 1
        longer = object.__new__(History)
        longer._log = log
        longer._rows = row + 1
        return longer

    @staticmethod
    def of(rows: Iterable[tuple[int, Mapping[str, float]]]) -> History:
        """A history of these rows."""
        history = History()
        for step, values in rows:
            history = history.append(step, values)
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

    def _seen(self, column: _Column) -> int:
        if self._rows == self._log.rows:
            return column.length
        return int(np.searchsorted(column.rows[: column.length], self._rows))


def _copy(history: History) -> _Log:
    log = History.of(history.rows())._log  # noqa: SLF001 - its own kind
    log.rows = len(history)
    return log
