"""Inputs that are the same in every row."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, final

from kilter.checks.check import Check
from kilter.checks.data.cells import codes, missing
from kilter.checks.wording import counted, listed
from kilter.values.finding import Finding, Severity, Skipped, Strength
from kilter.values.table import Dataset, Kind


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ConstantColumns(Check[Dataset]):
    """Input columns with one value in the whole training split, or with none.

    **What it proves.** Nothing can be learnt from such a column. A column that is constant in training and varies
    elsewhere makes the model meet values that it has never seen; a column without any value was lost on the way here;
    if all inputs are constant there is nothing to learn from at all.

    **How.** Distinct values of the training split are counted.

    **When it stays silent.** Every column varies. One value everywhere is a note (a set that was filtered by it has
    that), no value at all or variation elsewhere a warning, and no input that varies a failure.

    **What it costs.** One pass over the cells.
    """

    code: ClassVar[str] = "D110"
    name: ClassVar[str] = "constant-columns"

    def examine(self, subject: Dataset) -> Iterator[Finding | Skipped]:
        if "train" not in subject or len(subject["train"]) < 2:
            yield Skipped(name=self.name, reason="there are no two training rows")
            return
        train = subject["train"]
        constant: dict[str, str] = {}
        for field in subject.schema.inputs:
            column = train.columns[field.name]
            if field.kind is Kind.IMAGE:
                if (column == column[:1]).all():
                    constant[field.name] = "one image"
            elif int(codes(column).max()) == 0:
                constant[field.name] = (
                    "no value"
                    if missing(column).all()
                    else repr(column[0].item() if hasattr(column[0], "item") else column[0])
                )
        if not constant:
            return
        varies = [name for name in constant if self._varies_elsewhere(subject, name)]
        empty = [name for name, value in constant.items() if value == "no value"]
        severity = Severity.NOTE
        if len(constant) == len(subject.schema.inputs):
            severity = Severity.FAILURE
        elif varies or empty:
            severity = Severity.WARNING
        said = (
            f"; {listed(varies)} varies elsewhere"
            if varies
            else f"; {listed(empty)} has no value at all"
            if empty
            else ""
        )
        all_of_them = "all input columns" if severity is Severity.FAILURE else counted(len(constant), "input column")
        yield Finding(
            code=self.code,
            name=self.name,
            severity=severity,
            strength=Strength.PROVED,
            seen=f"{all_of_them[:1].upper()}{all_of_them[1:]} {'holds' if all_of_them.startswith('1 ') else 'hold'} one"
            f" value in the whole of train: {listed(constant)}{said}.",
            advice="Leave the column out, or find out where its values were lost.",
            causes=("constant_input", "data_anomaly"),
            where=tuple(constant),
            evidence={"columns": constant, "varies elsewhere": varies},
        )

    def _varies_elsewhere(self, subject: Dataset, name: str) -> bool:
        first = subject["train"].columns[name][:1]
        for split in subject:
            column = subject[split].columns[name]
            if split != "train" and len(column):
                known = ~missing(column)
                if known.any() and (missing(first).all() or (column[known] != first).any()):
                    return True
        return False
