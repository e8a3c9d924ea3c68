"""Pairs of classes that were confused, each with its examples."""

from __future__ import annotations

from dataclasses import replace

from kilter.report.confused import confused
from kilter.values.evaluation import Confusion, Evaluation, Measures, Mistake
from kilter.values.score import Score


def mistake(name, truth, decided, cost):
    return Mistake(id=name, inputs=f"text of {name}", target=truth, decided=decided, cost=cost)


def evaluated(*mistakes):
    table = Confusion(labels=("a", "b", "c"), counts=((5, 2, 0), (0, 7, 4), (2, 0, 1)))
    score = Score(name="accuracy", value=0.6, low=None, high=None, n=21)
    return Evaluation(
        model="model", split="test", measures=Measures(scores=(score,), confusion=table), mistakes=mistakes
    )


def test_pairs_stand_the_most_frequent_first_with_their_cell_and_class():
    found = confused(evaluated())
    assert [(pair.truth, pair.decided, pair.count, pair.of) for pair in found] == [
        ("b", "c", 4, 11),
        ("a", "b", 2, 7),
        ("c", "a", 2, 3),
    ]
    assert [(pair.row, pair.column) for pair in found] == [(1, 2), (0, 1), (2, 0)]


def test_each_pair_has_its_examples_in_their_order():
    found = confused(evaluated(mistake("1", "b", "c", 9.0), mistake("2", "a", "b", 8.0), mistake("3", "b", "c", 7.0)))
    assert [[m.id for m in pair.examples] for pair in found] == [["1", "3"], ["2"], []]


def test_without_classes_there_are_none():
    bare = evaluated()
    assert confused(replace(bare, measures=replace(bare.measures, confusion=None))) == ()
