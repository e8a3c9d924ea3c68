"""Proving a finding: its remedy is tried, and what comes of it is compared with the training as it is."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from kilter.checks.persons_code import PersonsCodeFailed
from kilter.checks.program.remedies import remedy_for
from kilter.engine.seeding import left_as_found

if TYPE_CHECKING:
    from kilter.checks.program.bench import Bench
    from kilter.checks.program.remedies import Remedy
    from kilter.checks.program.trials import Trial
    from kilter.values.finding import Finding

IN_THE_LOSS: Final = frozenset(
    {"overfitting", "train_in_eval_mode", "overconfident", "bad_output_init", "batch_dim_mixing", "padding_leak"}
)
"""Causes whose harm is in how sure a model is, or outside of full batches, which a metric does not show."""


def prove(bench: Bench, finding: Finding) -> Finding:
    """The same finding, its evidence saying whether the remedy brought the metric back.

    The remedy of its first cause is applied to the program made afresh, which is then trained; the author's metric, and
    the quality of predictions on validation, are compared with the training as it is. A difference counts beyond
    .05 + .5 / sqrt(validation rows), of the metric's own size where that is above one. Where the harm is not in the
    metric, the loss on validation is compared.

    Evidence gets "proved": "restored", "restored in the loss alone", "not restored" or "no remedy known"; "remedy", and
    the numbers before and after.
    """
    with left_as_found():
        try:
            remedy = remedy_for(bench, finding)
            if remedy is None:
                return _with(finding, {"proved": "no remedy known"})
            mended = bench if remedy.program is None else replace(bench, program=remedy.program, _trials={}, _kept={})
            base, other = bench.trial(), mended.trial(remedy.change, share=remedy.share)
        except PersonsCodeFailed as failed:
            return _with(finding, {"proved": "not restored", "broke": f"{type(failed.error).__name__}: {failed.error}"})
    return _with(finding, _compared(bench, finding, remedy, base, other))


def _compared(bench: Bench, finding: Finding, remedy: Remedy, base: Trial, other: Trial) -> dict[str, object]:
    beyond = 0.05 + 0.5 / math.sqrt(max(1, base.rows))
    before, after = _metric(bench, base), _metric(bench, other)
    better = [_above(after, before, beyond), _above(other.valid, base.valid, beyond)]
    if finding.causes[0] in IN_THE_LOSS or all(one is None for one in better):
        better.append(_above(_turned(other.valid_loss), _turned(base.valid_loss), beyond))
    in_the_loss = _above(_turned(other.valid_loss), _turned(base.valid_loss), beyond)
    proved = "restored" if any(better) else "restored in the loss alone" if in_the_loss else "not restored"
    changed = remedy.change.name if remedy.share == 1.0 else f"{remedy.change.name}, {remedy.share:g} times the epochs"
    return {
        "proved": proved,
        "remedy": changed,
        "metric": before,
        "metric with remedy": after,
        "valid": base.valid,
        "valid with remedy": other.valid,
        "valid loss": base.valid_loss,
        "valid loss with remedy": other.valid_loss,
    }


def _metric(bench: Bench, trial: Trial) -> float | None:
    """The author's last metric, turned so that more is better."""
    if not trial.reported:
        return None
    metric = trial.reported[-1][1]
    return metric if bench.program.higher_is_better else -metric


def _turned(loss: float) -> float | None:
    return -loss if math.isfinite(loss) else None


def _above(after: float | None, before: float | None, beyond: float) -> bool | None:
    """Whether one is better than the other beyond chance: of a score as it is, of a loss by its size."""
    if after is None or not math.isfinite(after):
        return None if before is None else False
    if before is None or not math.isfinite(before):
        return True
    return (
        after > before + beyond * max(1.0, abs(before)) if abs(before) > 1 else after > before + beyond * _size(before)
    )


def _size(before: float) -> float:
    """Scores between nought and one are compared as they are."""
    return 1.0 if before >= 0 else abs(before)


def _with(finding: Finding, more: dict[str, object]) -> Finding:
    return replace(finding, evidence={**dict(finding.evidence), **more})
