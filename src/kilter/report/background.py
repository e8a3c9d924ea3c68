"""Sections of a document: how the run went, what was looked at and not, and where it was made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from kilter.report.wording import counted, number, shown, time
from kilter.values.document import Block, Grid, Heading, Paragraph
from kilter.values.finding import Finding, Severity
from kilter.values.run import Run

LONGEST_VALUE = 400  # characters of a setting


def stage_section(run: Run) -> Iterator[Block]:
    """The stages with their times, and what was skipped in them."""
    if not run.stages:
        return
    yield Heading(text="Stages", anchor="stages")
    yield Grid(
        columns=("stage", "status", "time", "found", "summary"),
        rows=tuple(
            (stage.name, stage.status, time(stage.seconds), found(stage.findings), shown(stage.summary, 400))
            for stage in run.stages
        ),
        caption=f"The way of the run, {time(sum(stage.seconds for stage in run.stages))} in all.",
        numeric=(2,),
    )
    skipped = [(stage.name, each.name, shown(each.reason, 300)) for stage in run.stages for each in stage.skipped]
    if skipped:
        yield Heading(text="Not looked at", anchor="skipped")
        yield Grid(
            columns=("stage", "check", "reason"),
            rows=tuple(skipped),
            caption="Checks that could not apply; they say nothing, for or against.",
        )


def environment_section(run: Run) -> Iterator[Block]:
    """Where and with what the run was made, and the resolved configuration."""
    yield Heading(text="Environment", anchor="environment")
    settings = tuple(flat(run.environment))
    if settings:
        yield Grid(columns=("what", "value"), rows=settings, caption="Command, versions, seeds, machine, data.")
    else:
        yield Paragraph(text="Nothing was recorded of the environment.")
    configuration = tuple(flat(run.config))
    if configuration:
        yield Heading(text="Configuration", anchor="configuration")
        yield Grid(
            columns=("setting", "value"), rows=configuration, caption="The project file as resolved, defaults included."
        )


def found(findings: Sequence[Finding]) -> str:
    """How many findings of which severity; a dash where there are none."""
    counts = Counter(finding.severity for finding in findings)
    return ", ".join(counted(counts[s], s.word) for s in sorted(Severity, reverse=True) if counts[s]) or "–"


def flat(values: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Nested settings as dotted names and text.

    >>> list(flat({"seed": 1, "model": {"name": "mlp", "sizes": [64, 32]}}))
    [('seed', '1'), ('model.name', 'mlp'), ('model.sizes', '64, 32')]
    """
    for key, value in values.items():
        name = f"{prefix}{shown(str(key))}"
        if isinstance(value, Mapping) and value:
            yield from flat(value, f"{name}.")
        else:
            yield name, _text(value)


def _text(value: object) -> str:
    match value:
        case None | [] | {}:
            return "–"
        case bool():
            return "yes" if value else "no"
        case float():
            return number(value)
        case list() | tuple():
            return shown(", ".join(_text(item) for item in value), LONGEST_VALUE)
    return shown(str(value), LONGEST_VALUE)
