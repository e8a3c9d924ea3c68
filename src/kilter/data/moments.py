"""When a row was: dates, times and numbers in their order."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from kilter.data.faults import gathered, quoted
from kilter.values.errors import Fault

if TYPE_CHECKING:
    from numpy.typing import NDArray

EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001 - differences of local times need no zone


def moments(column: NDArray[Any], ids: Sequence[str], name: str) -> NDArray[np.float64]:
    """A number for each row that grows with time: a column of numbers as it stands, dates as seconds.

    Dates and times are those of ISO 8601: `2024-03-01`, `2024-03-01T12:30:00`, with a zone (`+01:00`, `Z`) in all rows
    or in none.

    Raises:
        DataError: rows without a time, or whose time cannot be read; all of them.
    """
    if column.dtype.kind in "biuf":
        found = column.astype(np.float64)
        faults = [_missing(ids[row], name) for row in np.flatnonzero(np.isnan(found)).tolist()]
    else:
        read = [_read(value, ids[row], name) for row, value in enumerate(column.tolist())]
        faults = [each for each in read if isinstance(each, Fault)]
        dates = [each for each in read if not isinstance(each, Fault)]
        zoned = sum(each.tzinfo is not None for each in dates)
        if not faults and 0 < zoned < len(dates):
            met = f"column {name!r}: {zoned:,} of {len(dates):,} times have a zone"
            faults = [Fault(met=met, legal="all of them or none")]
        found = np.array([] if faults else [_seconds(each) for each in dates], dtype=np.float64)
    if faults:
        raise gathered(
            f"column {name!r} does not say when each row was",
            faults,
            legal="numbers, or dates and times as ISO 8601 writes them: 2024-03-01 or 2024-03-01T12:30:00",
            remedy="mend or drop these rows, or split another way",
        )
    return found


def is_date(value: object) -> bool:
    """Whether a text is a date of ISO 8601.

    >>> is_date("2024-03-01"), is_date("2024-03-01 12:30"), is_date("1.3.2024"), is_date("2024")
    (True, True, False, False)
    """
    if not isinstance(value, str) or "-" not in value:
        return False
    try:
        datetime.fromisoformat(value.strip())
    except ValueError:
        return False
    return True


def _missing(where: str, name: str) -> Fault:
    return Fault(where=where, met=f"column {name!r} is empty")


def _read(value: object, where: str, name: str) -> datetime | Fault:
    if value is None:
        return _missing(where, name)
    try:
        return datetime.fromisoformat(str(value).strip())
    except ValueError:
        return Fault(where=where, met=f"column {name!r}: {quoted(str(value))} is no date of ISO 8601")


def _seconds(date: datetime) -> float:
    """Seconds since 1970, of local times as if they were of one zone."""
    return date.timestamp() if date.tzinfo is not None else (date - EPOCH).total_seconds()
