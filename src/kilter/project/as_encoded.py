"""What of the texts reaches the model, as a finding beside those of the preflight checks."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from kilter.checks.wording import percent
from kilter.data.coverage import Coverage, coverage
from kilter.values.finding import Finding, Severity, Strength, in_order

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kilter.data.preprocessing import Preprocessing
    from kilter.values.finding import Examination
    from kilter.values.table import Dataset

CODE: Final = "D100"
MUCH_LOST: Final = 0.05  # share of a split's words from which on it is a warning that they are cut off
MUCH_UNKNOWN: Final = 0.2  # and that they are unknown
MOST: Final = 10  # rows that are named

_PARTS: Final = {"character": "characters", "bpe": "pieces of words"}


def with_coverage(examination: Examination, preprocessing: Preprocessing | None, dataset: Dataset) -> Examination:
    """What was found, and how much of the texts is cut off or unknown; nothing more where neither is."""
    if preprocessing is None or preprocessing.vocabulary is None or dataset.schema.stream:
        return examination
    vocabulary = preprocessing.vocabulary
    by_split = {split: coverage(vocabulary, preprocessing.texts(dataset[split])) for split in dataset}
    if not any(covered.lost or covered.unknown for covered in by_split.values()):
        return examination
    parts = _PARTS.get(vocabulary.tokenisation.unit, "words")
    finding = Finding(
        code=CODE,
        name="as-encoded",
        severity=Severity.WARNING if _is_much(by_split) else Severity.NOTE,
        strength=Strength.PROVED,
        causes=_causes(by_split),
        seen=f"In {'; in '.join(_said(split, covered, parts) for split, covered in by_split.items())}.",
        advice=_advice(by_split, full=vocabulary.longest >= vocabulary.room),
        where=tuple(dataset[split].ids[row] for split, covered in by_split.items() for row in covered.cut_rows[:MOST])[
            :MOST
        ],
        evidence={
            split: {
                "rows cut": covered.cut_share,
                f"{parts} lost": covered.lost_share,
                f"{parts} unknown": covered.unknown_share,
                "most unknown": [part for part, _ in covered.most_unknown],
            }
            for split, covered in by_split.items()
        },
    )
    return replace(examination, findings=in_order((*examination.findings, finding)))


def _is_much(by_split: Mapping[str, Coverage]) -> bool:
    return any(of.lost_share > MUCH_LOST or of.unknown_share > MUCH_UNKNOWN for of in by_split.values())


def _causes(by_split: Mapping[str, Coverage]) -> tuple[str, ...]:
    lost = any(covered.lost_share > MUCH_LOST for covered in by_split.values())
    unknown = any(covered.unknown_share > MUCH_UNKNOWN for covered in by_split.values())
    return ("truncated_inputs",) * lost + ("vocabulary_mismatch",) * unknown


def _said(split: str, covered: Coverage, parts: str) -> str:
    said = f"{split} {percent(covered.unknown_share)} of {covered.parts:,} {parts} are unknown"
    if covered.lost:
        said += f" and {percent(covered.lost_share)} are cut off, in {percent(covered.cut_share)} of the rows"
    return said


def _advice(by_split: Mapping[str, Coverage], *, full: bool) -> str:
    """What to do; `full` where training rows take all the room there is, so that more room would help."""
    advice = []
    if any(covered.lost for covered in by_split.values()):
        advice.append(
            "raise `preprocessing.longest`, or say by `preprocessing.truncation` what stays"
            if full
            else "longer rows than training has are cut to its longest; `preprocessing.truncation` says what stays"
        )
    if any(covered.unknown_share > MUCH_UNKNOWN for covered in by_split.values()):
        advice.append("lower `preprocessing.minimum_count`, or cut words into pieces by `preprocessing.unit: bpe`")
    said = "; ".join(advice) or "nothing needs doing; more training texts would know more words"
    return f"{said[0].upper()}{said[1:]}."
