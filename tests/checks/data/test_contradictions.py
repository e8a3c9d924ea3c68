"""Equal inputs with different targets, and the ceiling that follows."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kilter.checks.data.contradictions import ContradictingTargets
from kilter.testing.tables import column, dataset
from kilter.values.finding import Finding, Severity
from kilter.values.table import Kind


def texts(pairs):
    columns = {"text": column([pair[0] for pair in pairs]), "y": column([pair[1] for pair in pairs])}
    return dataset(columns, {"text": Kind.TEXT}, shares={"train": 1.0}, shuffled=False)


def test_rows_and_ceiling_are_told_with_the_rows_side_by_side():
    pairs = [("a b c", "x"), ("d e f", "x"), ("a b c", "y"), ("a b c", "x"), ("g h i", "y")]
    (finding,) = ContradictingTargets().examine(texts(pairs))
    assert finding.severity is Severity.WARNING
    assert finding.where == ("train.csv:2", "train.csv:4", "train.csv:5")
    assert finding.evidence["ceiling"] == pytest.approx(4 / 5)
    assert finding.evidence["inputs"] == 1


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("xyz")), min_size=1, max_size=25))
def test_the_ceiling_is_that_of_the_best_table_of_answers(pairs):
    best = {text: max("xyz", key=[label for other, label in pairs if other == text].count) for text, _ in pairs}
    right = sum(best[text] == label for text, label in pairs) / len(pairs)
    found = [said for said in ContradictingTargets().examine(texts(pairs)) if isinstance(said, Finding)]
    assert (found[0].evidence["ceiling"] if found else 1.0) == pytest.approx(right)


def test_rows_without_a_target_contradict_nobody():
    assert list(ContradictingTargets().examine(texts([("a b c", "x"), ("a b c", None)]))) == []


def test_for_amounts_the_ceiling_is_one_of_r_squared():
    draw = np.random.default_rng(0)
    given = np.repeat(draw.normal(size=100), 2)
    target = given + np.tile([0.5, -0.5], 100)
    made = dataset({"x": given, "y": target}, {"x": Kind.NUMBER}, target_kind=Kind.NUMBER)
    (finding,) = ContradictingTargets().examine(made)
    whole = np.concatenate([made[split].columns["y"] for split in made])
    assert finding.evidence["measure"] == "R²"
    assert finding.evidence["ceiling"] == pytest.approx(1 - 0.25 / whole.var())


def test_a_loss_of_less_than_the_threshold_is_a_note():
    pairs = [(f"text number {at}", "x") for at in range(300)] + [("text number 0", "y")]
    (finding,) = ContradictingTargets().examine(texts(pairs))
    assert finding.severity is Severity.NOTE
