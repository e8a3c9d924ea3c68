"""The doctor: what can be found out about a pipeline before compute is spent."""

from __future__ import annotations

from kilter.checks.examination import examine
from kilter.checks.preflight import PREFLIGHT_CHECKS
from kilter.values.finding import Examination, Finding
from kilter.values.pipeline import Pipeline


def check(pipeline: Pipeline, *, seconds_each: float = 60.0) -> Examination:
    """What the preflight checks find in a pipeline; everything is left as it was.

    Args:
        pipeline: what is to be trained.
        seconds_each: the time limit of each check; one that needs longer is skipped and says so.
    """
    examination = examine(PREFLIGHT_CHECKS, pipeline, seconds_each=seconds_each)
    once: list[Finding] = []
    for finding in examination.findings:  # an error of the person's code meets every probe
        if finding not in once:
            once.append(finding)
    return Examination(findings=tuple(once), skipped=examination.skipped, seconds=examination.seconds)
