"""The last lines of a command that ends with a run: where it is, its best score, what to do next."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kilter.values.run import Run


def ending(run: Run) -> dict[str, str]:
    """What is said at the end, by its heading, however the run ended."""
    from kilter.project.folder import REPORT
    from kilter.report.expectation import rulings_line

    report = run.path / REPORT
    expected = rulings_line(run.expected)
    said = {"run": f"{run.path} ({run.status})", "best": best(run)} | ({"expected": expected} if expected else {})
    said["next"] = following(run)
    return said | ({"report": str(report)} if report.exists() else {})


def ending_text(run: Run) -> str:
    """The same, a line each."""
    return "".join(f"{heading}: {said}\n" for heading, said in ending(run).items())


def best(run: Run) -> str:
    """The best score so far: of the trained model on the split that judges, and of the validation while it trained."""
    from kilter.training.stopping import best_step
    from kilter.values.recipe import Stop

    said = []
    trained = run.evaluation("test") or run.evaluation("valid")
    if trained is not None:
        said.append(f"{trained.split} {trained.primary}")
    given = run.config.get("stop")
    stop = Stop.model_validate(given) if isinstance(given, dict) else Stop()
    step = best_step(run.history, stop)
    if step is not None:
        curve = run.history[stop.metric]
        value = float(curve.values[curve.steps.searchsorted(step)])
        said.append(f"{stop.metric} {value:.4g} at step {step:,} of {run.history.step:,}")
    return "; ".join(said) or "nothing was evaluated yet"


def following(run: Run) -> str:
    """The command that comes next."""
    path = shlex.quote(str(run.path))
    done = {stage.name for stage in run.stages if stage.status == "done"}
    save = run.config.get("save")
    again = isinstance(save, dict) and save.get("content") == "weights" and "train" not in done
    if run.status in {"interrupted", "running"}:
        return f"kilter train {_project(run)}" if again and run.history.step else f"kilter train --resume {path}"
    if run.status == "gated":
        return f"mend what was found, then kilter run {_project(run)} (--gate off goes on as it is)"
    if run.status == "failed":
        return f"kilter diagnose {path}" if run.history.step else f"mend it, then kilter run {_project(run)}"
    if "train" not in done:
        return f"kilter train --resume {path}"
    return f"kilter predict {path} FILE" if "evaluate" in done else f"kilter evaluate {path}"


def _project(run: Run) -> str:
    origin = run.config.get("origin")
    return shlex.quote(str(origin["project"])) if isinstance(origin, dict) and "project" in origin else "PROJECT"
