"""What probes saw and what curves showed, as one list: roots before consequences, nothing twice."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from kilter.checks.program.fitting import FITTING_CHECKS
from kilter.checks.program.mechanisms import OF_TRAINING
from kilter.values.finding import Examination, Finding, Severity, in_order

if TYPE_CHECKING:
    from collections.abc import Iterable

BEHIND: Final = "behind-simple-models"
"""The probe that only compares with other models: it tells that something is wrong, and nothing of what."""

OF_TRIALS: Final = frozenset(check.name for check in FITTING_CHECKS) - {BEHIND}
"""Probes that train with one thing changed, or look at how far the training itself gets."""


def join(probed: Examination, rehearsed: Examination) -> Examination:
    """One examination of what probes found in a training and what its rehearsal showed.

    A symptom in the curves that a probe's finding explains is no finding of its own: it is told in the evidence of
    that one ("rehearsed"), whose severity becomes that of the symptom, if that is graver. What nothing explains stands
    behind the findings of probes of the same severity, since a probe has seen what a curve lets one infer; only a
    comparison with simple models, which tells no cause, stands behind both.
    """
    symptoms: dict[int, list[Finding]] = {}
    own: list[Finding] = []
    for symptom in rehearsed.findings:
        if any((symptom.name, symptom.seen) == (each.name, each.seen) for each in probed.findings):
            continue
        at = next((at for at, root in enumerate(probed.findings) if explains(root, symptom)), None)
        if at is None:
            own.append(symptom)
        else:
            symptoms.setdefault(at, []).append(symptom)
    roots = [_confirmed(root, symptoms.get(at, ())) for at, root in enumerate(probed.findings)]
    told = (*in_order(roots), *in_order(own))
    return Examination(
        findings=tuple(sorted(told, key=lambda finding: (-finding.severity, finding.name == BEHIND))),
        skipped=(*probed.skipped, *rehearsed.skipped),
        seconds={**probed.seconds, **rehearsed.seconds},
    )


def explains(root: Finding, symptom: Finding) -> bool:
    """Whether what a probe found is a reason for what the curves show.

    It is where both name a cause in common; of what was merely noted, where the probe's first cause is among those of
    the symptom. A mechanism that was seen at work, and can keep a loss from falling, explains whatever curves show:
    once it is mended, they are others. So does what a training with one thing changed has told, of what is no graver.
    """
    if root.severity is Severity.NOTE:
        return root.causes[:1] != () and root.causes[0] in symptom.causes
    if root.name in OF_TRAINING or not set(root.causes).isdisjoint(symptom.causes):
        return True
    return root.name in OF_TRIALS and root.severity >= symptom.severity


def _confirmed(root: Finding, symptoms: Iterable[Finding]) -> Finding:
    seen = tuple(symptoms)
    if not seen:
        return root
    severity = max(root.severity, *(symptom.severity for symptom in seen))
    told = [f"{symptom.code} {symptom.name}: {symptom.seen}" for symptom in seen]
    return replace(root, severity=severity, evidence={**root.evidence, "rehearsed": told})
