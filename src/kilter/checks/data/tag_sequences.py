"""Tags that cannot be right: more or fewer than tokens, against their scheme, of another scheme, of unknown types."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, NamedTuple, final

from kilter.checks.check import Check
from kilter.checks.wording import agreeing, counted, listed, percent, shown
from kilter.metrics.tags import Scheme, broken, parted, recognise, spans
from kilter.values.finding import Finding, Severity, Skipped, Strength
from kilter.values.table import Dataset, Kind, Table

Tags = Sequence[str]


class _Row(NamedTuple):
    id: str
    tags: Tags


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class TagSequences(Check[Dataset]):
    """Tags of tokens that cannot be right as they stand.

    **What it proves.** With more or fewer tags than tokens, words are taught the tags of other words. Where tags break
    their scheme (an `I-name` behind an `O` in IOB2), it is a matter of reading which spans they say; a split in another
    scheme than the training split was made by another hand. Spans of a type that training never shows can only be
    missed.

    **How.** Tags are counted against tokens. The scheme (IOB1, IOB2, BIOES) is the one that the training tags break
    least often; each row's tags are read by it. Types of the spans of held-out splits are looked up among those of
    training.

    **When it stays silent.** All rows have a tag a token, and tags break no scheme; IOB1 and IOB2 are one where no two
    spans touch. Rows without tags are the business of the check of missing values.

    **What it costs.** One pass over the tags.
    """

    code: ClassVar[str] = "D121"
    name: ClassVar[str] = "tag-sequences"
    shown_places: int = 5  # places that a finding spells out

    def examine(self, subject: Dataset) -> Iterator[Finding | Skipped]:
        schema = subject.schema
        words = schema.of_kind(Kind.TOKENS)
        if schema.target_kind is not Kind.TOKENS or schema.target in words:
            yield Skipped(name=self.name, reason="the target holds no tags")
            return
        rows = {split: _rows(subject[split], schema.target) for split in subject}
        if not any(rows.values()):
            yield Skipped(name=self.name, reason="there are no tags")
            return
        if len(words) == 1:
            yield from self._lengths(subject, words[0])
        first = rows["train"] if rows.get("train") else next(of_split for of_split in rows.values() if of_split)
        scheme = recognise(row.tags for row in first)
        for split, of_split in rows.items():
            yield from self._of_split(split, of_split, scheme)
        if rows.get("train"):
            yield from self._types(rows)

    def _lengths(self, subject: Dataset, words: str) -> Iterator[Finding]:
        unequal = [
            (split, name, len(tokens or ()), len(tags))
            for split in subject
            for name, tokens, tags in zip(
                subject[split].ids,
                subject[split].columns[words].tolist(),
                subject[split].columns[subject.schema.target].tolist(),
                strict=True,
            )
            if tags is not None and len(tokens or ()) != len(tags)
        ]
        if unequal:
            places = [f"{name} ({tokens} tokens, {tags} tags)" for _, name, tokens, tags in unequal]
            yield self._finding(
                f"{counted(len(unequal), 'row')} {agreeing(len(unequal), 'has', 'have')} another number of tags than"
                f" of tokens: {self._some(places)}.",
                "Cut texts and tags in one place, and write one tag for each token.",
                ("label_misaligned", "data_anomaly"),
                where=[name for _, name, _, _ in unequal],
                evidence={"rows": dict(Counter(split for split, _, _, _ in unequal))},
                severity=Severity.FAILURE,
            )

    def _of_split(self, split: str, rows: Sequence[_Row], scheme: Scheme) -> Iterator[Finding]:
        illegal = Counter(tag for row in rows for tag in row.tags if parted(tag) is None)
        if illegal:
            yield self._finding(
                f"{counted(illegal.total(), 'tag')} of {split} {agreeing(illegal.total(), 'is', 'are')} of no scheme:"
                f" {listed(sorted(illegal))}.",
                "Write 'O', or B-, I-, E- or S- and a type; or say which column holds the tags.",
                ("label_noise", "data_anomaly"),
                where=[row.id for row in rows if any(tag in illegal for tag in row.tags)],
                evidence={"split": split, "tags": dict(illegal)},
                severity=Severity.FAILURE,
            )
            return
        places = [(row, place) for row in rows for place in broken(row.tags, scheme)]
        if not places:
            return
        own = recognise(row.tags for row in rows)
        ids = list(dict.fromkeys(row.id for row, _ in places))
        share = len(ids) / len(rows)
        if own is not scheme and not any(broken(row.tags, own) for row in rows):
            yield self._finding(
                f"The tags of {split} are {own}, and those of training are {scheme}:"
                f" {counted(len(ids), 'row')} ({percent(share)}) would break {scheme}.",
                "Write all splits in one scheme; kilter reads the spans of each, and scores them the same.",
                ("val_preprocess_mismatch", "data_anomaly"),
                where=ids,
                evidence={"split": split, "scheme": str(own), "scheme of training": str(scheme), "rows": len(ids)},
            )
            return
        told = [f"{row.id} has {_told(row.tags, place)}" for row, place in places]
        yield self._finding(
            f"{counted(len(places), 'tag')} in {counted(len(ids), 'row')} of {split} ({percent(share)}) break"
            f" {scheme}: {self._some(told)}.",
            "Correct them; as they stand, an I- that goes on from nothing is read as the beginning of a span.",
            ("label_noise", "data_anomaly"),
            where=ids,
            evidence={"split": split, "scheme": str(scheme), "tags": len(places), "rows": len(ids)},
        )

    def _types(self, rows: Mapping[str, Sequence[_Row]]) -> Iterator[Finding]:
        known = {span.type for row in rows["train"] for span in spans(row.tags)}
        for split, of_split in rows.items():
            unseen = Counter(span.type for row in of_split for span in spans(row.tags) if span.type not in known)
            if unseen:
                yield self._finding(
                    f"{counted(unseen.total(), 'span')} of {split} {agreeing(unseen.total(), 'is', 'are')} of"
                    f" {counted(len(unseen), 'type')} that training never shows: {listed(sorted(unseen))}.",
                    "Put rows with these types into training, or leave them out of what is measured.",
                    ("distribution_shift", "unshuffled_split", "label_noise"),
                    where=[row.id for row in of_split if any(span.type in unseen for span in spans(row.tags))],
                    evidence={"split": split, "spans": dict(unseen)},
                )

    def _some(self, places: Sequence[str]) -> str:
        more = f" and {len(places) - self.shown_places:,} more" if len(places) > self.shown_places else ""
        return ", ".join(places[: self.shown_places]) + more

    def _finding(
        self,
        seen: str,
        advice: str,
        causes: tuple[str, ...],
        *,
        where: Sequence[str],
        evidence: Mapping[str, object],
        severity: Severity = Severity.WARNING,
    ) -> Finding:
        return Finding(
            code=self.code,
            name=self.name,
            severity=severity,
            strength=Strength.PROVED,
            seen=seen,
            advice=advice,
            causes=causes,
            where=shown(where),
            evidence=evidence,
        )


def _rows(table: Table, target: str) -> list[_Row]:
    tags = table.columns[target].tolist()
    return [_Row(name, of_row) for name, of_row in zip(table.ids, tags, strict=True) if of_row]


def _told(tags: Tags, place: int) -> str:
    """A tag that breaks its scheme, and what stands before it."""
    before = f"after {tags[place - 1]!r}" if place else "at its beginning"
    return f"{tags[place]!r} {before}"
