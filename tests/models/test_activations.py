import pytest
from torch import nn

from kilter.models.activations import make_activation


def test_by_name():
    assert [type(make_activation(name)) for name in ("relu", "gelu", "tanh")] == [nn.ReLU, nn.GELU, nn.Tanh]


def test_an_unknown_name_is_said():
    with pytest.raises(ValueError, match="activation = 'rleu': legal are relu, gelu, tanh"):
        make_activation("rleu")
