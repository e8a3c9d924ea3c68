"""Labels that are probably one label, written in two ways."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, NamedTuple, final

from kilter.checks.check import Check
from kilter.checks.data.cells import loose
from kilter.checks.data.labels import counts_by_split, counts_labels, label_sets
from kilter.checks.data.targets import each_target
from kilter.checks.wording import agreeing, counted, shown
from kilter.values.finding import Finding, Severity, Skipped, Strength
from kilter.values.table import Dataset


class Pair(NamedTuple):
    """A label and the one that it probably should be."""

    written: str
    meant: str
    how: str


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class LabelSpelling(Check[Dataset]):
    """Labels that differ from another one only in case or spaces, or by one slip of the keyboard.

    **What it proves.** Nothing by itself: two labels are suspiciously alike. If they are one, the training learns a
    class that does not exist, and its rows are lost to the one that does.

    **How.** Two labels are the same up to case, spaces, hyphens and underscores; or the rare one (at most `rare` of
    the other's rows) is one edit away from it: a letter more, less, another, or two exchanged (the distance of
    Damerau 1964, Communications of the ACM 7(3)).

    **When it stays silent.** Single characters, whose case may be what is to be told apart; labels of fewer than three
    characters and differences in a digit, for edits (`level1` and `level2` are two levels). If most of the
    frequent labels are one edit away from each other, too, labels are codes, and no edit is suspicious.

    It is a failure where a rare label is another one but for case and spaces: its class does not exist.

    **What it costs.** The square of the number of labels; nothing beside the rest for a hundred.
    """

    code: ClassVar[str] = "D104"
    name: ClassVar[str] = "label-spelling"
    rare: float = 0.1  # rows of the suspicious label, at most, as a share of its neighbour's
    codes: float = 0.5  # share of frequent labels with a frequent neighbour, beyond which labels are codes
    most_labels: int = 2000  # labels beyond which pairs are not compared

    def examine(self, subject: Dataset) -> Iterator[Finding | Skipped]:
        yield from each_target(subject, self._of_one_target)

    def _of_one_target(self, subject: Dataset) -> Iterator[Finding | Skipped]:
        if not counts_labels(subject.schema):
            yield Skipped(name=self.name, reason="the target has no labels")
            return
        counts: Counter[str] = sum(counts_by_split(subject).values(), Counter())
        if len(counts) > self.most_labels:
            yield Skipped(name=self.name, reason=f"there are more than {self.most_labels} labels")
            return
        written = _same_up_to_writing(counts)
        pairs = [
            *written,
            *self._edits({label: counts[label] for label in counts.keys() - {p.written for p in written}}),
        ]
        if not pairs:
            return
        wrong = {pair.written for pair in pairs}
        sure = any(counts[pair.written] <= self.rare * counts[pair.meant] for pair in written)
        rows = [
            name
            for split in subject
            for name, own in zip(subject[split].ids, label_sets(subject[split], subject.schema.target), strict=True)
            if own & wrong
        ]
        said = ", ".join(f"{pair.written!r} ({counts[pair.written]}) for {pair.meant!r}" for pair in pairs[:8])
        yield Finding(
            code=self.code,
            name=self.name,
            severity=Severity.FAILURE if sure else Severity.WARNING,
            strength=Strength.MEASURED if sure else Strength.SUSPECTED,
            seen=f"{counted(len(wrong), 'label')} of {len(counts)}, on {counted(len(rows), 'row')}, probably"
            f" {agreeing(len(wrong), 'stands', 'stand')} for another one: {said}{', ...' if len(pairs) > 8 else ''}.",
            advice="Write each label in one way; if two of these are two classes indeed, leave them.",
            causes=("label_noise", "data_anomaly"),
            where=shown(rows),
            evidence={"labels": [[p.written, counts[p.written], p.meant, counts[p.meant], p.how] for p in pairs]},
        )

    def _edits(self, counts: Mapping[str, int]) -> list[Pair]:
        near = [
            (rare, frequent)
            for rare in counts
            for frequent in counts
            if counts[rare] <= counts[frequent] and rare != frequent and _is_slip(rare, frequent)
        ]
        suspicious = [pair for pair in near if counts[pair[0]] <= self.rare * counts[pair[1]]]
        frequent = counts.keys() - {pair[0] for pair in suspicious}
        codes = {label for pair in near if frequent.issuperset(pair) for label in pair}
        if len(codes) > self.codes * len(frequent):  # neighbours among the frequent ones: the labels are codes
            return []
        best: dict[str, str] = {}
        for rare, other in suspicious:
            if rare not in best or counts[other] > counts[best[rare]]:
                best[rare] = other
        return [Pair(rare, other, "one edit") for rare, other in best.items()]


def _same_up_to_writing(counts: Mapping[str, int]) -> list[Pair]:
    groups: dict[object, list[str]] = {}
    for label in counts:
        groups.setdefault(_plain(label), []).append(label)
    pairs = []
    for group in groups.values():
        *written, meant = sorted(group, key=lambda label: (counts[label], label))
        pairs += [Pair(label, meant, "case or spaces") for label in written]
    return pairs


def _plain(label: str) -> object:
    if len(label.strip()) == 1:
        return label.strip()
    return str(loose(label)).replace("_", " ").replace("-", " ").replace(" ", "") or label


def _is_slip(left: str, right: str) -> bool:
    """Whether one edit leads from one label to the other, and it touches no digit; case aside."""
    if min(len(left), len(right)) < 3 or _plain(left) == _plain(right):
        return False
    short, long = sorted((left.strip().casefold(), right.strip().casefold()), key=len)
    if len(long) - len(short) > 1:
        return False
    start = 0
    while start < len(short) and short[start] == long[start]:
        start += 1
    end = 0
    while end < len(short) - start and short[-1 - end] == long[-1 - end]:
        end += 1
    a, b = short[start : len(short) - end], long[start : len(long) - end]
    if any(character.isdigit() for character in a + b):
        return False
    return (len(a) <= 1 and len(b) == 1) or (len(a) == len(b) == 2 and a == b[::-1])
