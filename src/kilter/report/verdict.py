"""The verdict: what may be believed of a run, its first sentence first."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import final

from kilter.report.wording import TRAINED, counted, fixed, interval, p_value, scored, shown
from kilter.values.comparison import Comparison
from kilter.values.evaluation import Evaluation
from kilter.values.finding import Finding, Severity, in_order
from kilter.values.run import Run, Stage

JUDGED_ON = ("test", "valid")  # the first of these splits that was evaluated


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Who stood against whom on the split that decides.

    Attributes:
        split: where it was decided.
        trained: the evaluation of what was trained.
        baselines: the others on the same split, the best first by the score that decides.
        comparisons: of the trained model with each baseline, by the baseline's name.
    """

    split: str
    trained: Evaluation
    baselines: tuple[Evaluation, ...]
    comparisons: Mapping[str, Comparison]

    @property
    def decisive(self) -> Comparison | None:
        """The trained model against the best baseline; None where there is none, or the two were not compared."""
        return self.comparisons.get(self.baselines[0].model) if self.baselines else None


def standing_of(run: Run) -> Standing | None:
    """The trained model and its baselines on the split that decides; None where it was not evaluated."""
    for split in JUDGED_ON:
        trained = run.evaluation(split, TRAINED)
        if trained is not None:
            others = [e for e in run.evaluations if e.split == split and e.model != TRAINED]
            comparisons = {c.right: c for c in run.comparisons if c.split == split and c.left == TRAINED}
            return Standing(split=split, trained=trained, baselines=tuple(best_first(others)), comparisons=comparisons)
    return None


def best_first(evaluations: Iterable[Evaluation]) -> list[Evaluation]:
    """Evaluations by their primary score, those without a value last."""

    def badness(evaluation: Evaluation) -> float:
        score = evaluation.primary
        if score.value is None:
            return math.inf
        return -score.value if score.larger_is_better else score.value

    return sorted(evaluations, key=badness)


def verdict(run: Run) -> tuple[str, ...]:
    """Sentences in the order of their weight; the first one says whether the network beats the best baseline."""
    stopped = next((stage for stage in run.stages if stage.status != "done"), None)
    standing = standing_of(run)
    if standing is not None:
        return (*_judged(standing), *_halted(run, stopped), *doubts(run.findings))
    return _gated(run, stopped) if run.status == "gated" else _unfinished(run, stopped)


def _judged(standing: Standing) -> tuple[str, ...]:
    score, split = standing.trained.primary, standing.split
    if not standing.baselines:
        said = "No baseline stands beside the network, so that nothing is said about whether it is worth its cost"
        return (f"{said}: {score.name} {scored(score)} on the {split} split, {counted(score.n, 'example')}.",)
    best = standing.baselines[0]
    comparison = standing.decisive
    name = score.name if score.larger_is_better else f"{score.name} (smaller is better)"
    versus = f"{name} {scored(score)} against {scored(best.primary)}"
    named = f"the best simple baseline, {shown(best.model)},"
    if comparison is None:
        said = f"Whether the network beats {named} on the {split} split was not tested example by example: {versus}."
        return (said, *caveats(standing))
    return (
        _first(standing, best, comparison, versus),
        judged_by(comparison),
        *_ahead(standing, best),
        *caveats(standing),
    )


def _first(standing: Standing, best: Evaluation, comparison: Comparison, versus: str) -> str:
    """The sentence that decides: won, lost, or not established; both the score and the paired difference must agree."""
    name, split, what = shown(best.model), standing.split, comparison.difference.name
    difference = f"the difference in {what} is {_signed(comparison)}"
    ahead, behind = standing.trained.primary.beats(best.primary), best.primary.beats(standing.trained.primary)
    if comparison.winner == comparison.left and not behind:
        return (
            f"The network beats the best simple baseline, {name}, on the {split} split: "
            f"{versus}; {difference}, above 0."
        )
    if comparison.winner == comparison.right and not ahead:
        return (
            f"A simple baseline wins: {name} beats the network on the {split} split, {versus} for the baseline; "
            f"{difference}, below 0."
        )
    if comparison.winner is None:
        reason = f"{difference}, {_open(comparison)}"
    elif comparison.winner == comparison.left:
        reason = f"it is ahead in {what}, by {_signed(comparison)}, but behind in {standing.trained.primary.name}"
    else:
        reason = f"it is ahead in {standing.trained.primary.name}, but {difference}, below 0"
    return (
        f"The network does not beat the best simple baseline, {name}, on the {split} split beyond the interval of the "
        f"difference: {versus}; {reason}."
    )


