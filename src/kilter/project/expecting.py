"""What is expected of a run: read from the project file, fingerprinted before anything is made, held to afterwards."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from kilter.project.folder import CONFIG, EXPECTED, FORMAT, PROJECT, read_expected, read_json, write_json
from kilter.project.reading import Project, parse_project, read_project
from kilter.values.errors import Fault, KilterError
from kilter.values.expectation import GAP, Expectation, Expected, Judgement, Reference, Ruling
from kilter.values.json_form import to_json
from kilter.values.validation import nearest

if TYPE_CHECKING:
    from kilter.values.task import Task

_KNOWN_AS: Final[Mapping[str, str]] = MappingProxyType(  # simple models as people call them elsewhere
    {
        **dict.fromkeys(("tfidf", "tf-idf", "logistic", "logistic-regression", "bag-of-words"), "linear"),
        **dict.fromkeys(("boosting", "gbdt", "xgboost", "lightgbm"), "boosted"),
        **dict.fromkeys(("knn", "k-nn", "neighbours"), "nearest"),
        "mlp": "small-mlp",
    }
)


def expected_of(project: Project) -> Expected:
    """What a project file expects, with its fingerprint; empty where it says nothing."""
    said = project.file.expect
    expectations = [
        *(Expectation.read(about, claim) for about, claims in said.claims.items() for claim in claims),
        *(Expectation(about="beats", rival=rival) for rival in said.beats),
    ]
    references = tuple(
        Reference(name=each.name, metric=each.metric, score=each.score, source=each.source)
        for each in project.file.references
    )
    expected = Expected(fingerprint="", expectations=tuple(expectations), reasoning=said.because, references=references)
    return replace(expected, fingerprint=fingerprint_of(expected))


def fingerprint_of(expected: Expected) -> str:
    """SHA-256 of expectations, reasoning and references."""
    said = [to_json(part) for part in (expected.expectations, expected.reasoning, expected.references)]
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def faults_in(project: Project, task: Task, *, measured: Sequence[str]) -> Iterator[Fault]:
    """Expectations and references that nothing measured could be held against, with their places.

    Args:
        project: what it expects.
        task: it knows its scores.
        measured: the baselines that are measured beside the network.
    """
    for about in project.file.expect.claims:
        if about not in {GAP, *task.scores}:
            legal = nearest(about, (*task.scores, GAP, "beats", "because"))
            yield project.fault(("expect", about), met=f"expect.{about} is no score of this {task.name}", legal=legal)
    for number, rival in enumerate(project.file.expect.beats):
        if rival not in measured:
            meant = _KNOWN_AS.get(rival.lower(), rival)
            legal = f"did you mean {meant!r}?" if meant in measured else nearest(rival, measured)
            legal = legal if measured else "no baseline is measured"
            remedy = "" if legal.startswith("did you mean") else "name one of them, or add it to `baselines`"
            met = f"expect.beats: {rival!r} is not measured in this run"
            yield project.fault(("expect", "beats", number), met=met, legal=legal, remedy=remedy)
    for number, reference in enumerate(project.file.references):
        if reference.metric not in task.scores:
            met = f"references.{number}.metric = {reference.metric!r}, which is no score of this {task.name}"
            yield project.fault(("references", number, "metric"), met=met, legal=nearest(reference.metric, task.scores))


def write_down(folder: Path, project: Project) -> None:
    """Write down what is expected of a run that is about to begin; where nothing is, nothing is written.

    Raises:
        TrainingError: the disk refuses.
    """
    expected = expected_of(project)
    if _says_something(expected):
        _write(folder, expected)


def held_to(folder: Path) -> Expected | None:
    """What is expected of a run as it was written down before it began, and what was changed since.

    None where nothing was expected then and nothing is now. What was changed by hand does not count: of what stands in
    the run's folder twice, the one that has the fingerprint rules. Where neither has, nothing is judged.

    Raises:
        DataError: what was written down cannot be read.
    """
    first = read_expected(folder)
    copy, project = _now(folder)
    if first is None:
        first = replace(Expected(fingerprint=""), fingerprint=fingerprint_of(Expected(fingerprint="")))
        late = next((each for each in (copy, project) if each is not None and _says_something(each)), None)
        if late is None:
            return None
        said = ", ".join(_parts(late)) or "a reason"
        return replace(
            first, changed=f"Expectations were written down after the run had begun, and are not judged: {said}."
        )
    first = replace(first, judgements=(), changed="")
    if fingerprint_of(first) != first.fingerprint:
        if copy is None or copy.fingerprint != first.fingerprint:
            changed = "What was expected was changed after the run had begun, and cannot be judged any more."
            return replace(first, expectations=(), reasoning="", changed=changed)
        changed = f"{EXPECTED} was changed after the run had begun; what was written down before it rules."
        return replace(copy, changed=changed)
    later = next((each for each in (copy, project) if each is not None and each.fingerprint != first.fingerprint), None)
    if later is None:
        return first
    changed = f"The project file {_difference(first, later)}; what was written down first rules."
    return replace(first, changed=changed)


def write_judged(folder: Path, expected: Expected, judgements: Iterable[Judgement]) -> Expected:
    """Write what became of it.

    Raises:
        TrainingError: the disk refuses.
    """
    judged = replace(expected, judgements=tuple(judgements))
    _write(folder, judged)
    return judged


def ruled(judgements: Sequence[Judgement]) -> str:
    """How many expectations were met, missed and left undecided, as a phrase; empty where there were none.

    >>> accuracy = Expectation.read("accuracy", ">= 0.9")
    >>> ruled([Judgement(expectation=accuracy, ruling=Ruling.MET, seen="accuracy 0.95 [0.93, 0.97]")])
    '; of 1 expectation 1 is met'
    """
    if not judgements:
        return ""
    counts = Counter(judgement.ruling for judgement in judgements)
    told = [
        f"{counts[ruling]} {'is' if counts[ruling] == 1 else 'are'} {ruling}" for ruling in Ruling if counts[ruling]
    ]
    return f"; of {len(judgements)} expectation{'s' * (len(judgements) != 1)} {', '.join(told)}"


def _write(folder: Path, expected: Expected) -> None:
    write_json(folder / EXPECTED, {"format": FORMAT, **to_json(expected)})


def _now(folder: Path) -> tuple[Expected | None, Expected | None]:
    """What the run's copy of the project file expects now, and what the file itself does, where they can be read."""
    copy = project = None
    with suppress(KilterError, OSError, KeyError, TypeError):
        origin: Mapping[str, object] = read_json(folder / CONFIG)["origin"]
        path, overrides = Path(str(origin["project"])), [str(said) for said in _list(origin["overrides"])]
        copy = expected_of(parse_project((folder / PROJECT).read_text("utf-8"), path=path, overrides=overrides))
        if path.is_file():
            project = expected_of(read_project(path, overrides))
    return copy, project


def _list(given: object) -> Iterable[object]:
    return given if isinstance(given, list) else ()


def _says_something(expected: Expected) -> bool:
    return bool(expected.expectations or expected.reasoning or expected.references)


def _difference(first: Expected, later: Expected) -> str:
    """What a project file says now and did not say first, and the reverse."""
    before, now = _parts(first), _parts(later)
    added = ", ".join(part for part in now if part not in before)
    gone = ", ".join(part for part in before if part not in now)
    said = (
        f"now expects {added}" if added else "",
        f"expects no more {gone}" if gone else "",
        "gives another reason" if first.reasoning != later.reasoning else "",
    )
    return " and ".join(filter(None, said)) or "has them in another order"


def _parts(expected: Expected) -> tuple[str, ...]:
    """What is expected and reported elsewhere, one by one."""
    named = (f"{each.name}: {each.metric} {each.score:g} ({each.source})" for each in expected.references)
    return (*map(str, expected.expectations), *named)
