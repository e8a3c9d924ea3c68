"""Names by which a person can point at runs that were given the same name, or none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence


def distinct_names(runs: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    """A name for each run of (name, id): its own, with the id behind it where others bear it, too.

    >>> distinct_names([("warm-up", "1f"), ("longer", "2a"), ("longer", "3c"), ("", "4d")])
    ('warm-up', 'longer (2a)', 'longer (3c)', '4d')
    """
    borne = Counter(name for name, _ in runs)
    return tuple((name if borne[name] == 1 else f"{name} ({own})") if name else own for name, own in runs)
