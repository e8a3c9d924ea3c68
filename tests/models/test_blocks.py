import pytest
import torch
from torch import nn

from kilter.models.blocks import Block

ACTIVATIONS = ["relu", "gelu", "silu", "tanh", "selu", "reglu", "geglu", "swiglu"]


def states_and_mask():
    torch.manual_seed(0)
    lengths = torch.tensor([7, 4, 1])
    return torch.randn(3, 7, 16), torch.arange(7)[None] < lengths[:, None]


@pytest.mark.parametrize("norm", ["pre", "post"])
@pytest.mark.parametrize("activation", ["relu", "gelu"])
def test_against_torchs_encoder_layer(norm, activation):
    states, mask = states_and_mask()
    block = Block(16, 4, 2, activation, 0.0, norm=norm)
    twin = nn.TransformerEncoderLayer(
        16, 4, 32, dropout=0.0, activation=activation, batch_first=True, norm_first=norm == "pre"
    )
    with torch.no_grad():
        for parameter in block.parameters():
            parameter.normal_(std=0.3)
        twin.self_attn.in_proj_weight.copy_(torch.cat([block.query.weight, block.key.weight, block.value.weight]))
        twin.self_attn.in_proj_bias.copy_(torch.cat([block.query.bias, block.key.bias, block.value.bias]))
    pairs = [
        (twin.self_attn.out_proj, block.joined),
        (twin.linear1, block.feedforward[0]),
        (twin.linear2, block.feedforward[3]),
        (twin.norm1, block.attention_norm),
        (twin.norm2, block.feedforward_norm),
    ]
    for theirs, ours in pairs:
        theirs.load_state_dict(ours.state_dict())
    expected = twin(states, src_key_padding_mask=~mask)
    torch.testing.assert_close(block(states, mask)[mask], expected[mask], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("norm", ["pre", "post"])
@pytest.mark.parametrize("normalisation", ["layer", "rms", "none"])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_parameter_learns(norm, normalisation, activation):
    states, mask = states_and_mask()
    block = Block(16, 4, 2, activation, 0.1, norm=norm, normalisation=normalisation)
    torch.autograd.backward((block(states, mask) * torch.randn_like(states)).sum())
    assert [name for name, parameter in block.named_parameters() if parameter.grad is None] == []


def test_a_gated_block_has_about_as_many_weights():
    sizes = {name: sum(p.numel() for p in Block(96, 4, 4, name, 0.0).parameters()) for name in ("gelu", "geglu")}
    assert sizes["geglu"] == pytest.approx(sizes["gelu"], rel=0.01)


def test_each_token_may_have_a_mask_of_its_own():
    states, _ = states_and_mask()
    block = Block(16, 4, 2, "gelu", 0.0)
    before = torch.ones(7, 7, dtype=torch.bool).tril().expand(3, 7, 7)
    answers = block(states, before)
    changed = states.clone()
    changed[:, 5:] = 0
    torch.testing.assert_close(block(changed, before)[:, :5], answers[:, :5])
    assert not torch.allclose(block(changed, before)[:, 5:], answers[:, 5:])


def test_branches_that_weigh_nothing_add_nothing():
    states, mask = states_and_mask()
    block = Block(16, 4, 2, "geglu", 0.0)
    with torch.no_grad():
        for weight in block.branch_weights():
            weight.zero_()
        block.joined.bias.zero_()
        block.feedforward[3].bias.zero_()
    assert torch.equal(block(states, mask), states)


def test_heads_share_the_width():
    with pytest.raises(ValueError, match="width = 16 with heads = 3"):
        Block(16, 3, 2, "gelu", 0.0)
