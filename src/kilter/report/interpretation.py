"""The five questions of interpretation: what was measured beside each, and what a person wrote of it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from kilter.report.design import consulted_line, design_lines
from kilter.report.expectation import expectation_lines
from kilter.report.ladder import ladder_lines
from kilter.report.splits import began_lines, gap_lines
from kilter.report.verdict import Standing, caveats, doubts, judged_by, standing_of, verdict
from kilter.report.wording import counted, scored, shown, visible
from kilter.values.document import Block, Heading, Paragraph
from kilter.values.finding import Severity, in_order
from kilter.values.run import Run

QUESTIONS: Final[Mapping[str, str]] = {
    "baseline": "Against the baseline?",
    "expected": "As expected?",
    "why": "Why, or why not?",
    "real": "Is the gain real?",
    "next": "What next?",
}
"""What is asked of every result, by the name under which an answer is kept."""

MOST_ADVICE: Final = 3
LONGEST: Final = 300  # characters of a finding's sentence

_HEADING: Final = re.compile(r"^##\s+(.*?)\s*$")


class Asked(NamedTuple):
    """A question, and sentences on what was measured that bears on it."""

    name: str
    question: str
    facts: tuple[str, ...]


def interpretation_section(run: Run, standing: Standing) -> Iterator[Block]:
    """The questions with facts and answers, apart from the results."""
    yield Heading(text="Interpretation", anchor="interpretation")
    yield Paragraph(
        text="No program answers these questions. What was measured stands below each; what you make of it goes into"
        " `interpretation.md` in the run's folder, and stands here when `kilter report` writes the page anew."
    )
    for asked in asked_of(run, standing):
        yield Heading(text=asked.question, level=3, anchor=f"asked-{asked.name}")
        yield Paragraph(text=f"Measured: {' '.join(asked.facts)}")
        answer = run.interpretation.get(asked.name)
        for part in re.split(r"\n\s*\n", "Not answered yet." if answer is None else f"Written: {answer}"):
            yield Paragraph(text=visible(part))


def asked_of(run: Run, standing: Standing) -> tuple[Asked, ...]:
    """Every question with its facts."""
    facts = {
        "baseline": (verdict(run)[0], *ladder_lines(run, standing.split)),
        "expected": _expected(run),
        "why": tuple(_why(run, standing)),
        "real": tuple(_real(run, standing)),
        "next": tuple(_next(run)),
    }
    return tuple(Asked(name, question, facts[name]) for name, question in QUESTIONS.items())


def blank_page(run: Run) -> str:
    """The file that a person fills in, as Markdown; empty where the run was not evaluated."""
    standing = standing_of(run)
    if standing is None:
        return ""
    parts = [
        f"# Interpretation of {shown(run.name, 120)}\n",
        "Write below each question what you make of it; `kilter report` shows it in the report of this run.",
        "This file is made once and never written over. Lines that begin with > say what had been measured by then.\n",
    ]
    for asked in asked_of(run, standing):
        parts += [f"## {asked.question}\n", "".join(f"> {shown(fact, 2000)}\n" for fact in asked.facts)]
    return "\n".join(parts) + "\n"


def read_answers(text: str) -> dict[str, str]:
    r"""What a person wrote below each question; questions without an answer are left out.

    What stands quoted right below a question is ours. A heading that is no question belongs to the answer above it.

    >>> read_answers("## Against the baseline?\n> It beats linear.\n\nBy little.\n\n## What next?\n> More rows.\n")
    {'baseline': 'By little.'}
    """
    names = {_plain(question): name for name, question in QUESTIONS.items()}
    written: dict[str, list[str]] = {}
    current: list[str] = []  # what stands before the first question is dropped
    for line in text.splitlines():
        heading = _HEADING.match(line)
        name = names.get(_plain(heading[1])) if heading else None
        if name is None:
            current.append(line)
        else:
            current = written.setdefault(name, [])
    answers = {name: _without_facts(lines) for name, lines in written.items()}
    return {name: answer for name, answer in answers.items() if answer}


def _plain(heading: str) -> str:
    return re.sub(r"[^a-z]+", " ", heading.lower()).strip()


def _without_facts(lines: list[str]) -> str:
    first = next((at for at, line in enumerate(lines) if line.strip() and not line.startswith(">")), len(lines))
    return "\n".join(lines[first:]).strip()


def _expected(run: Run) -> tuple[str, ...]:
    said = () if run.expected is None else expectation_lines(run.expected)
    return said or ("Nothing was written down before this run; `expect` in kilter.yaml is the place for it.",)


def _why(run: Run, standing: Standing) -> Iterator[str]:
    yield from began_lines(run)
    yield from gap_lines(run)
    worst = next((found for found in standing.trained.slices if not found.asked), None)
    if worst is not None:
        yield (
            f"The clearest weak spot: {worst.inside.name} {scored(worst.inside)} on"
            f" {counted(worst.n, 'example')} where {shown(worst.said, 200)}, {scored(worst.outside)} on all others."
        )
    confused = _confused(standing)
    if confused:
        yield confused
    for finding in in_order(run.findings):
        if finding.severity is Severity.WARNING:
            yield f"{finding.code} {finding.name}: {shown(finding.seen, LONGEST)}"
            break


def _confused(standing: Standing) -> str:
    confusion = standing.trained.measures.confusion
    if confusion is None:
        return ""
    counts = (
        (count, truth, decided)
        for truth, row in zip(confusion.labels, confusion.counts, strict=True)
        for decided, count in zip(confusion.labels, row, strict=True)
        if truth != decided and count
    )
    most = max(counts, key=lambda each: each[0], default=None)
    if most is None:
        return ""
    count, truth, decided = most
    wrong = sum(map(sum, confusion.counts)) - sum(row[at] for at, row in enumerate(confusion.counts))
    return f"Most often {shown(truth)} is taken for {shown(decided)}: {count:,} of {counted(wrong, 'mistake')}."


def _real(run: Run, standing: Standing) -> Iterator[str]:
    best = standing.decisive
    if best is not None:
        yield judged_by(best)
        yield from design_lines(best)
    yield from filter(None, (consulted_line(run.consulted),))
    if best is None or best.dominance is None:
        yield (
            "This is one training; another seed falls elsewhere, and `kilter compare` with several runs a side says how"
            " far."
        )
    yield from caveats(standing)
    yield from doubts(run.findings)


def _next(run: Run) -> Iterator[str]:
    advised = [finding for finding in in_order(run.findings) if finding.advice and finding.severity > Severity.NOTE]
    for finding in advised[:MOST_ADVICE]:
        yield f"{finding.code} {finding.name}: {shown(finding.advice, LONGEST)}"
    if not advised:
        yield "No finding asks for anything."
