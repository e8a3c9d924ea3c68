"""Texts against the true ones: exact matches, tokens in common, and n-grams of characters in common."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

import numpy as np

from kilter.metrics.intervals import bootstrap_mean, proportion
from kilter.metrics.measure import Measure

LONGEST_GRAM: Final = 6  # characters (Popović 2015)
BETA: Final = 2.0  # recall counts twice as much as precision (the same, section 2)


def text_scores(target: Sequence[str], said: Sequence[str], *, joiner: str = " ") -> dict[str, Measure]:
    """Exact matches, token F1 and chrF of n texts, each a mean over texts with its interval.

    >>> scores = text_scores(["to be", "or not"], ["to be", "or so"])
    >>> scores["exact_match"].value, scores["token_f1"].value
    (0.5, 0.75)

    Args:
        target: n true texts.
        said: n texts that were written.
        joiner: what stands between two tokens; where nothing does, characters are tokens.

    Raises ValueError for texts that are not equally many.
    """
    if len(target) != len(said):
        raise ValueError(
            f"{len(target)} true texts and {len(said)} that were said: the same examples in the same order are legal;"
            " join them by example id before scoring."
        )
    pairs = list(zip(target, said, strict=True))
    exact = sum(true == text for true, text in pairs)
    return {
        "exact_match": proportion(exact, len(pairs)),
        "token_f1": bootstrap_mean([token_f1(_tokens(true, joiner), _tokens(text, joiner)) for true, text in pairs]),
        "chrf": bootstrap_mean([chrf(true, text) for true, text in pairs]),
    }


def token_f1(target: Sequence[str], said: Sequence[str]) -> float:
    """The harmonic mean of the shares of tokens that two texts have in common, whatever their order.

    Rajpurkar et al. 2016, SQuAD, section 6.1, without its normalisation; two empty texts agree.

    >>> token_f1(["a", "b", "b"], ["b", "c"])
    0.4
    """
    if not target or not said:
        return float(len(target) == len(said))
    return 2 * (Counter(target) & Counter(said)).total() / (len(target) + len(said))


def chrf(target: str, said: str) -> float:
    """The F-score of character n-grams, n from 1 to 6, spaces left out, recall counting twice (0 to 1).

    Popović 2015, chrF: character n-gram F-score for automatic MT evaluation, section 2: precision and recall are means
    over n. Lengths of which either text has no n-gram are left out, as sacrebleu does (Post 2018, A call for clarity in
    reporting BLEU scores); two empty texts agree.

    >>> chrf("not", "not"), chrf("not", "")
    (1.0, 0.0)
    """
    true, text = ("".join(given.split()) for given in (target, said))
    if not true or not text:
        return float(true == text)
    precisions, recalls = [], []
    for size in range(1, min(LONGEST_GRAM, len(true), len(text)) + 1):
        there, written = _grams(true, size), _grams(text, size)
        common = (there & written).total()
        precisions.append(common / written.total())
        recalls.append(common / there.total())
    precision, recall = float(np.mean(precisions)), float(np.mean(recalls))
    if precision + recall == 0:
        return 0.0
    return (1 + BETA**2) * precision * recall / (BETA**2 * precision + recall)


def _tokens(text: str, joiner: str) -> list[str]:
    return text.split() if joiner else list(text)


def _grams(text: str, size: int) -> Counter[str]:
    return Counter(text[start : start + size] for start in range(len(text) - size + 1))
