import pytest
import torch
from torch import nn

from kilter.models.normalisation import make_map_norm, make_norm


def test_vectors_against_their_formulas():
    vectors = 3 * torch.randn(5, 16) + 2
    centred = vectors - vectors.mean(1, keepdim=True)
    expected = {
        "layer": centred / centred.square().mean(1, keepdim=True).sqrt(),
        "rms": vectors / vectors.square().mean(1, keepdim=True).sqrt(),
        "none": vectors,
    }
    for name, normed in expected.items():
        torch.testing.assert_close(make_norm(name, 16)(vectors), normed, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize(("channels", "groups"), [(32, 8), (12, 4), (6, 2), (5, 1)])
def test_as_many_groups_as_share_the_channels_evenly(channels, groups):
    assert make_map_norm("group", channels).num_groups == groups


def test_maps_by_name():
    assert isinstance(make_map_norm("batch", 3), nn.BatchNorm2d)
    maps = torch.randn(2, 3, 4, 4)
    assert torch.equal(make_map_norm("none", 3)(maps), maps)


@pytest.mark.parametrize("make", [make_norm, make_map_norm])
def test_an_unknown_name_is_said(make):
    with pytest.raises(ValueError, match="normalisation = 'layr': legal are"):
        make("layr", 4)
