"""Weights that were tied."""

import copy

import torch
from torch import nn

from kilter.checks.examination import examine
from kilter.checks.program.loop.broken_ties import BrokenTies
from kilter.checks.program.loop.membership import Membership


class Words(nn.Module):
    """An embedding, and an output layer with a copy of its weights, or with the weights themselves."""

    def __init__(self, *, shared):
        super().__init__()
        self.words, self.out = nn.Embedding(10, 8), nn.Linear(8, 10, bias=False)
        if shared:
            self.out.weight = self.words.weight
        else:
            self.out.weight.data = self.words.weight.data.clone()

    def forward(self, x):
        return self.out(self.words((x * 2 + 5).long().clamp(0, 9)).mean(1))


class Code(nn.Module):
    """An encoder, and a decoder that began as its transpose."""

    def __init__(self):
        super().__init__()
        self.encoder, self.decoder = nn.Linear(6, 12), nn.Linear(12, 6)
        self.decoder.weight.data.copy_(self.encoder.weight.T)

    def forward(self, x):
        return self.decoder(torch.relu(self.encoder(x)))


class Stack(nn.Module):
    """Two layers that began as one, as in torch's own transformer."""

    def __init__(self):
        super().__init__()
        first = nn.Linear(6, 6)
        self.layers = nn.ModuleList([first, copy.deepcopy(first)])

    def forward(self, x):
        for layer in self.layers:
            x = torch.tanh(layer(x))
        return x


def test_copies_that_go_apart(alarms):
    for network in (lambda: Words(shared=False), Code):
        (finding,) = alarms(BrokenTies(), network=network)
        assert finding.causes == ("tied_weights_broken",)


def test_a_copy_that_no_optimizer_holds_is_a_broken_tie(bench_of):
    def embedding_only(model):
        return torch.optim.SGD(model.words.parameters(), lr=0.1)

    bench = bench_of(network=lambda: Words(shared=False), optimizer=embedding_only)
    found = examine((Membership(), BrokenTies()), bench).findings
    assert [finding.name for finding in found] == ["broken-ties"]


def test_ties_that_hold_and_layers_that_only_began_alike(alarms):
    assert alarms(BrokenTies()) == []
    assert alarms(BrokenTies(), network=lambda: Words(shared=True)) == []
    assert alarms(BrokenTies(), network=Stack) == []
