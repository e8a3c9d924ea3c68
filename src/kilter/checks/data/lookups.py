"""What one column alone says of the target: looked up in one half of the rows, asked in the other."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_TOKEN: Final = re.compile(r"\w+|[^\w\s]+")


def labels_by_number(known: NDArray[Any], labels: NDArray[np.int64], asked: NDArray[Any]) -> NDArray[np.int64]:
    """The label of the nearest known number, for each asked one; missing numbers are nearest to each other.

    >>> labels_by_number(np.array([1.0, 2.0]), np.array([7, 8]), np.array([0.0, 1.9])).tolist()
    [7, 8]
    """
    known, asked = np.nan_to_num(known, nan=-1e300), np.nan_to_num(asked, nan=-1e300)
    order = np.argsort(known, kind="stable")
    known, labels = known[order], labels[order]
    right = np.clip(np.searchsorted(known, asked), 0, len(known) - 1)
    left = np.maximum(right - 1, 0)
    nearest = np.where(np.abs(known[left] - asked) <= np.abs(known[right] - asked), left, right)
    return labels[nearest]


def labels_by_value(known: NDArray[np.int64], labels: NDArray[np.int64], asked: NDArray[np.int64]) -> NDArray[np.int64]:
    """The most frequent label of each value (codes); the most frequent of all for values that are not known.

    >>> labels_by_value(np.array([0, 0, 1]), np.array([5, 5, 6]), np.array([0, 1, 9])).tolist()
    [5, 6, 5]
    """
    seen: defaultdict[int, Counter[int]] = defaultdict(Counter)
    for value, label in zip(known.tolist(), labels.tolist(), strict=True):
        seen[value][label] += 1
    (usual, _), *_ = Counter(labels.tolist()).most_common(1)
    best = {value: counts.most_common(1)[0][0] for value, counts in seen.items()}
    return np.array([best.get(value, usual) for value in asked.tolist()], np.int64)


def labels_by_token(
    known: list[str], labels: NDArray[np.int64], asked: list[str], *, purity: float
) -> tuple[NDArray[np.int64], dict[int, str]]:
    """One telling token for each class, and the labels that these tokens alone give; and the tokens.

    A class's token is the one that most of its texts have, among those that at least `purity` of the time stand in
    that class.
    """
    total: Counter[str] = Counter()
    within: defaultdict[int, Counter[str]] = defaultdict(Counter)
    for text, label in zip(known, labels.tolist(), strict=True):
        tokens = set(_TOKEN.findall(text.casefold()))
        total.update(tokens)
        within[label].update(tokens)
    telling: dict[int, str] = {}
    for label, counts in within.items():
        pure = {token: count for token, count in counts.items() if count > 1 and count >= purity * total[token]}
        if pure:
            telling[label] = max(pure, key=lambda token: (pure[token], token))
    meaning = {token: label for label, token in telling.items()}
    rest = Counter(
        label
        for text, label in zip(known, labels.tolist(), strict=True)
        if not meaning.keys() & _TOKEN.findall(text.casefold())
    )
    usual = rest.most_common(1)[0][0] if rest else int(labels[0])
    answers = [
        next((meaning[token] for token in _TOKEN.findall(text.casefold()) if token in meaning), usual) for text in asked
    ]
    return np.array(answers, np.int64), telling


def amounts_by_number(known: NDArray[Any], amounts: NDArray[Any], asked: NDArray[Any]) -> NDArray[Any]:
    """The amount between those of the two nearest known numbers; beyond the last, that of the last.

    >>> amounts_by_number(np.array([1.0, 3.0, 3.0]), np.array([10.0, 20.0, 40.0]), np.array([2.0])).tolist()
    [20.0]
    """
    fits = np.isfinite(known)
    numbers, inverse = np.unique(known[fits], return_inverse=True)
    usual = float(amounts.mean())
    if not len(numbers):
        return np.full(len(asked), usual)
    means = np.bincount(inverse.reshape(-1), weights=amounts[fits]) / np.bincount(inverse.reshape(-1))
    answers: NDArray[Any] = np.interp(np.nan_to_num(asked), numbers, means)
    answers[~np.isfinite(asked)] = usual
    return answers


def amounts_by_value(known: NDArray[np.int64], amounts: NDArray[Any], asked: NDArray[np.int64]) -> NDArray[Any]:
    """The mean amount of each value (codes); the mean of all for values that are not known.

    >>> amounts_by_value(np.array([0, 0, 1]), np.array([1.0, 3.0, 8.0]), np.array([0, 1, 9])).tolist()
    [2.0, 8.0, 4.0]
    """
    size = int(max(known.max(initial=0), asked.max(initial=0))) + 1
    counts = np.bincount(known, minlength=size)
    sums = np.bincount(known, weights=amounts, minlength=size)
    means = np.divide(sums, counts, out=np.full(size, float(amounts.mean())), where=counts > 0)
    answers: NDArray[Any] = means[asked]
    return answers
