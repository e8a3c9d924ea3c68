import pytest
import torch
from torch.nn import functional

from kilter.models.activations import make_activation, widening

PLAIN = {
    "relu": functional.relu,
    "gelu": functional.gelu,
    "silu": functional.silu,
    "tanh": torch.tanh,
    "selu": functional.selu,
}
GATES = {"reglu": functional.relu, "geglu": functional.gelu, "swiglu": functional.silu}


@pytest.mark.parametrize("name", PLAIN)
def test_by_name(name):
    features = torch.randn(3, 8)
    torch.testing.assert_close(make_activation(name)(features), PLAIN[name](features))
    assert widening(name) == 1


@pytest.mark.parametrize("name", GATES)
def test_gates_against_two_matrices(name):
    """Shazeer's formula has a matrix for each half; one matrix of both is the same."""
    features, content, gate = torch.randn(5, 4), torch.randn(6, 4), torch.randn(6, 4)
    made = make_activation(name)(features @ torch.cat([content, gate]).T)
    torch.testing.assert_close(made, (features @ content.T) * GATES[name](features @ gate.T))
    assert widening(name) == 2


def test_an_unknown_name_is_said():
    with pytest.raises(ValueError, match="activation = 'rleu': legal are relu, gelu, silu, tanh, selu, reglu"):
        make_activation("rleu")
