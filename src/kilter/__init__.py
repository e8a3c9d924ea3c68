"""kilter keeps neural-network training in kilter.

It proves that a pipeline is correct before compute is spent, trains, evaluates against baselines, and says in a report
what may be believed. Names are imported when they are first used, so that `import kilter` costs nothing.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any, final

if TYPE_CHECKING:
    from kilter.engine.numeric_gradients import Slope, compare_gradients
    from kilter.project.branching import cooldown
    from kilter.project.diagnosing import diagnose
    from kilter.project.finding import find_batch_size, find_learning_rate
    from kilter.project.folder import load_run
    from kilter.project.front import (
        audit,
        check,
        compare,
        describe,
        detectable,
        evaluate,
        make_pipeline,
        plan,
        predict,
        report,
        run,
    )
    from kilter.project.guess import guess
    from kilter.project.reading import Project, read_project
    from kilter.project.resumption import check_resume
    from kilter.project.slicing import find_slices
    from kilter.project.suspecting import find_label_noise
    from kilter.tracking.fitting import fit
    from kilter.training.fit import Fitted
    from kilter.training.foreign_weights import Matched, load_weights
    from kilter.training.watching import Watch, watch
    from kilter.values.comparison import Comparison
    from kilter.values.diagnosis import Diagnosis
    from kilter.values.errors import DataError, Interrupted, KilterError, RecipeError, TrainingError, UsageError
    from kilter.values.evaluation import Evaluation
    from kilter.values.finding import Examination, Finding, Severity
    from kilter.values.history import History
    from kilter.values.pipeline import Pipeline
    from kilter.values.plan import Plan
    from kilter.values.predictions import Predictions
    from kilter.values.program import Program
    from kilter.values.recipe import Recipe
    from kilter.values.run import Run
    from kilter.values.score import Score

    __version__: str

__all__ = [
    "Comparison",
    "DataError",
    "Diagnosis",
    "Evaluation",
    "Examination",
    "Finding",
    "Fitted",
    "History",
    "Interrupted",
    "KilterError",
    "Matched",
    "Pipeline",
    "Plan",
    "Predictions",
    "Program",
    "Project",
    "Recipe",
    "RecipeError",
    "Run",
    "Score",
    "Severity",
    "Slope",
    "TrainingError",
    "UsageError",
    "Watch",
    "__version__",
    "audit",
    "check",
    "check_resume",
    "compare",
    "compare_gradients",
    "cooldown",
    "describe",
    "detectable",
    "diagnose",
    "evaluate",
    "find_batch_size",
    "find_label_noise",
    "find_learning_rate",
    "find_slices",
    "fit",
    "guess",
    "load_run",
    "load_weights",
    "make_pipeline",
    "plan",
    "predict",
    "read_project",
    "report",
    "run",
    "watch",
]

_HOMES = {
    "kilter.engine.numeric_gradients": ("Slope", "compare_gradients"),
    "kilter.project.branching": ("cooldown",),
    "kilter.project.diagnosing": ("diagnose",),
    "kilter.project.finding": ("find_batch_size", "find_learning_rate"),
    "kilter.project.folder": ("load_run",),
    "kilter.project.front": (
        "audit",
        "check",
        "compare",
        "describe",
        "detectable",
        "evaluate",
        "make_pipeline",
        "plan",
        "predict",
        "report",
        "run",
    ),
    "kilter.project.guess": ("guess",),
    "kilter.project.reading": ("Project", "read_project"),
    "kilter.project.resumption": ("check_resume",),
    "kilter.project.suspecting": ("find_label_noise",),
    "kilter.project.slicing": ("find_slices",),
    "kilter.tracking.fitting": ("fit",),
    "kilter.training.fit": ("Fitted",),
    "kilter.training.foreign_weights": ("Matched", "load_weights"),
    "kilter.training.watching": ("Watch", "watch"),
    "kilter.values.diagnosis": ("Diagnosis",),
    "kilter.values.errors": (
        "DataError",
        "Interrupted",
        "KilterError",
        "RecipeError",
        "TrainingError",
        "UsageError",
    ),
    "kilter.values.comparison": ("Comparison",),
    "kilter.values.evaluation": ("Evaluation",),
    "kilter.values.finding": ("Examination", "Finding", "Severity"),
    "kilter.values.history": ("History",),
    "kilter.values.pipeline": ("Pipeline",),
    "kilter.values.plan": ("Plan",),
    "kilter.values.predictions": ("Predictions",),
    "kilter.values.program": ("Program",),
    "kilter.values.recipe": ("Recipe",),
    "kilter.values.run": ("Run",),
    "kilter.values.score": ("Score",),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("kilter")
    if name not in _HOME_OF:
        message = f"module 'kilter' has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(import_module(_HOME_OF[name]), name)


def __dir__() -> list[str]:
    return list(__all__)


@final
class _FrontDoor(ModuleType):
    """Keeps `kilter.report` the function: importing a file of the folder `report` would put the folder in its place."""

    def __setattr__(self, name: str, value: object) -> None:
        if not (name in _HOME_OF and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _FrontDoor
