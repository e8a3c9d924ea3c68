"""What was spent on the models that are compared: settings tried, steps, seconds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kilter.project.consulting import beside
from kilter.project.folder import CONFIG, COST, RATE_SUGGESTION, STATUS, read_json, read_value
from kilter.project.sought import STAGE_OF
from kilter.values.comparison import Effort
from kilter.values.errors import KilterError
from kilter.values.json_form import dumps
from kilter.values.rate_suggestion import RateSuggestion

if TYPE_CHECKING:
    from pathlib import Path

NOT_TRIED: Final = (
    *("origin", "name", "tracking", "gate", "baselines"),
    *("thresholds", "slices", "expect", "references", "report"),
)
"""Sections of a run's settings that change no model."""


def effort_of(folder: Path, *, split: str = "train") -> Effort | None:
    """What the network of a run took, with all others that were trained beside it on the same rows.

    Short trainings by which a rate was found are among them, and the time that finding took.

    Runs that differ in their seed alone are one setting. Runs that kilter cannot read are not counted, and neither are
    those whose training did not end.

    Args:
        folder: of the run.
        split: whose rows must be the same.

    Returns:
        None where no training has ended.
    """
    settings, steps, seconds = set[str](), 0, 0.0
    for run in beside(folder, split):
        try:
            cost, config = read_json(run / COST), read_json(run / CONFIG)
            made, took = int(cost["steps"]), float(cost["seconds"])
            found = read_value(RateSuggestion, run / RATE_SUGGESTION)
            stages = read_json(run / STATUS)["stages"] if (run / STATUS).exists() else ()
            took += sum(float(stage["seconds"]) for stage in stages if stage["name"] in STAGE_OF.values())
        except (KilterError, KeyError, TypeError, ValueError):
            continue
        settings.add(_setting(config))
        for probe in () if found is None else found.probes:  # a short training is a setting that was tried, too
            settings.add(f"{_setting(config)} at {probe.rate}")
            made += probe.steps
        steps, seconds = steps + made, seconds + took
    return Effort(trials=len(settings), steps=steps, seconds=seconds) if settings else None


def _setting(config: dict[str, object]) -> str:
    """What tells a setting from others: everything but the seed and what changes no model."""
    kept = {key: value for key, value in config.items() if key not in NOT_TRIED}
    train = kept.get("train")
    if isinstance(train, dict):
        kept["train"] = {key: value for key, value in train.items() if key != "seed"}
    return dumps(dict(sorted(kept.items())))
