from __future__ import annotations

from dataclasses import replace

import pytest

from kilter.report.verdict import best_first, standing_of, verdict
from kilter.values.evaluation import Evaluation, Measures
from kilter.values.finding import Finding, Severity
from kilter.values.history import History
from kilter.values.run import Stage
from kilter.values.score import Score


def with_difference(run, value, low, high, right="linear"):
    """The run with another difference from a baseline."""

    def changed(comparison):
        if comparison.right != right:
            return comparison
        return replace(comparison, difference=replace(comparison.difference, value=value, low=low, high=high))

    return replace(run, comparisons=tuple(map(changed, run.comparisons)))


def with_primary(run, model, value):
    """The run with another primary score of a model."""

    def changed(evaluation):
        if (evaluation.model, evaluation.split) != (model, "test"):
            return evaluation
        first, *others = evaluation.scores
        scores = (replace(first, value=value, low=value - 0.01, high=value + 0.01), *others)
        return replace(evaluation, measures=replace(evaluation.measures, scores=scores))

    return replace(run, evaluations=tuple(map(changed, run.evaluations)))


def test_a_win_beyond_the_interval_leads_with_its_numbers(languages):
    first, second = verdict(languages)
    assert first == (
        "The network beats the best simple baseline, linear, on the test split: accuracy 0.791 [0.774, 0.808] against "
        "0.768 [0.751, 0.785]; the difference in accuracy is 0.023 [0.007, 0.039], above 0."
    )
    assert second == "The exact McNemar test gives p = 0.0082 with Holm correction, on 2,080 examples."


def test_a_baseline_that_wins_leads(regression):
    first, second = verdict(regression)
    assert first == (
        "A simple baseline wins: ridge beats the network on the test split, RMSE (smaller is better) 57.90 "
        "[52.80, 63.00] against 53.40 [48.30, 58.50] for the baseline; the difference in negative squared "
        "error (standard units) is -0.087 [-0.163, -0.011], below 0."
    )
    assert "paired permutation test" in second


def test_a_difference_whose_interval_includes_0_is_no_win(languages):
    first, *_ = verdict(with_difference(languages, 0.01, -0.004, 0.024))
    assert first.startswith("The network does not beat the best simple baseline, linear, on the test split")
    assert "0.010 [-0.004, 0.024], which includes 0." in first


def test_a_difference_that_the_corrected_test_does_not_bear_out_is_no_win(languages):
    doubtful = [replace(c, adjusted_p_value=0.09) for c in languages.comparisons]
    first, second = verdict(replace(languages, comparisons=tuple(doubtful)))
    assert first.startswith("The network does not beat the best simple baseline, linear, on the test split")
    assert "0.023 [0.007, 0.039], above 0, but the test does not bear it out." in first
    assert "p = 0.09 with Holm correction" in second


def test_a_score_and_a_difference_that_disagree_are_no_win(languages):
    others = tuple(replace(c, difference=replace(c.difference, name="F1 per example")) for c in languages.comparisons)
    run = replace(languages, comparisons=others)
    ahead_by_difference, *_ = verdict(with_primary(run, "linear", 0.8))
    assert ahead_by_difference.startswith("The network does not beat")
    assert "it is ahead in F1 per example, by 0.023 [0.007, 0.039], but behind in accuracy." in ahead_by_difference
    ahead_by_score, *_ = verdict(with_difference(run, -0.02, -0.03, -0.01))
    assert ahead_by_score.startswith("The network does not beat")
    assert (
        "it is ahead in accuracy, but the difference in F1 per example is -0.020 [-0.030, -0.010], below 0."
        in ahead_by_score
    )


def test_what_was_evaluated_leads_although_a_gate_stopped_the_run(regression):
    worse = Finding(code="R102", name="no-better", severity=Severity.FAILURE, seen="Ridge is better.", advice="Use it.")
    *others, evaluate = regression.stages
    stage = replace(evaluate, status="gated", findings=(worse,), summary="1 failure.")
    first, _, *rest = verdict(replace(regression, status="gated", stages=(*others, stage)))
    assert first.startswith("A simple baseline wins: ridge beats the network")
    assert rest == [
        "The run did not go to its end (gated at evaluate): 1 failure.",
        "1 failure stands against these numbers, first of all R102 no-better: Ridge is better.",
    ]


