"""How numbers, times and foreign text are put into words."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable
from typing import Final

from kilter.values.score import Score

TRAINED: Final = "model"
"""The name under which a run evaluates what it trained; all other models are baselines."""

DAGGER: Final = "†"
"""Stands behind an interval that may not hold what it says."""

_DIRECTIONS: Final = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_HIDDEN: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff" + "".join(sorted(_DIRECTIONS)) + "]")
_UNITS: Final = ((86_400.0, "d"), (3_600.0, "h"), (60.0, "min"))


def number(value: float) -> str:
    """A number to four significant digits; whole numbers with their thousands set apart.

    >>> number(0.791234), number(13_800), number(3e-7), number(float("nan"))
    ('0.7912', '13,800', '3e-07', 'nan')
    """
    if not math.isfinite(value):
        return str(value)
    if value == int(value) and abs(value) < 1e15:
        return f"{int(value):,}"
    if 1000 <= abs(value) < 1e6:
        return f"{value:,.1f}"
    return f"{value:.4g}"


def fixed(value: float) -> str:
    """A score: three decimals below 10, so that columns line up and zeros at the end are not lost.

    >>> fixed(0.8), fixed(-0.01234), fixed(54.321), fixed(0.0004)
    ('0.800', '-0.012', '54.32', '0.0004')
    """
    size = abs(value)
    if not math.isfinite(value) or size >= 1000:
        return number(value)
    if 0 < size < 0.001:
        return f"{value:.1g}"
    return f"{value:.3f}" if size < 10 else f"{value:.2f}" if size < 100 else f"{value:.1f}"


def interval(score: Score) -> str:
    """The bounds of a score, or a dash where there are none; a dagger where `cautions` says something of them.

    >>> interval(Score(name="accuracy", value=0.8, low=0.75, high=0.85, n=300))
    '[0.750, 0.850]'
    """
    if score.low is None or score.high is None:
        return "–"
    return f"[{fixed(score.low)}, {fixed(score.high)}]{DAGGER if score.caution else ''}"


def value_of(score: Score) -> str:
    """The value of a score, or that it has none."""
    return "undefined" if score.value is None else fixed(score.value)


def scored(score: Score) -> str:
    """A score with its bounds.

    >>> scored(Score(name="accuracy", value=0.8, low=0.75, high=0.85, n=300))
    '0.800 [0.750, 0.850]'
    """
    return value_of(score) if score.low is None else f"{value_of(score)} {interval(score)}"


def heading_of(score: Score) -> str:
    """A score's name, with an arrow where smaller is better; `direction` says what it means."""
    return score.name if score.larger_is_better else f"{score.name} ↓"


def direction(scores: Iterable[Score]) -> str:
    """What the arrow means, where a table has one."""
    return "" if all(score.larger_is_better for score in scores) else " ↓: smaller is better."


def cautions(scores: Iterable[Score]) -> str:
    """What the daggers of a table's intervals mean, once for all scores of one caution; empty where there are none."""
    names: dict[str, list[str]] = {}
    for score in scores:
        if score.caution and score.name not in names.setdefault(score.caution, []):
            names[score.caution].append(score.name)
    return "".join(f" {DAGGER} {', '.join(of)}: {caution}." for caution, of in names.items())


def readings(scores: Iterable[Score]) -> str:
    """How scores of a table are read that may be read in several ways; empty where there are none."""
    names: dict[str, list[str]] = {}
    for score in scores:
        if score.reading and score.name not in names.setdefault(score.reading, []):
            names[score.reading].append(score.name)
    return "".join(f" {reading[0].upper()}{reading[1:]}: {', '.join(of)}." for reading, of in names.items())


def p_value(value: float) -> str:
    """A p-value to two digits; never 0.

    >>> p_value(0.0312), p_value(1e-9)
    ('0.031', '< 0.0001')
    """
    return "< 0.0001" if value < 1e-4 else f"{value:.2g}"


def percent(part: float, whole: float) -> str:
    """A share in percent; a dash where there is no whole.

    >>> percent(3, 48), percent(1, 0)
    ('6.2 %', '–')
    """
    return f"{100 * part / whole:.1f} %" if whole else "–"


def counted(count: int, noun: str, plural: str = "") -> str:
    """So many of something.

    >>> counted(1, "example"), counted(2070, "example"), counted(2, "class", "classes")
    ('1 example', '2,070 examples', '2 classes')
    """
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"


def time(seconds: float) -> str:
    """A length of time in the unit that suits it.

    >>> time(0.0042), time(8.25), time(83), time(7260)
    ('4 ms', '8.2 s', '1.4 min', '2.0 h')
    """
    for size, unit in _UNITS:
        if seconds >= size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.1f} s" if seconds >= 0.1 else f"{1000 * seconds:.0f} ms"


def visible(text: str) -> str:
    r"""Text whose hidden characters are written out, so that none of them can act.

    Hidden are the characters that begin escape sequences of terminals, marks that turn the direction of writing, and
    halves of characters. Line ends and tabs stay.

    >>> visible("a\x1b[2Jb\u202ec")
    'a\\x1b[2Jb\\u202ec'
    """
    return _HIDDEN.sub(_written_out, text)


def shown(text: str, limit: int = 80) -> str:
    r"""Foreign text on one line, hidden characters written out, cut at so many characters.

    >>> shown("two\nlines"), shown("Amsterdam", 6)
    ('two lines', 'Amste…')
    """
    line = visible(" ".join(text[: 8 * limit].split()))
    if len(line) <= limit and len(text) <= 8 * limit:
        return line
    cut = line[: limit - 1]
    while cut and (cut[-1] == "\u200d" or unicodedata.combining(cut[-1]) or cut[-1].isspace()):
        cut = cut[:-1]
    return f"{cut}…"


def _written_out(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"
