"""A run: recipe, history, findings, evaluations and environment; a folder on disk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import final

from kilter.values.batch_suggestion import BatchSuggestion
from kilter.values.comparison import Comparison
from kilter.values.cost import Cost
from kilter.values.evaluation import Evaluation
from kilter.values.expectation import Expected
from kilter.values.finding import Finding, Skipped
from kilter.values.frozen_map import FrozenMap
from kilter.values.history import History
from kilter.values.plan import Plan
from kilter.values.rate_suggestion import RateSuggestion
from kilter.values.sample import Sampled
from kilter.values.walkthrough import Walkthrough


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One stage of the flow as it went: what was found and what it cost."""

    name: str  # audit, baselines, preflight, batch-size, learning-rate, train, evaluate
    status: str  # done, gated, failed, interrupted
    seconds: float
    summary: str
    findings: tuple[Finding, ...] = ()
    skipped: tuple[Skipped, ...] = ()


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """All that is known of a run, read from its folder or just made.

    Attributes:
        path: the folder.
        status: running, done, gated, failed or interrupted.
        config: the resolved project file, defaults included.
        environment: command, versions, seeds, git state, machine, data fingerprints.
        stages: as they went, with their findings.
        history: the curves.
        evaluations: of the trained model and the baselines, by split.
        comparisons: of the trained model with the baselines.
        ladder: from the simplest model to the trained one, each against the one below it.
        untrained: the model before its first step, on the split that judges.
        walkthrough: one example followed through, with the trained weights.
        expected: what was written down before the run, and what became of it.
        consulted: how often each held-out split was looked at to choose or to judge, by split.
        plan: the arithmetic of its training, once it has begun.
        samples: the same few validation examples at each evaluation, with what the model said of them.
        cost: what training took; None where it has not ended.
        batch_size: as it was found; None where nobody left it to be found.
        learning_rate: the same.
        interpretation: what a person wrote of the results, by the question; empty where nobody did.
    """

    path: Path
    status: str
    config: Mapping[str, object] = field(default_factory=dict[str, object])
    environment: Mapping[str, object] = field(default_factory=dict[str, object])
    stages: tuple[Stage, ...] = ()
    history: History = field(default_factory=History)
    evaluations: tuple[Evaluation, ...] = ()
    comparisons: tuple[Comparison, ...] = ()
    ladder: tuple[Comparison, ...] = ()
    untrained: Evaluation | None = None
    walkthrough: Walkthrough | None = None
    expected: Expected | None = None
    consulted: Mapping[str, int] = field(default_factory=dict[str, int])
    plan: Plan | None = None
    samples: tuple[Sampled, ...] = ()
    cost: Cost | None = None
    batch_size: BatchSuggestion | None = None
    learning_rate: RateSuggestion | None = None
    interpretation: Mapping[str, str] = field(default_factory=dict[str, str])

    def __post_init__(self) -> None:
        object.__setattr__(self, "config", FrozenMap(self.config))
        object.__setattr__(self, "environment", FrozenMap(self.environment))
        object.__setattr__(self, "consulted", FrozenMap(self.consulted))
        object.__setattr__(self, "interpretation", FrozenMap(self.interpretation))

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.path.name

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Findings of all stages, in the stages' order."""
        return tuple(finding for stage in self.stages for finding in stage.findings)

    def evaluation(self, split: str, model: str = "model") -> Evaluation | None:
        """The evaluation of a model (by default the trained one) on a split."""
        for evaluation in self.evaluations:
            if (evaluation.split, evaluation.model) == (split, model):
                return evaluation
        return None

    def __repr__(self) -> str:
        last = next((e for e in self.evaluations if (e.split, e.model) == ("test", "model")), None)
        said = f"; {last.primary}" if last else ""
        return f"Run({str(self.path)!r}, {self.status}{said}; {len(self.findings)} findings)"

    def _repr_html_(self) -> str:
        from html import escape

        findings = "".join(finding._repr_html_() for finding in self.findings)
        return f"<p>{escape(repr(self))}</p>{findings}"
