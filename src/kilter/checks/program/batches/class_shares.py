"""Classes that validation has and training hardly has."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, final

import numpy as np

from kilter.checks.program.batches.answers import Answers, answers
from kilter.checks.program.batches.emphasis import class_emphasis
from kilter.checks.program.batches.likeness import class_counts
from kilter.checks.program.bench import Bench
from kilter.checks.program.probe import ProgramProbe
from kilter.checks.wording import counted
from kilter.values.finding import Finding, Severity, Skipped, Strength

if TYPE_CHECKING:
    from numpy.typing import NDArray


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class SplitByClass(ProgramProbe):
    """Training and validation were not cut from sorted rows.

    **What it proves.** Each split has classes that the other is all but without, or targets of another range: rows
    were in order of their targets when the last ones were taken for validation. What is asked there was not taught.

    **How.** Shares of the classes in both splits; for amounts, the ranges of the middle 80 %.

    **When it stays silent.** Classes of validation are taught; or it is training that lacks some, and validation lacks
    none of the others: that is `classes-missing`.

    **What it costs.** One reading of the loaders, shared with other checks.

    **Source.** scikit-learn's user guide, 3.1.2.5 (a note on shuffling before cross-validation).
    """

    code: ClassVar[str] = "B107"
    name: ClassVar[str] = "split-by-class"
    absent: float = 0.05  # of a class's share in the other split: it is all but absent
    amount: float = 0.15  # of the rows of validation, that are of such classes

    def probe(self, bench: Bench) -> Iterator[Finding | Skipped]:
        target = answers(bench)
        if target is None or min(len(target.train), len(target.valid)) < 10:  # no shares of fewer
            yield Skipped(name=self.name, reason="there are no targets of both splits that could be compared")
            return
        told = _apart(target, self) if target.classes else _ranges(target)
        if told is not None:
            yield Finding(
                code=self.code,
                name=self.name,
                severity=Severity.FAILURE,
                strength=Strength.PROVED,
                causes=("unshuffled_split", "distribution_shift"),
                seen=told[0],
                advice="Shuffle before splitting, by class if classes are rare (`train_test_split(..., stratify=y)`).",
                evidence=told[1],
            )


def _apart(target: Answers, limits: SplitByClass) -> tuple[str, dict[str, object]] | None:
    train, valid = class_counts(target)
    if not train.sum() or not valid.sum():
        return None
    a, b = train / train.sum(), valid / valid.sum()
    untaught, unasked = (b > 0) & (a < limits.absent * b), (a > 0) & (b < limits.absent * a)
    new, dropped = float(b[untaught].sum()), float(a[unasked].sum())
    one_left = int((b > 0).sum()) == 1 and dropped > 0.5 and valid.sum() >= 20  # nothing can be told apart there
    if not one_left and (min(new, dropped) < limits.amount or max(new, dropped) < 0.5):  # an ordered cut parts most
        return None
    said = (
        f"{b[untaught].sum():.0%} of the validation rows are of {counted(int(untaught.sum()), 'class')} that"
        f" {a[untaught].sum():.1%} of the training rows have, and {a[unasked].sum():.0%} of the training rows of"
        f" {counted(int(unasked.sum()), 'class')} that {b[unasked].sum():.1%} of validation has."
    )
    return said, {"training": train.tolist(), "validation": valid.tolist()}


def _ranges(target: Answers) -> tuple[str, dict[str, object]] | None:
    """Amounts whose middle 80 % do not meet."""
    if target.train.shape[1] != 1 or min(len(target.train), len(target.valid)) < 30:  # as quantiles need
        return None
    low, high = (np.nanquantile(part[:, 0], (0.1, 0.9)) for part in (target.train, target.valid))
    if low[1] >= high[0] and high[1] >= low[0]:
        return None
    said = (
        f"The middle 80 % of the targets lie between {low[0]:.3g} and {low[1]:.3g} in training, between {high[0]:.3g}"
        f" and {high[1]:.3g} in validation."
    )
    return said, {"training": low.tolist(), "validation": high.tolist()}


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ClassesMissing(ProgramProbe):
    """Classes that validation asks for are taught.

    **What it proves.** Training has hardly any rows of classes that validation has in number, and neither weights of
    the loss nor a sampler make up for it: these classes are never answered.

    **How.** Shares of the classes in the batches of training, as a sampler may have changed them, and in validation.
    The emphasis of the loss on each class is seen in the gradient that reaches the outputs.

    **When it stays silent.** Each class that has `asked` of the validation rows has a fifth of that share in training,
    or as many rows as a class there usually has, or the loss weighs it up.

    **What it costs.** One reading of the loaders, shared with other checks, and one forward pass.

    **Source.** Humbatova, Jahangirova and Tonella 2021, DeepCrime (ISSTA), unbalanced training data.
    """

    code: ClassVar[str] = "B108"
    name: ClassVar[str] = "classes-missing"
    asked: float = 0.02  # of the validation rows
    taught: float = 0.2  # of that share, in training
    amount: float = 0.1  # of the validation rows, that all such classes have together
    plenty: int = 50  # rows of a class that can teach it, whatever its share

    def probe(self, bench: Bench) -> Iterator[Finding | Skipped]:
        target = answers(bench)
        if target is None or not target.classes:
            yield Skipped(name=self.name, reason="there are no classes")
            return
        train, valid = class_counts(target)
        if train.sum() < 10 or valid.sum() < 20:  # no shares of fewer
            yield Skipped(name=self.name, reason="there are too few rows with a class in either split")
            return
        a, b = train / train.sum(), valid / valid.sum()
        missing = (b >= self.asked) & (valid >= 3) & (a < self.taught * b) & (train < self.plenty)  # a chance row
        if float(b[missing].sum()) < self.amount:
            return
        if self._weighed(bench, missing, a, b):
            return
        yield Finding(
            code=self.code,
            name=self.name,
            severity=Severity.WARNING,
            strength=Strength.MEASURED,
            causes=("imbalance_zero_recall", "too_little_data", "unshuffled_split"),
            seen=f"{counted(int(missing.sum()), 'class')} with {b[missing].sum():.0%} of the validation rows"
            f" {'have' if missing.sum() > 1 else 'has'} {counted(int(train[missing].sum()), 'row')} of"
            f" {int(train.sum()):,} in training, and the loss does not weigh them up.",
            advice="Get rows of these classes into training, or weigh or sample them by the inverse of their number.",
            follows=("split-by-class",),
            evidence={"training": train.tolist(), "validation": valid.tolist()},
        )

    def _weighed(
        self, bench: Bench, missing: NDArray[np.bool_], a: NDArray[np.float64], b: NDArray[np.float64]
    ) -> bool:
        """Whether the loss makes up for what is missing, at least in part."""
        emphasis = class_emphasis(bench)
        if emphasis is None:
            return False
        known = np.isfinite(emphasis)
        if not (known & missing).any() or not (known & ~missing).any():
            return False
        return float(np.median(emphasis[known & missing])) > 2 * float(np.median(emphasis[known & ~missing]))
