"""From a run to its document: the verdict first, then what carries it, then what lies behind."""

from __future__ import annotations

from collections.abc import Iterator

from kilter.report.background import environment_section, stage_section
from kilter.report.calibration import calibration_section, threshold_section
from kilter.report.classes import class_section, confusion_section
from kilter.report.comparison import comparison_section
from kilter.report.cost import cost_section
from kilter.report.curves import curve_section
from kilter.report.layers import layer_section
from kilter.report.samples import samples_section
from kilter.report.slices import slice_section
from kilter.report.verdict import standing_of, verdict
from kilter.report.walkthrough import walkthrough_section
from kilter.report.wording import counted, fixed, percent, shown
from kilter.values.document import Alerts, Block, Document, Grid, Heading, Paragraph
from kilter.values.evaluation import Evaluation
from kilter.values.finding import in_order
from kilter.values.run import Run

MOST_MISTAKES = 20


def compose(run: Run, *, background: bool = True) -> Document:
    """The report of a run, whatever became of it: sections that have nothing to say are left out.

    Args:
        run: what is reported.
        background: whether the machine and every setting are listed at the end.
    """
    behind = environment_section(run) if background else ()
    return Document(title=shown(run.name, 120), blocks=(*_blocks(run), *behind))


def _blocks(run: Run) -> Iterator[Block]:
    first, *others = verdict(run)
    yield Paragraph(text=first, lead=True)
    if others:
        yield Paragraph(text=" ".join(others))
    yield from _alerts(run)
    standing = standing_of(run)
    if standing is not None:
        yield from comparison_section(run, standing)
        yield from class_section(standing.trained)
        yield from confusion_section(standing.trained)
        yield from threshold_section(standing.trained)
        yield from calibration_section(standing.trained)
        yield from slice_section(standing.trained)
        yield from _mistakes(standing.trained)
    yield from curve_section(run.history, run.findings, run.plan)
    yield from samples_section(run.samples)
    yield from layer_section(run.history)
    if run.walkthrough is not None:
        yield from walkthrough_section(run.walkthrough)
    yield from stage_section(run)
    if run.cost is not None:
        yield from cost_section(run.cost, run.config)


def _alerts(run: Run) -> Iterator[Block]:
    yield Heading(text="Alerts", anchor="alerts")
    findings = in_order(run.findings)
    if not findings:
        looked = ", ".join(stage.name for stage in run.stages) or "no stage"
        yield Paragraph(text=f"Nothing was found (looked at in: {looked}).")
        return
    yield Alerts(findings=findings)
    left_out = len(run.findings) - len(findings)
    if left_out:
        yield Paragraph(
            text=f"{counted(left_out, 'further finding')} would follow from these and stay out of the list."
        )


def _mistakes(evaluation: Evaluation) -> Iterator[Block]:
    mistakes = evaluation.mistakes[:MOST_MISTAKES]
    if not mistakes:
        return
    yield Heading(text="Mistakes", anchor="mistakes")
    sure = any(mistake.confidence is not None for mistake in mistakes)
    yield Grid(
        columns=("id", "input", "truth", "decided", *(("confidence",) if sure else ()), "cost"),
        rows=tuple(
            (
                shown(mistake.id, 120),
                shown(mistake.inputs, 240),
                shown(mistake.target),
                shown(mistake.decided),
                *((_confidence(mistake.confidence),) if sure else ()),
                fixed(mistake.cost),
            )
            for mistake in mistakes
        ),
        caption=f"The most costly mistakes on the {evaluation.split} split; their ids lead back to the data.",
        numeric=(4, 5) if sure else (4,),
    )


def _confidence(confidence: float | None) -> str:
    return "–" if confidence is None else percent(confidence, 1)
