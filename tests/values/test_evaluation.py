import pytest

from kilter.values.comparison import Comparison
from kilter.values.evaluation import Evaluation, Measures
from kilter.values.score import Score


def score(value, *, low=None, high=None, larger=True, name="accuracy"):
    return Score(name=name, value=value, low=low, high=high, n=100, larger_is_better=larger, undefined="no positives")


def comparison(low, high):
    return Comparison(
        left="model",
        right="linear",
        split="test",
        difference=score((low + high) / 2, low=low, high=high),
        p_value=0.03,
        test="exact McNemar",
    )


def test_a_score_says_its_interval_or_why_it_has_none():
    assert str(score(0.5, low=0.4, high=0.6)) == "accuracy 0.5 [0.4, 0.6], n = 100"
    assert str(score(0.5)) == "accuracy 0.5, n = 100"
    assert str(score(None)) == "accuracy undefined (no positives), n = 100"


@pytest.mark.parametrize(
    ("left", "right", "larger", "beats"),
    [
        (0.9, 0.8, True, True),
        (0.8, 0.9, True, False),
        (0.8, 0.8, True, False),
        (0.8, 0.9, False, True),
        (0.9, 0.8, False, False),
        (0.1, None, True, True),
        (None, 0.1, True, False),
        (None, None, True, False),
    ],
)
def test_better_follows_the_direction_of_the_score(left, right, larger, beats):
    assert score(left, larger=larger).beats(score(right, larger=larger)) == beats


def test_the_first_score_decides():
    measures = Measures(scores=(score(0.5, name="macro-f1"), score(0.7)))
    evaluation = Evaluation(model="m", split="test", measures=measures)

    assert evaluation.primary.name == measures.primary.name == "macro-f1"
    assert evaluation["accuracy"].value == 0.7
    with pytest.raises(KeyError, match="recall"):
        evaluation["recall"]


@pytest.mark.parametrize(
    ("low", "high", "winner"), [(0.01, 0.1, "model"), (-0.1, -0.01, "linear"), (-0.01, 0.1, None), (0.0, 0.1, None)]
)
def test_a_winner_is_named_only_beyond_the_interval(low, high, winner):
    assert comparison(low, high).winner == winner


def test_a_comparison_says_its_verdict():
    assert str(comparison(0.01, 0.03)).endswith("exact McNemar, p = 0.03: model is better")
    assert str(comparison(-0.01, 0.03)).endswith("no difference is established")


def test_pages_show_names_and_never_run_them():
    evaluation = Evaluation(model="<script>", split="test", measures=Measures(scores=(score(0.5, name="<b>"),)))

    assert "<script>" not in evaluation._repr_html_()
    assert "&lt;script&gt;" in evaluation._repr_html_()
    assert "&lt;b&gt;" in evaluation._repr_html_()
