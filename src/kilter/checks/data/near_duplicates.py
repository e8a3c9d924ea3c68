"""Rows that are nearly the same, within a split and across splits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, NamedTuple, final

import numpy as np

from kilter.checks.check import Check
from kilter.checks.data.likeness import alike_images, alike_numbers, alike_texts
from kilter.checks.data.rows import Rows, gather, stacked
from kilter.checks.wording import agreeing, counted, percent, shown
from kilter.metrics.contingency import binomial_p_value
from kilter.values.finding import Finding, Severity, Skipped
from kilter.values.table import Dataset, Kind

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kilter.checks.data.likeness import Pairs


class Across(NamedTuple):
    """Held-out rows of one split with a near twin in training."""

    split: str
    rows: int
    near: int
    agree: int  # of those, with the target of a twin
    known: int  # of those, with a target, as their twin has
    p_value: float  # of so much agreement by chance
    pairs: list[tuple[str, str]]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class NearDuplicates(Check[Dataset]):
    """Rows that are nearly the same as another: a text with a word changed, numbers rounded, an image made brighter.

    **What it proves.** So many held-out rows have a twin in training that differs in little: on them a score measures
    memory in part. Within training they count for one example more than once. Where twins have different targets,
    one of the two is probably wrong, or the small difference is what must be learnt.

    **How.** Texts: the sets of pieces of five characters share at least `alike`, in each text of a row; candidates by
    minimal hashes. Tables of `fewest_columns` amounts or more: equal when rounded to `rounded` of each column's
    spread. Images: pixels correlate to at least `correlated`. Equal rows are left to `duplicate-rows` and
    `split-overlap`. Of a stream, passages of `passage` characters that also stand in training are counted.

    **When it stays silent.** There are none, texts are too short to tell, or shuffling the columns of a table makes as
    many. A note, since paraphrases and near repetitions are what some data are made of; a warning where `warn_share`
    of a split or more is concerned and twins have equal targets more often than chance pairs them (a binomial test).

    **What it costs.** One pass over the texts, and the comparison of what is alike: about three seconds for 10,000
    sentences; the square of the number of images, of which at most `most_images` are looked at.

    **Source.** Lee et al. 2022, Deduplicating training data makes language models better (ACL); Barz and Denzler
    2020, Do we train on test data? Purging CIFAR of near-duplicates, Journal of Imaging 6(6).
    """

    code: ClassVar[str] = "D122"
    name: ClassVar[str] = "near-duplicates"
    alike: float = 0.8  # pieces that both texts have over those that either has
    fewest: int = 15  # pieces of a text; shorter ones are alike by chance
    rounded: float = 0.01  # of the distance between a column's quartiles
    fewest_columns: int = 4  # amounts of a table with many values each
    correlated: float = 0.98  # of two images
    most_images: int = 12_000
    most_texts: int = 60_000
    passage: int = 64  # characters of a stream
    warn_share: float = 0.02  # of a held-out split
    chance: float = 1e-6  # largest probability of so many equal targets

    def examine(self, subject: Dataset) -> Iterator[Finding | Skipped]:
        if subject.schema.stream:
            yield from self._passages(subject)
            return
        rows = gather(subject, few_values=0, few_words=0)
        if rows is None:
            yield Skipped(name=self.name, reason="no row has an input")
            return
        pairs = self._pairs(subject, rows)
        if isinstance(pairs, str):
            yield Skipped(name=self.name, reason=pairs)
            return
        pairs = pairs[rows.loosely[pairs[:, 0]] != rows.loosely[pairs[:, 1]]]
        if len(pairs):
            yield self._finding(rows, pairs)

    def _pairs(self, subject: Dataset, rows: Rows) -> Pairs | str:
        """Places of rows that are alike, or why that cannot be told."""
        schema = subject.schema
        texts, images = schema.of_kind(Kind.TEXT, Kind.TOKENS), schema.of_kind(Kind.IMAGE)
        if texts:
            if len(rows.ids) > self.most_texts:
                return f"there are more than {self.most_texts:,} texts"
            return self._texts([[_text(cell) for cell in stacked(subject, name)[rows.place]] for name in texts])
        if images:
            if len(rows.ids) > self.most_images:
                return f"there are more than {self.most_images:,} images"
            return alike_images(stacked(subject, images[0])[rows.place], least=self.correlated)
        return self._numbers(subject, rows)

    def _texts(self, columns: list[list[str]]) -> Pairs:
        pairs = alike_texts([" \n ".join(cells) for cells in zip(*columns, strict=True)], least=self.alike,
                            fewest=self.fewest)  # fmt: skip
        for column in columns if len(columns) > 1 else []:
            pieces = {row: _pieces(column[row]) for row in np.unique(pairs).tolist()}
            alike = [len(pieces[a] & pieces[b]) >= self.alike * len(pieces[a] | pieces[b]) for a, b in pairs.tolist()]
            pairs = pairs[np.array(alike, bool)]
        return pairs

    def _numbers(self, subject: Dataset, rows: Rows) -> Pairs | str:
        names = list(subject.schema.of_kind(Kind.NUMBER))
        columns = {name: stacked(subject, name).astype(np.float64)[rows.place] for name in names}
        many = {name: cells for name, cells in columns.items() if len(np.unique(cells[:2_000])) > 30}
        if len(many) < self.fewest_columns:
            return f"there are no texts, no images and no {self.fewest_columns} columns of amounts"
        table = np.stack(list(many.values()), axis=1)
        table[~np.isfinite(table)] = np.nan
        if np.isnan(table).all(axis=0).any():
            return "a column has no value"
        rest = [name for name in columns if name not in many]
        others = np.column_stack(
            [np.nan_to_num(columns[name], nan=1e18) for name in rest]
            + [
                np.unique(stacked(subject, name)[rows.place].astype(str), return_inverse=True)[1]
                for name in subject.schema.of_kind(Kind.CATEGORY)
            ]
            or [np.zeros(len(table))]
        )
        groups = np.unique(others, axis=0, return_inverse=True)[1].reshape(-1)
        found = _grouped(alike_numbers(table, groups, share=self.rounded), rows)
        draw = np.random.default_rng(0)
        shuffled = np.stack([draw.permutation(cells) for cells in table.T], axis=1)
        chance = _grouped(alike_numbers(shuffled, draw.permutation(groups), share=self.rounded), rows)
        return found if len(found) > 3 * len(chance) else np.empty((0, 2), np.int64)

    def _finding(self, rows: Rows, pairs: Pairs) -> Finding:
        across = [found for split in rows.splits if (found := self._across(rows, pairs, split)).near]
        train = rows.of("train") if "train" in rows.splits else np.zeros(len(rows.ids), bool)
        within = np.unique(pairs[train[pairs].all(axis=1)].max(axis=1, initial=0)) if len(pairs) else pairs
        severe = any(
            found.near >= self.warn_share * found.rows and found.p_value <= self.chance and found.known
            for found in across
        )
        against = pairs[(rows.target[pairs] >= 0).all(axis=1) & (rows.target[pairs[:, 0]] != rows.target[pairs[:, 1]])]
        parts = [
            f"{found.near:,} of {found.rows:,} in {found.split} ({percent(found.near / found.rows)}) with one in train"
            for found in across
        ]
        if len(within):
            parts.append(f"{len(within):,} of {int(train.sum()):,} within train")
        told = f"; such as {rows.ids[pairs[0, 0]]} and {rows.ids[pairs[0, 1]]}"
        concerned = len(np.unique(pairs))
        return Finding(
            code=self.code,
            name=self.name,
            severity=Severity.WARNING if severe else Severity.NOTE,
            seen=f"{counted(concerned, 'row')} {agreeing(concerned, 'is', 'are')} nearly the same as another one:"
            f" {', '.join(parts) or 'within held-out splits'}{told}.",
            advice="Look at a few pairs; keep near twins in one split, and see how the score falls without them."
            if across
            else "Look at a few pairs; where they were made from one another, keep one.",
            causes=("train_val_leak", "data_anomaly") if across else ("data_anomaly", "label_noise"),
            where=shown([pair[0] for found in across for pair in found.pairs] or [str(rows.ids[a]) for a, _ in pairs]),
            evidence={
                "pairs": len(pairs),
                "pairs with different targets": len(against),
                "such as": [(str(rows.ids[a]), str(rows.ids[b])) for a, b in against[:10].tolist()],
                **{
                    found.split: {
                        "rows": found.rows,
                        "with a twin in train": found.near,
                        "with its target": found.agree,
                        "p": found.p_value,
                        "pairs": found.pairs,
                    }
                    for found in across
                },
            },
        )

    def _across(self, rows: Rows, pairs: Pairs, split: str) -> Across:
        inside = rows.of(split)
        nothing = Across(split, int(inside.sum()), 0, 0, 0, 1.0, [])
        if split == "train" or "train" not in rows.splits:
            return nothing
        train = rows.of("train")
        turned = np.concatenate([pairs, pairs[:, ::-1]])
        turned = turned[inside[turned[:, 0]] & train[turned[:, 1]]]
        if not len(turned):
            return nothing
        first = np.unique(turned[:, 0], return_index=True)[1]
        turned = turned[first]
        own, twins = rows.target[turned[:, 0]], rows.target[turned[:, 1]]
        known = (own >= 0) & (twins >= 0)
        shares = (
            np.bincount(rows.target[train & (rows.target >= 0)]) if (train & (rows.target >= 0)).any() else np.ones(1)
        )
        expected = float(((shares / shares.sum()) ** 2).sum())
        agree = int((own == twins)[known].sum())
        return Across(
            split=split,
            rows=int(inside.sum()),
            near=len(turned),
            agree=agree,
            known=int(known.sum()),
            p_value=binomial_p_value(agree, int(known.sum()), expected),
            pairs=[(str(rows.ids[a]), str(rows.ids[b])) for a, b in turned[:20].tolist()],
        )

    def _passages(self, subject: Dataset) -> Iterator[Finding | Skipped]:
        """Passages of held-out text that stand in the training text."""
        if "train" not in subject or len(subject.splits) < 2:
            yield Skipped(name=self.name, reason="there are no two splits to compare")
            return
        (name, *_) = subject.schema.of_kind(Kind.TEXT)
        train = "".join(map(_text, subject["train"].columns[name]))
        for split in subject:
            if split == "train":
                continue
            cells = [_text(cell) for cell in subject[split].columns[name]]
            starts = range(0, max(map(len, cells), default=0) - self.passage + 1, self.passage)
            asked = [(row, cell[at : at + self.passage]) for row, cell in enumerate(cells) for at in starts]
            asked = [(row, part) for row, part in asked if len(part) == self.passage and len(part.split()) > 3][:2_000]
            found = [row for row, part in asked if part in train]
            if found:
                yield Finding(
                    code=self.code,
                    name=self.name,
                    severity=Severity.WARNING if len(found) >= self.warn_share * len(asked) else Severity.NOTE,
                    seen=f"{counted(len(found), 'passage')} of {self.passage} characters, of {len(asked):,} of {split},"
                    f" {agreeing(len(found), 'stands', 'stand')} in train, too, word for word.",
                    advice="Cut the text where a work ends, and keep repeated passages in one split.",
                    causes=("train_val_leak", "data_anomaly"),
                    where=shown([subject[split].ids[row] for row in dict.fromkeys(found)]),
                    evidence={"split": split, "passages": len(asked), "in train": len(found)},
                )


def _grouped(numbers: NDArray[np.int64], rows: Rows) -> Pairs:
    """Each row with the first one of its number, where the two are not equal."""
    first = np.unique(numbers, return_index=True)[1][numbers]
    pairs = np.stack([first, np.arange(len(numbers))], axis=1)
    apart: Pairs = pairs[rows.exact[pairs[:, 0]] != rows.exact[pairs[:, 1]]].astype(np.int64)
    return apart


def _pieces(text: str) -> set[str]:
    plain = " ".join(text.casefold().split())
    return {plain[at : at + 5] for at in range(max(1, len(plain) - 4))}


def _text(cell: object) -> str:
    return " ".join(map(str, cell)) if isinstance(cell, tuple) else cell if isinstance(cell, str) else ""