def _open(comparison: Comparison) -> str:
    """Why a difference is not established: its interval holds 0, or the test does not bear it out."""
    low, high = comparison.difference.low, comparison.difference.high
    if low is None or high is None:
        return "which has no interval"
    if low <= 0 <= high:
        return "which includes 0"
    return f"{'above' if low > 0 else 'below'} 0, but the test does not bear it out"


def _ahead(standing: Standing, best: Evaluation) -> tuple[str, ...]:
    """Other baselines that are better than the network in the paired difference."""
    return tuple(
        f"{shown(name)} is ahead of the network in {comparison.difference.name}: {_signed(comparison)}."
        for name, comparison in standing.comparisons.items()
        if name != best.model and comparison.winner == comparison.right
    )


def _signed(comparison: Comparison) -> str:
    difference = comparison.difference
    if difference.value is None:
        return f"undefined ({difference.undefined})"
    return f"{fixed(difference.value)} {interval(difference)}"


def judged_by(comparison: Comparison) -> str:
    """The test that judged, with its p-value, its correction and its examples."""
    corrected = f" with {comparison.correction} correction" if comparison.correction and comparison.compared > 1 else ""
    many = counted(comparison.difference.n, "example")
    return f"The {comparison.test} gives p {_equals(p_value(comparison.p))}{corrected}, on {many}."


def _equals(p: str) -> str:
    return p if p.startswith("<") else f"= {p}"


def caveats(standing: Standing) -> tuple[str, ...]:
    """What flatters the numbers, whatever they are."""
    if standing.split == "test":
        return ()
    return ("There is no test split: the numbers come from the split that also chose the checkpoint, and flatter it.",)


def doubts(findings: tuple[Finding, ...]) -> tuple[str, ...]:
    """Failures that stand against the numbers, the first one named."""
    failures = [finding for finding in in_order(findings) if finding.severity is Severity.FAILURE]
    if not failures:
        return ()
    first = failures[0]
    many = f"{counted(len(failures), 'failure')} {'stands' if len(failures) == 1 else 'stand'} against these numbers"
    return (f"{many}, first of all {first.code} {first.name}: {shown(first.seen, 300)}",)


def _halted(run: Run, stopped: Stage | None) -> tuple[str, ...]:
    """That a run which was evaluated did not end as it should have."""
    if run.status == "done":
        return ()
    at = f" at {stopped.name}" if stopped else ""
    said = f": {shown(stopped.summary, 400)}" if stopped and stopped.summary else "."
    return (f"The run did not go to its end ({run.status}{at}){said}",)


def _gated(run: Run, stopped: Stage | None) -> tuple[str, ...]:
    stage = stopped.name if stopped else "a gate"
    findings = in_order(stopped.findings if stopped else run.findings)
    worst = [finding for finding in findings if finding.severity is findings[0].severity]
    trained = any(each.name == "train" for each in run.stages)
    consequence = "the stages after it were not run" if trained else "nothing was trained"
    first = [f"{f.code} {f.name}: {shown(f.seen, 300)} {shown(f.advice, 300)}" for f in worst[:1]]
    what = counted(len(worst), findings[0].severity.word) if worst else "its findings"
    return (f"Stopped at {stage} by {what}; {consequence}.", *first)


def _unfinished(run: Run, stopped: Stage | None) -> tuple[str, ...]:
    at = f" in {stopped.name}" if stopped else ""
    said = f" {shown(stopped.summary, 400)}" if stopped and stopped.summary else ""
    step = f" after step {run.history.step:,}" if run.history.step else ""
    match run.status:
        case "failed":
            return (f"The run failed{at}{step}; nothing is established.{said}",)
        case "interrupted":
            return (f"The run was interrupted{at}{step}; nothing is established.{said}",)
        case "done":
            done = ", ".join(stage.name for stage in run.stages) or "no stage"
            return (f"Nothing was evaluated, so that nothing is established; done: {done}.{said}",)
    return (f"The run has not ended{at}{step}; nothing is established yet.{said}",)
