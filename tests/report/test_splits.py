from __future__ import annotations

from dataclasses import replace

import pytest

from kilter.report.splits import began_lines, chosen_lines, gap_lines, gaps, split_section
from kilter.values.document import Grid, Heading, Paragraph
from kilter.values.evaluation import Chosen, Measures
from kilter.values.score import Score


def with_primary(run, split, **changes):
    """The run, its trained model's first score on a split changed."""

    def changed(evaluation):
        if (evaluation.model, evaluation.split) != ("model", split):
            return evaluation
        first, *others = evaluation.scores
        return replace(evaluation, measures=replace(evaluation.measures, scores=(replace(first, **changes), *others)))

    return replace(run, evaluations=tuple(map(changed, run.evaluations)))


def test_splits_stand_side_by_side_in_the_order_of_their_use_with_where_the_network_began(languages):
    heading, splits, _, _ = split_section(languages)
    assert heading == Heading(text="Splits", anchor="splits")
    assert splits.columns == (
        "score",
        "train (2,080)",
        "valid (2,080)",
        "test (2,080)",
        "before training (test)",
    )
    assert splits.rows[0] == (
        "accuracy",
        "0.921 [0.904, 0.938]",
        "0.803 [0.786, 0.820]",
        "0.791 [0.774, 0.808]",
        "0.064 [0.047, 0.081]",
    )
    assert [row[0] for row in splits.rows] == ["accuracy", "macro-F1", "cross-entropy ↓"]
    assert splits.caption == "The network on each split, with its examples. ↓: smaller is better."


def test_a_gap_is_above_0_where_the_training_rows_are_answered_better_whatever_the_score(languages):
    _, _, ahead, _ = split_section(languages)
    assert ahead.columns == ("score", "train ahead of valid", "train ahead of test")
    assert ahead.rows[0] == ("accuracy", "0.118 [0.094, 0.142]", "0.130 [0.106, 0.154]")
    assert ahead.rows[2] == ("cross-entropy", "0.444 [0.387, 0.501]", "0.491 [0.434, 0.548]")
    train, test = languages.evaluation("train").primary, languages.evaluation("test").primary
    assert gaps(languages)["test"]["accuracy"] == train.minus(test)


def test_what_a_gap_means_is_said(languages):
    _, _, _, said = split_section(languages)
    assert isinstance(said, Paragraph)
    assert said.text == (
        "Train is ahead of valid by 0.118 [0.094, 0.142] in accuracy: so much does not carry over. Train is ahead of"
        " test by 0.130 [0.106, 0.154] in accuracy: so much does not carry over. Before its first step the network had"
        " accuracy 0.064 [0.047, 0.081] on test."
    )


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0.8, "No gap between train and test is established in accuracy: 0.009 [-0.015, 0.033]."),
        (0.7, "Train is behind test in accuracy: -0.091 [-0.115, -0.067]."),
    ],
)
def test_a_gap_that_is_none_is_not_called_one(languages, value, said):
    run = with_primary(languages, "train", value=value, low=value - 0.017, high=value + 0.017)
    assert gap_lines(run)[1] == said


def test_an_undefined_score_has_an_undefined_gap_and_no_sentence(languages):
    run = with_primary(languages, "test", value=None, low=None, high=None, undefined="one class")
    assert len(gap_lines(run)) == 1
    _, splits, ahead, _ = split_section(run)
    assert splits.rows[0][3] == "undefined"
    assert ahead.rows[0][2] == "undefined"


def test_one_split_alone_is_no_comparison(intents):
    assert list(split_section(intents)) == []


def test_without_training_rows_there_is_no_gap(languages):
    evaluations = tuple(evaluation for evaluation in languages.evaluations if evaluation.split != "train")
    blocks = list(split_section(replace(languages, evaluations=evaluations)))
    (splits,) = (block for block in blocks if isinstance(block, Grid))
    assert splits.columns[:3] == ("score", "valid (2,080)", "test (2,080)")
    assert (blocks[-1].text,) == began_lines(languages)


def test_weights_that_no_step_has_made_better_are_said_to_be_those_of_the_beginning(languages):
    run = replace(languages, untrained=languages.evaluation("test"))
    (said,) = began_lines(run)
    assert said == (
        "Before its first step the network had accuracy 0.791 [0.774, 0.808] on test, and it has no other since:"
        " no step has made it better."
    )
    assert began_lines(replace(languages, untrained=None)) == ()


def with_chosen(run, chosen):
    return replace(
        run,
        evaluations=tuple(
            replace(e, chosen=chosen) if (e.model, e.split) == ("model", "valid") else e for e in run.evaluations
        ),
    )


def test_weights_that_were_chosen_are_said_to_look_better_where_they_were(languages):
    chosen = Chosen(metric="valid.loss", value=0.499, evaluations=21, close=13, optimism=0.0162)
    run = with_chosen(languages, chosen)
    (said,) = chosen_lines(run)
    assert said == (
        "The weights have the best loss on valid of 21 evaluations, 0.499; its rows do not tell 13 of these apart, so"
        " that having been chosen makes it look better than it is by up to 0.016 (as much as if these were equally"
        " good)."
    )
    assert said in list(split_section(run))[-1].text
    (alone,) = chosen_lines(with_chosen(languages, replace(chosen, close=1, optimism=0.0)))
    assert alone.endswith("no other comes close to it on so many rows, and choosing it adds next to nothing.")
    assert chosen_lines(languages) == ()


def test_many_scores_stand_below_each_other_and_those_of_one_split_alone_have_dashes(languages):
    def many(evaluation, count):
        scores = tuple(
            Score(name=f"task{at}.rmse", value=at / 10, low=None, high=None, n=5, larger_is_better=False)
            for at in range(count)
        )
        return replace(evaluation, measures=Measures(scores=scores))

    trained = languages.evaluation("test")
    evaluations = (many(replace(trained, split="valid"), 9), many(trained, 8))
    _, splits = split_section(replace(languages, evaluations=evaluations, untrained=None))
    assert splits.columns == ("score", "valid (5)", "test (5)")
    assert len(splits.rows) == 9
    assert splits.rows[3] == ("task3.rmse ↓", "0.300", "0.300")
    assert splits.rows[8] == ("task8.rmse ↓", "0.800", "–")


def test_an_interval_that_may_not_hold_is_marked_and_told(languages):
    _, splits, ahead, _ = split_section(with_primary(languages, "test", caution="such intervals held less"))
    for grid in (splits, ahead):
        assert grid.rows[0][-2 if grid is splits else -1].endswith("†")
        assert " † accuracy: such intervals held less." in grid.caption


def test_a_score_of_which_neither_more_nor_less_is_better_has_no_gap(languages):
    meant = with_primary(languages, "test", name="within_90", meant=0.9)
    meant = with_primary(meant, "train", name="within_90", meant=0.9)
    assert "within_90" not in gaps(meant)["test"]
    assert "within_90" in {row[0] for row in list(split_section(meant))[1].rows}
    assert all(row[0] != "within_90" for row in list(split_section(meant))[2].rows)
