"""How the model did against each baseline."""

from dataclasses import replace

import pytest

from kilter.checks.results.baselines import Verdict, contests
from kilter.testing.healthy.outcomes import of_amounts, of_classes
from kilter.values.evaluation import Evaluation, Measures
from kilter.values.score import Score


def test_each_baseline_has_its_verdict_the_simplest_first():
    found = contests(of_classes(0.7, linear=0.85))
    assert [(contest.baseline.model, contest.verdict) for contest in found] == [
        ("majority", Verdict.BETTER),
        ("linear", Verdict.WORSE),
    ]
    assert found[1].said.startswith("linear: difference in accuracy -0.1")


def scored(model, low, high, *, larger=True):
    score = Score(name="a", value=(low + high) / 2, low=low, high=high, n=100, larger_is_better=larger)
    return Evaluation(model=model, split="test", measures=Measures(scores=(score,)))


@pytest.mark.parametrize(
    ("model", "baseline", "larger", "verdict"),
    [
        ((0.8, 0.9), (0.5, 0.6), True, Verdict.BETTER),
        ((0.8, 0.9), (0.5, 0.6), False, Verdict.WORSE),
        ((0.5, 0.6), (0.55, 0.7), True, Verdict.OPEN),
        ((0.1, 0.2), (0.5, 0.6), True, Verdict.WORSE),
    ],
)
def test_without_a_comparison_intervals_decide(model, baseline, larger, verdict):
    outcome = replace(
        of_amounts(),
        evaluation=scored("model", *model, larger=larger),
        baselines=(scored("mean", *baseline, larger=larger),),
        comparisons=(),
    )
    (contest,) = contests(outcome)
    assert contest.verdict is verdict
    assert contest.said.startswith("mean: a ")
