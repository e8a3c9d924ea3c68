"""A run as it may be shown to people who must not read its data: ids and lengths stand in the place of texts."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final, TypeVar

from kilter.report.wording import counted
from kilter.values.evaluation import Evaluation, Mistake, Slice
from kilter.values.finding import Finding, Skipped
from kilter.values.run import Run, Stage
from kilter.values.sample import Sample, Sampled
from kilter.values.walkthrough import Passage, Walkthrough
from kilter.values.words import LONGEST

Row = TypeVar("Row", Mistake, Sample)
Known = frozenset[str]
"""Words that say nothing of a row: names of columns, labels, scores and settings."""

SPLITS: Final = ("train", "valid", "test")
OF_ROWS: Final = ("D", "R")
"""Families of findings whose evidence may quote cells; those of others quote parameters and layers."""

_LENGTH: Final = re.compile(r"\((?:another )?\d[\d,]* characters?(?: or more)?\)(?: no\. \d+)?")
_MARK: Final = re.compile(r"\((?:padding|unknown|begin|end|between)\)|missing|")
_NUMBER: Final = re.compile(r"[-+]?(?:\d[\d,]*\.?\d*|\.\d+)(?:e[-+]?\d+)?|nan|-?inf", re.IGNORECASE)
_PLACE: Final = re.compile(r"([^'\"\n]+)[:#@](?:\d+|[^\s'\":#@]+)")  # a file, and where in it
_QUOTED: Final = re.compile(r"""(?<!\w)(?:'((?:\\.|[^'\\])*)'|"((?:\\.|[^"\\])*)")(?!\w)""", re.DOTALL)
_DOTTED: Final = re.compile(r"\w+(?:[.\[/_]\w+\]?)+")
_RAISED: Final = re.compile(r"(raised \w+: ).*", re.DOTALL)


def hides_texts(config: Mapping[str, object]) -> bool:
    """Whether a project says that its reports quote no data (`report.hide_texts`)."""
    section = config.get("report")
    return isinstance(section, Mapping) and section.get("hide_texts") is True


def as_told(run: Run) -> Run:
    """A run as its reports tell of it: without texts, where its project says so."""
    return without_texts(run) if hides_texts(run.config) else run


def without_texts(run: Run) -> Run:
    """The same run, in which no text of a row can be read; doing it twice changes nothing more.

    Inputs, and targets and answers that are no label and no number, become their length; so does every word that a
    finding, a stage, a slice or the example that is followed through quotes and that is no name of a column, label,
    score or setting. Numbers and ids stay: an id leads whoever has the data back to the row.
    """
    known, labels = _known(run), _labels(run)
    return replace(
        run,
        stages=tuple(hide_in_stage(stage, known) for stage in run.stages),
        evaluations=tuple(_evaluation(evaluation, labels) for evaluation in run.evaluations),
        untrained=None if run.untrained is None else _evaluation(run.untrained, labels),
        samples=tuple(_sampled(sampled, labels) for sampled in run.samples),
        walkthrough=None if run.walkthrough is None else _walkthrough(run.walkthrough, labels),
    )


def words_of(settings: Mapping[str, object]) -> Known:
    """Words that stand in a project file, which may be quoted."""
    return frozenset({*SPLITS, *_leaves(settings)})


def hide_in_stage(stage: Stage, known: Known) -> Stage:
    """A stage whose sentences and findings quote nothing."""
    return replace(
        stage,
        summary=_sentence(stage.summary, known),
        findings=tuple(hide_in_finding(finding, known) for finding in stage.findings),
        skipped=tuple(Skipped(name=each.name, reason=_sentence(each.reason, known)) for each in stage.skipped),
    )


def hide_in_finding(finding: Finding, known: Known) -> Finding:
    """A finding that quotes no cell; names of parameters and layers stay, where it is about these."""
    of_rows = finding.code.startswith(OF_ROWS)
    return replace(
        finding,
        seen=_sentence(finding.seen, known, names=not of_rows),
        advice=_sentence(finding.advice, known, names=not of_rows),
        experiment=_sentence(finding.experiment, known, names=not of_rows),
        where=tuple(place if _is_place(place, known, of_rows=of_rows) else length(place) for place in finding.where),
        evidence={name: _evidence(name, value, known, of_rows=of_rows) for name, value in finding.evidence.items()},
    )


def hide_in_slice(found: Slice) -> Slice:
    """A slice that quotes no input."""
    return replace(found, name=found.masked, said=found.masked) if found.masked else found


def length(text: str) -> str:
    """What stands in the place of a text.

    >>> length("What is it?"), length("a")
    ('(11 characters)', '(1 character)')
    """
    more = " or more" if len(text) >= LONGEST and text.endswith("…") else ""
    return f"({counted(len(text), 'character')}{more})"


def _labels(run: Run) -> Known:
    """The classes that are decided between."""
    measures = [evaluation.measures for evaluation in run.evaluations]
    named = {each.label for measured in measures for each in measured.classes}
    return frozenset(named.union(*(measured.confusion.labels for measured in measures if measured.confusion)))


