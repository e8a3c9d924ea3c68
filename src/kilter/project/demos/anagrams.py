"""Anagrams: can the second word be formed by rearranging the letters of the first? Pairs, generated from a seed.

Words are letters drawn at random, so that nothing can be known of them by heart; no letters occur together in two
splits, in whatever order. A third of the words that are no anagrams have other letters altogether, a third differ in
one letter that was replaced, a third in one letter that was overwritten by another of the word.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

import numpy as np

PROJECT: Final = """\
# Can the second word be formed by rearranging the letters of the first? Pairs that were generated:
# half are anagrams; a third of the others differ in all letters, two thirds in one.
name: anagrams
task: classification

data:
  train: train.csv
  valid: valid.csv
  test: test.csv # no letters of one split occur together in another
  inputs: {a: text, b: text}
  target: anagram
  ignore: [how] # how the second word was made; the report finds out by itself where errors lie

model: {name: pairs}
train: {length: 4ep} # few rows and epochs, so that some errors remain to be looked at
"""

ROWS: Final[Mapping[str, int]] = MappingProxyType({"train": 3_000, "valid": 1_000, "test": 3_000})
LETTERS: Final = "abcdefghijklmnopqrstuvwxyz"
SHORTEST: Final = 4
LONGEST: Final = 8

Row = tuple[str, str, str, str]  # the first word, the second, yes or no, how the second was made


def rearrange(word: str, draw: np.random.Generator) -> str:
    """The same letters in another order."""
    while True:
        other = "".join(draw.permutation(list(word)))
        if other != word or len(set(word)) == 1:
            return other


def replace_one(word: str, draw: np.random.Generator) -> str:
    """The letters in another order, one of them replaced by one that the word has not."""
    at = int(draw.integers(len(word)))
    new = str(draw.choice([letter for letter in LETTERS if letter not in word]))
    return rearrange(word[:at] + new + word[at + 1 :], draw)


def double_one(word: str, draw: np.random.Generator) -> str:
    """The letters in another order, one of them overwritten by another one of the word."""
    at = int(draw.integers(len(word)))
    others = [letter for letter in word if letter != word[at]]
    return rearrange(word[:at] + str(draw.choice(others)) + word[at + 1 :], draw)


def draw_anew(word: str, draw: np.random.Generator) -> str:
    """A word of the same length that shares no letter with this one."""
    rest = [letter for letter in LETTERS if letter not in word]
    return "".join(draw.choice(rest, len(word)))


OTHERS: Final[Mapping[str, Callable[[str, np.random.Generator], str]]] = MappingProxyType(
    {"other letters": draw_anew, "one letter replaced": replace_one, "one letter doubled": double_one}
)
"""How a word is made that is no anagram."""


def pairs(*, seed: int = 0) -> dict[str, list[Row]]:
    """The rows of each split, the same for a seed on every machine.

    >>> a, b, answer, how = pairs()["train"][0]
    >>> answer == ("yes" if sorted(a) == sorted(b) else "no")
    True
    """
    draw = np.random.default_rng(seed)
    used: dict[str, str] = {}  # letters in their order, to the split they stand in
    return {split: [_row(split, at, used, draw) for at in range(count)] for split, count in ROWS.items()}


def _row(split: str, at: int, used: dict[str, str], draw: np.random.Generator) -> Row:
    how = "rearranged" if at % 2 else list(OTHERS)[at // 2 % len(OTHERS)]
    while True:
        word = "".join(draw.choice(list(LETTERS), int(draw.integers(SHORTEST, LONGEST + 1))))
        if len(set(word)) < 2:
            continue
        other = OTHERS[how](word, draw) if how in OTHERS else rearrange(word, draw)
        letters = ["".join(sorted(made)) for made in (word, other)]
        if all(used.setdefault(made, split) == split for made in letters):
            return " ".join(word), " ".join(other), "no" if how in OTHERS else "yes", how


def write_data(folder: Path) -> None:
    """Write `train.csv`, `valid.csv` and `test.csv` into a folder."""
    for split, rows in pairs().items():
        with (folder / f"{split}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(("a", "b", "anagram", "how"))
            writer.writerows(rows)
