import math

import pytest
import torch
from torch import nn

from kilter.models.initialisation import EMBEDDING_DEVIATION, OUTPUT_GAIN, initialise


class Deep(nn.Module):
    def __init__(self, activation=nn.ReLU, width=256, layers=10):
        super().__init__()
        parts = [part for _ in range(layers) for part in (nn.Linear(width, width), activation())]
        self.hidden = nn.Sequential(*parts)
        self.output = nn.Linear(width, 4)

    def forward(self, features):
        return self.output(self.hidden(features))


@pytest.mark.parametrize("activation", [nn.ReLU, nn.Tanh, nn.Identity])
def test_signals_keep_their_size_through_ten_layers(activation):
    torch.manual_seed(0)
    model = Deep(activation)
    initialise(model)
    features = torch.randn(512, 256)
    assert 0.3 < model.hidden(features).square().mean() / features.square().mean() < 2.0


def test_variances_against_their_formulas():
    torch.manual_seed(0)
    model = Deep(nn.ReLU, width=400, layers=1)
    initialise(model)
    assert model.hidden[0].weight.std().item() == pytest.approx(math.sqrt(2 / 400), rel=0.02)
    expected = OUTPUT_GAIN * math.sqrt(2 / (400 + 4))
    assert model.output.weight.std().item() == pytest.approx(expected, rel=0.06)
    assert not model.output.bias.any()


def test_what_was_loaded_stays():
    model = Deep(layers=1)
    before = model.hidden[0].weight.clone()
    initialise(model, loaded=["hidden.0.weight"])
    assert torch.equal(model.hidden[0].weight, before)
    assert not model.hidden[0].bias.any()


def test_embeddings_norms_and_forget_gates():
    torch.manual_seed(0)
    model = nn.ModuleDict(
        {"words": nn.Embedding(500, 20, padding_idx=0), "norm": nn.LayerNorm(20), "cells": nn.LSTM(20, 30)}
    )
    initialise(model)
    words, norm, cells = (model[name] for name in ("words", "norm", "cells"))
    assert not words.weight[0].any()
    assert words.weight[1:].std().item() == pytest.approx(EMBEDDING_DEVIATION, rel=0.05)
    assert norm.weight.eq(1).all()
    gate = cells.weight_hh_l0[:30]
    torch.testing.assert_close(gate @ gate.T, torch.eye(30), atol=1e-5, rtol=0)
    assert cells.bias_ih_l0[30:60].eq(1).all()
    assert cells.bias_ih_l0.sum() == 30
