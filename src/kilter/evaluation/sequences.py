"""How far two sequences of tokens lie apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence


def exchanged(left: Sequence[Hashable], right: Sequence[Hashable]) -> int:
    """How many tokens of the one must be exchanged, added or dropped to have those of the other, in whatever order.

    >>> exchanged("g r k a q".split(), "q a r k g".split()), exchanged("abc", "abd"), exchanged("ab", "abcd")
    (0, 1, 2)
    """
    one, other = Counter(left), Counter(right)
    return max((one - other).total(), (other - one).total())


def shared(left: Sequence[Hashable], right: Sequence[Hashable]) -> float:
    """The tokens that both have as a share of those that either has, each counted once (Jaccard 1912).

    >>> shared("a man runs".split(), "a man sleeps".split())
    0.5
    """
    one, other = set(left), set(right)
    return len(one & other) / len(one | other) if one or other else 1.0


def edits(left: Sequence[Hashable], right: Sequence[Hashable]) -> int:
    """The fewest insertions, deletions and replacements that make one sequence of the other.

    One column of the table of Levenshtein (1966) at a time, as the bits of a number (Myers 1999, A fast bit-vector
    algorithm for approximate string matching, in the form of Hyyrö 2003 for whole sequences).

    >>> edits("kitten", "sitting"), edits("", "abc"), edits("abc", "abc")
    (3, 3, 0)
    """
    if not left:
        return len(right)
    places: dict[Hashable, int] = {}
    for at, token in enumerate(left):
        places[token] = places.get(token, 0) | 1 << at
    everything, last = (1 << len(left)) - 1, 1 << len(left) - 1
    rises, falls, distance = everything, 0, len(left)
    for token in right:
        equal = places.get(token, 0)
        steady = equal | falls
        across = ((equal & rises) + rises ^ rises) | equal
        up = falls | ~(across | rises) & everything
        down = rises & across
        distance += bool(up & last) - bool(down & last)
        up, down = (up << 1 | 1) & everything, down << 1 & everything
        rises = down | ~(steady | up) & everything
        falls = up & steady
    return distance
