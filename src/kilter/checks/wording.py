"""Counts, shares and lists as findings say them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence


def counted(count: int, noun: str) -> str:
    """A number with its noun.

    >>> counted(1, "row"), counted(1200, "row"), counted(2, "class")
    ('1 row', '1,200 rows', '2 classes')
    """
    if count == 1:
        return f"1 {noun}"
    plural = f"{noun}es" if noun.endswith(("s", "x", "ch")) else f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    return f"{count:,} {plural}"


def agreeing(count: int, singular: str, plural: str) -> str:
    """The form of a verb that goes with a number.

    >>> agreeing(1, "is", "are"), agreeing(2, "is", "are")
    ('is', 'are')
    """
    return singular if count == 1 else plural


def percent(share: float) -> str:
    """A share as a percentage with two meaningful digits; 100 % and 0 % only where they are exact.

    >>> percent(0.018), percent(0.3057), percent(0.99996), percent(0.0), percent(1.0)
    ('1.8 %', '31 %', '99.996 %', '0 %', '100 %')
    """
    if share <= 0 or share >= 1 or not math.isfinite(share):
        return f"{100 * share:.0f} %"
    if share < 0.1:
        return f"{100 * share:.2g} %"
    if share < 0.99:
        return f"{100 * share:.0f} %"
    nines = math.ceil(-math.log10(1 - share))
    return f"{100 * share:.{max(1, nines - 2)}f} %"


def listed(names: Iterable[str], *, most: int = 5) -> str:
    """Names in a sentence, the rest as a number.

    >>> listed(["a", "b"]), listed("abcdefg", most=3)
    ("'a' and 'b'", "'a', 'b', 'c' and 4 more")
    """
    quoted = [repr(name) for name in names]
    if len(quoted) > most:
        return f"{', '.join(quoted[:most])} and {len(quoted) - most} more"
    return " and ".join(filter(None, [", ".join(quoted[:-1]), *quoted[-1:]]))


def shown(ids: Sequence[str], *, most: int = 20) -> tuple[str, ...]:
    """The first ids, for `Finding.where`: enough to look, few enough to read."""
    return tuple(ids[:most])