def test_another_baseline_that_is_ahead_is_named(languages):
    sentences = verdict(with_difference(languages, -0.05, -0.06, -0.04, right="boosted"))
    assert "boosted is ahead of the network in accuracy: -0.050 [-0.060, -0.040]." in sentences


def test_without_comparison_without_baseline(languages):
    untested, *_ = verdict(replace(languages, comparisons=()))
    assert untested.startswith(
        "Whether the network beats the best simple baseline, linear, on the test split was not tested"
    )
    alone, *_ = verdict(replace(languages, comparisons=(), evaluations=languages.evaluations[:1]))
    assert alone.startswith("No baseline stands beside the network")
    assert "accuracy 0.791 [0.774, 0.808] on the test split, 2,080 examples." in alone


def test_without_a_test_split_the_validation_split_is_used_and_said(languages):
    moved = tuple(
        replace(evaluation, split="valid") for evaluation in languages.evaluations if evaluation.split == "test"
    )
    compared = tuple(replace(comparison, split="valid") for comparison in languages.comparisons)
    first, *others = verdict(replace(languages, evaluations=moved, comparisons=compared))
    assert "on the valid split" in first
    assert any(sentence.startswith("There is no test split") for sentence in others)


def test_failures_beside_good_numbers_are_said(languages):
    leak = Finding(code="D102", name="split-overlap", severity=Severity.FAILURE, seen="12 copies.", advice="Split.")
    audit, *others = languages.stages
    run = replace(languages, stages=(replace(audit, findings=(*audit.findings, leak)), *others))
    assert verdict(run)[-1] == "1 failure stands against these numbers, first of all D102 split-overlap: 12 copies."


def test_a_gate_is_told_with_what_to_do(gated):
    first, second = verdict(gated)
    assert first == "Stopped at audit by 1 failure; nothing was trained."
    seen, advice = (
        "131 of 500 test examples are also in training.",
        "Split by `question`, not by row, or drop the copies.",
    )
    assert second == f"D102 split-overlap: {seen} {advice}"


def test_a_gate_after_training_does_not_say_that_nothing_was_trained(languages, gated):
    train = replace(gated.stages[0], name="train")
    run = replace(languages, status="gated", stages=(*languages.stages[:3], train), evaluations=(), comparisons=())
    assert verdict(run)[0] == "Stopped at train by 1 failure; the stages after it were not run."


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ("failed", "The run failed in train after step 7; nothing is established. Out of memory."),
        ("interrupted", "The run was interrupted in train after step 7; nothing is established. Out of memory."),
        ("running", "The run has not ended in train after step 7; nothing is established yet. Out of memory."),
    ],
)
def test_a_run_that_did_not_end_establishes_nothing(gated, status, said):
    stage = Stage(name="train", status=status, seconds=1.0, summary="Out of memory.")
    history = History().append(7, {"train.loss": 1.0})
    assert verdict(replace(gated, status=status, stages=(stage,), history=history)) == (said,)


def test_a_run_without_anything_has_a_verdict(gated):
    assert verdict(replace(gated, status="done", stages=()))[0].startswith("Nothing was evaluated")
    assert verdict(replace(gated, status="running", stages=()))[0].startswith("The run has not ended;")
    assert verdict(replace(gated, stages=()))[0] == "Stopped at a gate by its findings; nothing was trained."


def test_the_best_comes_first_in_the_direction_of_the_score():
    def evaluation(model, value, *, larger):
        score = Score(name="s", value=value, low=None, high=None, n=1, larger_is_better=larger, undefined="none")
        return Evaluation(model=model, split="test", measures=Measures(scores=(score,)))

    for larger, order in ((True, "cab"), (False, "acb")):
        ranked = best_first([evaluation(m, v, larger=larger) for m, v in (("a", 1.0), ("b", None), ("c", 2.0))])
        assert "".join(e.model for e in ranked) == order


def test_the_standing_holds_what_belongs_to_the_split(languages):
    standing = standing_of(languages)
    assert [baseline.model for baseline in standing.baselines] == ["linear", "boosted", "majority"]
    assert set(standing.comparisons) == {"majority", "linear", "boosted"}
    assert standing_of(replace(languages, evaluations=())) is None
