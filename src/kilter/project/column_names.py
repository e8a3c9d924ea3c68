"""What the names of columns say: which are learnt, which number the rows."""

from __future__ import annotations

import re
from typing import Final

LABEL_NAMES: Final = ("label", "labels", "class", "target", "targets", "y", "outcome", "response")
AMOUNT_NAMES: Final = ("price", "value", "count", "salary", "income", "amount", "sales", "revenue", "cost", "demand")
OTHER_NAMES: Final = (
    "diagnosis",
    "species",
    "sentiment",
    "category",
    "quality",
    "rating",
    "score",
    "survived",
    "churn",
)
LABELS: Final = LABEL_NAMES[:5]  # those that say a class, whatever the values
TARGET_NAMES: Final = frozenset({*LABEL_NAMES, *OTHER_NAMES, *AMOUNT_NAMES})
SCALES: Final = (*AMOUNT_NAMES, "rating", "score", "quality", "age", "year")
ROW_NAMES: Final = ("id", "index", "uuid", "guid", "row", "instant", "key", "unnamed")
LIST_NAMES: Final = ("labels", "classes", "tags", "genres", "topics", "categories", "keywords", "targets")
"""Names of columns that hold several classes at once."""

TAG_NAMES: Final = ("tags", "ner", "ner_tags", "labels", "label", "bio", "iob", "slots", "pos", "pos_tags", "chunks")
"""Names of columns that hold a tag for each word, the surest first."""

ANSWER_NAMES: Final = ("target", "output", "answer", "response", "summary", "completion", "translation", "reply")
"""Names of texts that are written from another one."""


def words_of(name: str) -> list[str]:
    """The words of a column's name, small.

    >>> words_of("medianHouse_value"), words_of("label2")
    (['median', 'house', 'value'], ['label2'])
    """
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    return [word.lower() for word in re.split(r"[^A-Za-z0-9]+", parted) if word] or [""]


def is_like(name: str, words: frozenset[str] | tuple[str, ...]) -> bool:
    """Whether a name ends in one of these words, a number behind it or not.

    >>> is_like("relatedness_score", ("score",)), is_like("label2", ("label",)), is_like("label_2", ("label",))
    (True, True, True)
    """
    last = [word.rstrip("0123456789") for word in words_of(name)]
    return next((word in words for word in reversed(last) if word), False)
