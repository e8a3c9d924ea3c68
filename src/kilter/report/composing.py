"""From a run to its document: the verdict first, then what carries it, then what lies behind."""

from __future__ import annotations

from collections.abc import Iterator

from kilter.report.background import environment_section, stage_section
from kilter.report.calibration import calibration_section, threshold_section
from kilter.report.classes import class_section, confusion_section
from kilter.report.comparison import comparison_section
from kilter.report.cost import cost_section
from kilter.report.curves import curve_section
from kilter.report.expectation import expectation_section
from kilter.report.found import found_section
from kilter.report.held import held_section
from kilter.report.hiding import as_told
from kilter.report.interpretation import interpretation_section
from kilter.report.ladder import ladder_section
from kilter.report.layers import layer_section
from kilter.report.mistakes import mistake_section
from kilter.report.samples import samples_section
from kilter.report.slices import slice_section
from kilter.report.splits import split_section
from kilter.report.tradeoffs import tradeoff_section
from kilter.report.verdict import standing_of, verdict
from kilter.report.walkthrough import walkthrough_section
from kilter.report.wording import counted, shown
from kilter.values.document import Alerts, Block, Document, Heading, Paragraph
from kilter.values.finding import in_order
from kilter.values.run import Run


def compose(run: Run, *, background: bool = True) -> Document:
    """The report of a run, whatever became of it: sections that have nothing to say are left out.

    Args:
        run: what is reported.
        background: whether the machine and every setting are listed at the end, and the questions of interpretation
            asked even where nobody has answered one.
    """
    run = as_told(run)
    behind = environment_section(run) if background else ()
    return Document(title=shown(run.name, 120), blocks=(*_blocks(run, background=background), *behind))


def _blocks(run: Run, *, background: bool) -> Iterator[Block]:
    first, *others = verdict(run)
    yield Paragraph(text=first, lead=True)
    if others:
        yield Paragraph(text=" ".join(others))
    standing = standing_of(run)
    if standing is not None:
        yield from comparison_section(run, standing)
        yield from expectation_section(run)
        yield from split_section(run)
        yield from ladder_section(run, standing.split)
    yield from _alerts(run)
    yield from found_section(run)
    yield from curve_section(run.history, run.findings, run.plan)
    if standing is not None:
        yield from class_section(standing.trained)
        yield from confusion_section(standing.trained)
        yield from threshold_section(standing.trained)
        yield from tradeoff_section(standing.trained)
        yield from calibration_section(standing.trained)
        yield from held_section(standing.trained)
        yield from slice_section(standing.trained)
        yield from mistake_section(standing.trained)
        if background or run.interpretation:
            yield from interpretation_section(run, standing)
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