def _known(run: Run) -> Known:
    """All words that say nothing of a row, names of files among them."""
    scores = {name for e in run.evaluations for name in (e.model, *(score.name for score in e.scores))}
    places = {place for finding in run.findings for place in finding.where}
    places |= {mistake.id for e in run.evaluations for mistake in e.mistakes}
    files = {match[1] for place in places if (match := _PLACE.fullmatch(place))}
    columns = frozenset(_leaves(run.environment.get("columns", {})))
    return words_of(run.config) | _labels(run) | columns | scores | files


def _evaluation(evaluation: Evaluation, known: Known) -> Evaluation:
    return replace(
        evaluation,
        mistakes=tuple(_answered(mistake, known) for mistake in evaluation.mistakes),
        slices=tuple(map(hide_in_slice, evaluation.slices)),
    )


def _sampled(sampled: Sampled, known: Known) -> Sampled:
    return replace(sampled, samples=tuple(_answered(sample, known) for sample in sampled.samples))


def _answered(row: Row, known: Known) -> Row:
    target, decided = _cell(row.target, known), _cell(row.decided, known)
    if target == decided and row.target != row.decided:  # two texts of one length must not look like one
        decided = decided.replace("(", "(another ", 1)
    return replace(row, inputs=_whole(row.inputs), target=target, decided=decided)


def _whole(text: str) -> str:
    return text if not text or _LENGTH.fullmatch(text) else length(text)


def _cell(text: str, known: Known) -> str:
    """A cell that is a number, a label, or several labels; else its length."""
    parts = text.split(", ")
    if all(part in known or _NUMBER.fullmatch(part) or _MARK.fullmatch(part) for part in parts):
        return text
    return _whole(text)


def _walkthrough(walkthrough: Walkthrough, known: Known) -> Walkthrough:
    return replace(walkthrough, passages=tuple(_passage(passage, known) for passage in walkthrough.passages))


def _passage(passage: Passage, known: Known) -> Passage:
    rows = tuple(
        tuple(_cell(cell, known) if at in passage.quoting else cell for at, cell in enumerate(row))
        for row in passage.rows
    )
    return replace(passage, rows=rows)


def _sentence(said: str, known: Known, *, names: bool = False) -> str:
    """A sentence whose quotations are lengths, and that does not tell what a person's code said when it failed.

    Args:
        said: the sentence.
        known: words that may be quoted.
        names: whether names such as `layers.0.weight` may be, too.
    """

    def hidden(match: re.Match[str]) -> str:
        quoted = match[1] if match[1] is not None else match[2]
        return match[0] if quoted in known or (names and _DOTTED.fullmatch(quoted)) else length(quoted)

    return _RAISED.sub(r"\1(its message is hidden).", _QUOTED.sub(hidden, said))


def _is_place(place: str, known: Known, *, of_rows: bool) -> bool:
    return not of_rows or place in known or bool(_PLACE.fullmatch(place) or _LENGTH.fullmatch(place))


def _evidence(name: str, value: object, known: Known, *, of_rows: bool) -> object:
    """A value of evidence: words that stand alone are ours, those in lists and tables may be cells."""
    if isinstance(value, str):
        return _sentence(value, known, names=not of_rows)
    return _below(name, value, known) if of_rows else _told(value, known)


def _nested(value: object, known: Known) -> object:
    if isinstance(value, str):
        place = _PLACE.fullmatch(value)
        kept = value in known or any(form.fullmatch(value) for form in (_LENGTH, _NUMBER, _MARK))
        return value if kept or (place and place[1] in known) else length(value)
    if isinstance(value, Mapping):
        return _apart([(str(_nested(str(key), known)), _below(str(key), item, known)) for key, item in value.items()])
    if isinstance(value, list | tuple):
        return [
            {key: _nested(cell, known) for key, cell in item.items()}  # a row of a table, whose keys are its columns
            if isinstance(item, Mapping)
            else _nested(item, known)
            for item in value
        ]
    return value


def _below(key: str, item: object, known: Known) -> object:
    """What stands under a key: what a split is said to have goes by names that are ours."""
    if key in SPLITS and isinstance(item, Mapping):
        return {name: _nested(part, known) for name, part in item.items()}
    return _nested(item, known)


def _told(value: object, known: Known) -> object:
    """Evidence of a model: sentences in it may still quote what code said."""
    if isinstance(value, str):
        return _sentence(value, known, names=True)
    if isinstance(value, Mapping):
        return {key: _told(item, known) for key, item in value.items()}
    return [_told(item, known) for item in value] if isinstance(value, list | tuple) else value


def _apart(items: list[tuple[str, object]]) -> Mapping[str, object]:
    """A mapping whose keys, now that they are lengths, are numbered where they would be one."""
    times: Counter[str] = Counter()
    named = {}
    for key, item in items:
        times[key] += 1
        named[key if times[key] == 1 else f"{key} no. {times[key]}"] = item
    return named


def _leaves(value: object) -> Iterator[str]:
    """Every word of nested settings, names among them."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield str(key)
            yield from _leaves(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _leaves(item)
    elif value is not None:
        yield str(value)
