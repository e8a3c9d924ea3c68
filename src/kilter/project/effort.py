"""What was spent on the models that are compared: settings tried, steps, seconds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kilter.project.consulting import beside
from kilter.project.folder import CONFIG, COST, read_json
from kilter.values.comparison import Effort
from kilter.values.errors import KilterError
from kilter.values.json_form import dumps

if TYPE_CHECKING:
    from pathlib import Path

NOT_TRIED: Final = (
    *("origin", "name", "tracking", "gate", "baselines"),
    *("thresholds", "slices", "expect", "references", "report"),
)
"""Sections of a run's settings that change no model."""


def effort_of(folder: Path, *, split: str = "train") -> Effort | None:
    """What the network of a run took, with all others that were trained beside it on the same rows.

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
        except (KilterError, KeyError, TypeError, ValueError):
            continue
        settings.add(_setting(config))
        steps, seconds = steps + made, seconds + took
    return Effort(trials=len(settings), steps=steps, seconds=seconds) if settings else None


def _setting(config: dict[str, object]) -> str:
    """What tells a setting from others: everything but the seed and what changes no model."""
    kept = {key: value for key, value in config.items() if key not in NOT_TRIED}
    train = kept.get("train")
    if isinstance(train, dict):
        kept["train"] = {key: value for key, value in train.items() if key != "seed"}
    return dumps(dict(sorted(kept.items())))
