"""The gate after each stage: which findings stop the way."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from kilter.values.finding import Finding, Severity

THRESHOLDS: Final = {"failure": Severity.FAILURE, "warning": Severity.WARNING, "off": None}
"""What a project file or the command line may say, and the severity from which on a finding stops the way."""


def stopping(findings: Iterable[Finding], fail_on: str) -> tuple[Finding, ...]:
    """The findings that stop the way.

    >>> stopping((), "failure")
    ()
    """
    threshold = THRESHOLDS[fail_on]
    return () if threshold is None else tuple(finding for finding in findings if finding.severity >= threshold)
