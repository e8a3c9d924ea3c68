"""Labels belong to the inputs that they stand beside."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final, final

import numpy as np

from kilter.checks.program.batches.answers import answers
from kilter.checks.program.batches.given import given
from kilter.checks.program.batches.likeness import class_gap
from kilter.checks.program.batches.references import crossed, least_squares, neighbours
from kilter.checks.program.batches.relations import FEWEST, Pairs, Relations, pairs, relations
from kilter.checks.program.batches.rows import fingerprints, shared
from kilter.checks.program.bench import Bench
from kilter.checks.program.probe import ProgramProbe
from kilter.values.finding import Finding, Severity, Skipped, Strength

if TYPE_CHECKING:
    from collections.abc import Callable

EXPLAINED_BY: Final = (
    "one-input",
    "input-noise",
    "preprocessing-differs",
    "split-by-class",
    "classes-missing",
    "inputs-differ",
    "numbers-missing",
    "unknown-tokens",
    "one-target",
    "huge-rows",
)
"""Findings that leave labels without their inputs, too."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class LabelRelation(ProgramProbe):
    """Labels hang together with their inputs in training as they do in validation.

    **What it proves.** In one split cheap learners find nothing, or much less, of what they find in the other: labels
    were shuffled, shifted or sorted apart from their inputs, a share of them is wrong, or the two splits number their
    classes differently.

    **How.** Ridge regression, the same with squares, and nearest neighbours are taught and asked by cross-validation
    within each split and from each split to the other. A split whose labels are in order teaches what the other one
    confirms. The share of wrong labels is what of the skill is lost. If labels are not where they belong, labels of
    rows before and after are tried.

    **When it stays silent.** These learners see nothing in either split; the inputs of the two splits are not alike
    (augmentation, noise, other preprocessing: that is another finding); classes are not as frequent; less than
    `harmful` of the labels is wrong.

    **What it costs.** Some hundred milliseconds for all checks that use the learners.

    **Source.** Northcutt, Jiang and Chuang 2021, Confident learning, Journal of Artificial Intelligence Research 70;
    Humbatova, Jahangirova and Tonella 2021, DeepCrime (ISSTA), changed labels of training data.
    """

    code: ClassVar[str] = "B103"
    name: ClassVar[str] = "label-relation"
    learnable: float = 0.3  # of the way from a constant answer to perfection, in the split that is in order
    harmful: float = 0.18  # more wrong labels than about one in six are seldom meant
    gone: float = 0.9  # no relation is left
    alike: float = 1.25  # distance between the splits' inputs, over that within one

    def probe(self, bench: Bench) -> Iterator[Finding | Skipped]:
        seen, both = relations(bench), pairs(bench)
        if seen is None or both is None:
            yield Skipped(name=self.name, reason="there are too few rows of inputs and targets that could be compared")
            return
        moved = self._moved(bench, both, seen)
        if moved is not None:
            yield moved
            return
        if seen.strangeness is not None and not 1 / self.alike <= seen.strangeness <= self.alike:
            yield Skipped(name=self.name, reason="inputs of training and validation are not alike")
            return
        gap = class_gap(bench)
        if gap is not None and gap > 0.2 + seen.margin:  # of the rows would have to change class
            yield Skipped(name=self.name, reason="classes are not as frequent in validation as in training")
            return
        allowed = max(self.harmful, 1.5 * self.harmful if self._augmented(bench) else 0.0)
        in_train, in_valid = max(seen.train, seen.back), max(seen.valid, seen.forth)
        if min(seen.train, seen.valid) > self.learnable and max(seen.forth, seen.back) < seen.margin:
            yield self._finding(
                "label_misaligned" if both.numeric else "vocabulary_mismatch",
                Severity.FAILURE,
                f"Cheap learners reach {seen.train:.2f} of the way to perfection within training and {seen.valid:.2f}"
                f" within validation, but {seen.forth:.2f} from one to the other: the splits are coded differently.",
                "Make the numbers of classes and tokens once, from the training data, and use them for both splits.",
                seen,
                others=("label_misaligned", "val_preprocess_mismatch"),
            )
        elif seen.valid > self.learnable + seen.margin and seen.valid - in_train > seen.margin + 0.05:  # beyond chance
            yield from self._wrong("training", in_train, seen.valid, seen, allowed, both=both)
        elif seen.train > self.learnable + seen.margin and seen.train - in_valid > seen.margin + 0.05:  # as above
            yield from self._wrong("validation", in_valid, seen.train, seen, allowed, both=both)

    def _wrong(
        self, split: str, own: float, other: float, seen: Relations, allowed: float, *, both: Pairs
    ) -> Iterator[Finding | Skipped]:
        left = own / other
        classes = both.classes
        foreign = 1 - float(both.train_targets.mean(0).max()) if classes else 1.0
        share = 1 - (left if classes else left**0.5)  # a share f of foreign labels leaves (1 - f)² of R²
        wrong = share * foreign  # a label that was dealt out at random is right now and then
        gone = own < seen.margin or share > self.gone
        if wrong < allowed and not gone:
            return
        other_split = "validation" if split == "training" else "training"
        yield self._finding(
            "label_misaligned" if gone else "label_noise",
            Severity.FAILURE if gone else Severity.WARNING,
            f"Labels of {split} follow from their inputs at {own:.2f} of the way from a constant answer to perfection,"
            f" those of {other_split} at {other:.2f}: about {wrong:.0%} of them are wrong.",
            f"Look where inputs and labels of {split} are shuffled, sorted or filtered apart from one another."
            if gone
            else f"Look at labels of {split} that a cross-validated model contradicts, and correct or drop them.",
            seen,
            others=("label_noise",) if gone else ("label_misaligned", "input_noise"),
            split=split,
            share=share,
        )

    def _moved(self, bench: Bench, both: Pairs, seen: Relations) -> Finding | None:
        """Labels of the row before or after fit, and their own do not."""
        if max(seen.train, seen.valid) > self.learnable or answers(bench) is None:
            return None
        for split, rows, targets, own in (
            ("training", both.train_rows, both.train_targets, seen.train),
            ("validation", both.valid_rows, both.valid_targets, seen.valid),
        ):
            learner: Callable[..., object] = neighbours if both.numeric else least_squares
            if len(rows) < 2 * FEWEST or own > 0.15:  # what is left of a relation
                continue
            for by in (-1, 1):
                fits = crossed(rows, np.roll(targets, by, 0), classes=both.classes, learners=(learner,))  # type: ignore[arg-type]
                if fits > max(self.learnable, own + 2 * seen.margin):
                    return self._finding(
                        "label_misaligned",
                        Severity.FAILURE,
                        f"Labels of {split} follow from their own inputs at {own:.2f} of the way to perfection, and at"
                        f" {fits:.2f} from those of the row {'after' if by == 1 else 'before'}.",
                        "Look where labels were shifted by a row: a header, a dropped row, an index from one.",
                        seen,
                        others=("labels_shifted",),
                        split=split,
                        share=1.0,
                    )
        return None

    def _augmented(self, bench: Bench) -> bool:
        """Whether an epoch's rows are not those of the one before."""
        read = given(bench)
        first, second = fingerprints(bench, read.train), fingerprints(bench, read.again)
        whole = read.train.whole and read.again.whole
        return bool(
            whole and first is not None and second is not None and shared(first, second).mean() < 0.5
        )  # most rows

    def _finding(
        self,
        cause: str,
        severity: Severity,
        sentence: str,
        advice: str,
        seen: Relations,
        *,
        others: tuple[str, ...] = (),
        split: str = "both",
        share: float = 0.0,
    ) -> Finding:
        return Finding(
            code=self.code,
            name=self.name,
            severity=severity,
            strength=Strength.PROVED if severity is Severity.FAILURE else Strength.MEASURED,
            causes=(cause, *[name for name in others if name != cause]),
            seen=sentence,
            advice=advice,
            follows=EXPLAINED_BY,
            evidence={
                "split": split,
                "share_lost": share,
                "within_training": seen.train,
                "within_validation": seen.valid,
                "training_to_validation": seen.forth,
                "validation_to_training": seen.back,
                "rows": seen.rows,
            },
        )
