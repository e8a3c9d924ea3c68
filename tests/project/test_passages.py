"""What an example is at each point of its way."""

import numpy as np
import torch

from kilter.engine.tracing import Layer
from kilter.project.passages import as_read, cell, parameter_table, some_of, through_layers, token_of
from kilter.values.batch import Example


def test_cells_are_said_as_they_are():
    assert cell(None) == cell(float("nan")) == "missing"
    assert cell(("a", "b")) == "a b"
    assert cell(0.1 + 0.2) == "0.3"
    assert cell(np.arange(6).reshape(2, 3)) == "(2, 3) int64, from 0 to 5"


def test_a_row_is_shown_with_its_target_and_weight():
    passage = as_read(Example(inputs={"a": 1.0}, target="x", id="t:1", weight=2.0))
    assert passage.rows == (("a", "input", "1"), ("", "target", "x"))
    assert "It counts 2 times." in passage.said


def test_marks_have_names_and_ids_without_a_vocabulary_none():
    assert [token_of(number, None) for number in (0, 1, 2, 3, 4, 5)] == [
        "(padding)",
        "(unknown)",
        "(begin)",
        "(end)",
        "(between)",
        "",
    ]


def test_long_tensors_are_cut():
    assert some_of(torch.arange(3.0)) == "0, 1, 2"
    assert some_of(torch.arange(9.0), most=2) == "0, 1, … (9 in all)"


def test_layers_and_heads_stand_with_their_shapes():
    layer = Layer(name="cell", kind="GRU", shapes=((1, 4), (2, 1, 3)), parameters=1200, times=5)
    silent = Layer(name="print", kind="Say", shapes=(), parameters=0)
    passage = through_layers([layer, silent], {"a": torch.zeros(1, 3)})
    assert passage.rows[0] == ("cell", "GRU × 5", "(1, 4), (2, 1, 3)", "1,200")
    assert passage.rows[1][2] == "no tensor"
    assert passage.rows[2] == ("a", "what the model returns", "(1, 3)", "")


def test_frozen_parameters_are_told():
    model = torch.nn.Linear(3, 2)
    model.bias.requires_grad_(False)
    passage = parameter_table(model)
    assert passage.said == "8 numbers in 2 parameters, 6 of them trainable; 32 bytes."
    assert passage.rows == (("weight", "(2, 3)", "6", "yes"), ("bias", "(2)", "2", "no"))
