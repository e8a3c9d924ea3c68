"""Attention that looks at one place only, at all alike, or at padding."""

import math

import pytest
from torch import nn
from torch.nn import functional as F

from kilter.checks.program.model.collapsed_attention import CollapsedAttention
from kilter.values.finding import Skipped


class Attention(nn.Module):
    """Written by hand: scaled or not, over a dimension of one or not, fused or not."""

    def __init__(self, width, *, scale, size=1.0, single=False, fused=False):
        super().__init__()
        self.query, self.key, self.value = (nn.Linear(width, width) for _ in range(3))
        self.scale, self.single, self.fused = scale, single, fused
        for layer in (self.query, self.key):
            nn.init.normal_(layer.weight, 0, size / math.sqrt(width))

    def forward(self, hidden):
        query, key, value = self.query(hidden), self.key(hidden), self.value(hidden)
        if self.fused:
            return F.scaled_dot_product_attention(query[:, None], key[:, None], value[:, None], scale=self.scale)[:, 0]
        products = query @ key.transpose(1, 2) * self.scale
        weights = products[..., None].softmax(-1)[..., 0] if self.single else products.softmax(-1)
        return weights @ value


def _first(hidden, _tokens):
    return hidden[:, 0]


@pytest.mark.parametrize("fused", [True, False])
@pytest.mark.parametrize("seed", [0, 1])
def test_products_that_are_too_large_are_found(fused, seed, parts, program, findings):
    def model(scale):
        return parts.Words(lambda width: Attention(width, scale=scale, size=2.0, fused=fused), width=64, pool=_first)

    given = (parts.data.text, parts.data.verdicts)
    (finding,) = findings(CollapsedAttention(), program(lambda: model(1.0), given), seed)
    assert finding.causes[0] == "attention_collapse"
    assert "one place" in finding.seen
    assert findings(CollapsedAttention(), program(lambda: model(1 / 32), given), seed) == []


def test_shares_that_never_differ_are_found(parts, program, findings):
    def model():
        return parts.Words(lambda width: Attention(width, scale=0.25, single=True), pool=_first)

    (finding,) = findings(CollapsedAttention(), program(model, (parts.data.text, parts.data.verdicts)))
    assert "same weight" in finding.seen


def test_a_mask_that_is_upside_down_is_found(parts, program, findings):
    class Inverted(parts.Transformer):
        def forward(self, tokens):
            hidden = self.embedding(tokens)
            return self.out(self.encoder(hidden, src_key_padding_mask=tokens > 0)[:, 0])

    short = parts.data.lengths < 11
    (finding,) = findings(
        CollapsedAttention(), program(Inverted, (parts.data.padded[short], parts.data.verdicts[short]))
    )
    assert "padding" in finding.seen
    assert finding.causes == ("attention_collapse", "padding_leak")


def test_even_fresh_and_masked_attention_is_silent(parts, program, said):
    def causal(width):
        return nn.Transformer.generate_square_subsequent_mask(width)

    text = parts.data.text
    words = (parts.data.padded, parts.data.verdicts)
    assert said(CollapsedAttention(), program(parts.Transformer, words)) == []
    written = program(
        lambda: parts.Transformer(20, masked=False, pooled=False, mask=causal),
        (text[:, :-1], text[:, 1:]),
        loss=parts.by_token,
        task="generation",
    )
    assert said(CollapsedAttention(), written) == []


def test_zero_queries_move_and_a_softmax_at_the_end_is_no_attention(parts, program, said):
    def model():
        network = parts.Words(lambda width: Attention(width, scale=0.25), pool=_first)
        nn.init.zeros_(network.over.query.weight)
        nn.init.zeros_(network.over.query.bias)
        return network

    assert said(CollapsedAttention(), program(model, (parts.data.text, parts.data.verdicts))) == []
    last = program(lambda: nn.Sequential(parts.mlp(12, 8, 3), nn.Softmax(-1)), (parts.data.numbers, parts.data.classes))
    (skipped,) = said(CollapsedAttention(), last)
    assert isinstance(skipped, Skipped)
