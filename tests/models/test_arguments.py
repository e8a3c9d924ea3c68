from functools import partial

import pytest
from torch import nn

from kilter.models.arguments import defaults_of, faults_in, listed, unlisted
from kilter.models.cnn import Cnn
from kilter.models.mlp import Mlp
from kilter.models.recurrent import Recurrent


def build(inputs, outputs, *, width: int = 4, share: float = 0.5, widths: tuple[int, ...] = (1, 2), form: str = "row"):
    return nn.Linear(width, outputs)


def faults(builder, beside=(), **given):
    return [str(fault) for fault in faults_in(builder, given, beside=dict(beside))]


def test_arguments_are_keyword_only_and_not_what_the_task_decides():
    assert defaults_of(build) == {"width": 4, "share": 0.5, "widths": [1, 2]}
    assert "cell" in defaults_of(Recurrent)
    assert "cell" not in defaults_of(partial(Recurrent, cell="gru"))


def test_what_is_legal_is_no_fault():
    assert faults(build, width=3, share=1, widths=[4]) == []
    assert faults(build, beside={"seed": (int, 0)}, seed=3) == []
    assert all(faults(builder, **defaults_of(builder)) == [] for builder in (build, Recurrent, Cnn))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"width": "wide"}, "model.width = 'wide': must be a whole number"),
        ({"width": 2.5}, "model.width = 2.5: must be a whole number"),
        ({"share": True}, "model.share = true: must be a number"),
        ({"share": float("nan")}, "model.share = nan: must be a finite number"),
        ({"widths": [1, "a"]}, "model.widths.1 = 'a': must be a whole number"),
        ({"widths": 3}, "model.widths = 3: must be a list"),
        ({"widht": 3}, "model.widht: unknown key; did you mean 'width'?"),
        ({"form": "row"}, "model.form: unknown key; legal are share, width, widths"),
    ],
)
def test_each_fault_says_what_was_met_and_what_is_legal(given, said):
    assert [fault.startswith(said) for fault in faults(build, **given)] == [True]


def test_all_faults_at_once_and_names_with_what_was_meant():
    said = faults(partial(Recurrent, cell="gru"), pooling="meen", dropout="high", cell="lstm")
    assert len(said) == 3
    assert any("did you mean 'mean'" in fault for fault in said)
    assert any(fault.startswith("model.cell: unknown key") for fault in said)


def test_bounds():
    said = faults(Recurrent, width=0, layers=-1, dropout=1.0)
    assert said[0].startswith("model.width = 0: must be 1 or more")
    assert said[1].startswith("model.layers = -1: must be 1 or more")
    assert said[2].startswith("model.dropout = 1.0: must be less than 1")
    assert faults(Mlp, depth=0) == []
    assert faults(Mlp, depth=-1)[0].startswith("model.depth = -1: must be 0 or more")


def test_lists_and_tuples():
    assert (listed((1, 2)), listed("ab")) == ([1, 2], "ab")
    assert (unlisted([1, 2]), unlisted("ab")) == ((1, 2), "ab")
