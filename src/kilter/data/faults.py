"""Faults of data, gathered so that one reading mends them all."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice

from kilter.values.errors import DataError, Fault

MOST = 20
"""Faults that are said one by one; more of them are counted."""


def gathered(met: str, faults: Iterable[Fault], *, legal: str = "", remedy: str = "") -> DataError:
    """One error with all faults, up to a cap of 20.

    >>> faults = [Fault(where=f"bad.csv:{line}", met="5 fields", legal="4 are legal") for line in range(2, 24)]
    >>> said = str(gathered("bad.csv cannot be read", faults)).splitlines()
    >>> [said[0], said[1], said[-1]]
    ['bad.csv cannot be read.', '  bad.csv:2 5 fields: 4 are legal.', '  and 2 more.']
    """
    every = tuple(faults)
    said = every[:MOST]
    if len(every) > MOST:
        said = (*said, Fault(met=f"and {len(every) - MOST} more"))
    return DataError(met, legal=legal, remedy=remedy, faults=said)


def counted(number: int, noun: str, nouns: str = "") -> str:
    """A number and its noun, in the plural where it must be; `nouns` is one that takes no s.

    >>> counted(1, "row"), counted(12345, "row"), counted(2, "entry", "entries")
    ('1 row', '12,345 rows', '2 entries')
    """
    return f"{number:,} {noun if number == 1 else nouns or noun + 's'}"


def listed(things: Sequence[object], *, most: int = 5) -> str:
    """The first few of many things.

    >>> listed([3, 5, 7, 9, 11, 13, 15])
    '3, 5, 7, 9, 11 and 2 more'
    """
    said = ", ".join(str(thing) for thing in islice(things, most))
    return said if len(things) <= most else f"{said} and {len(things) - most:,} more"


def quoted(text: str, *, most: int = 40) -> str:
    """A piece of data as it may stand in a message: quoted, control characters escaped, and short.

    >>> quoted("one, two, three", most=9)
    "'one, two…'"
    """
    return repr(text if len(text) <= most else f"{text[: most - 1]}…")
