"""What a program says of itself."""

import dataclasses

import pytest

from kilter.values.program import Kind, OutputKind, Program


def test_it_says_what_is_learnt_and_how_long():
    given = Program(make=lambda _: None, task=Kind.TAGGING, classes=5, epochs=3)
    assert repr(given) == "Program(tagging, 5 classes, 3 epochs)"
    assert repr(Program(make=lambda _: None)) == "Program(other)"


def test_it_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Program(make=lambda _: None).epochs = 2


def test_kinds_are_words():
    assert Kind("multilabel") is Kind.MULTILABEL
    assert [str(kind) for kind in OutputKind] == ["logits", "probabilities", "log_probabilities", "values"]
