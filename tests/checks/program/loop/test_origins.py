"""Where values come from."""

import copy

import pytest
import torch
from torch import nn

from kilter.checks.program.loop.origins import copies, declared, drawn_at_random, has_order, module_of
from kilter.values.pipeline import Pipeline


@pytest.mark.parametrize("seed", range(5))
def test_what_is_drawn_has_no_order(seed):
    generator = torch.Generator().manual_seed(seed)
    for matrix in (torch.randn(16, 2, generator=generator), torch.rand(64, 48, generator=generator) - 0.5):
        assert not has_order(matrix)
    assert not has_order(nn.init.orthogonal_(torch.empty(24, 24), generator=generator))
    padded = torch.randn(20, 8, generator=generator)
    padded[0] = 0
    assert not has_order(padded)


def test_what_was_learnt_has_order():
    torch.manual_seed(0)
    x = torch.randn(256, 20)
    y = (x[:, :3].sum(1) > 0).long()
    net = nn.Sequential(nn.Linear(20, 32), nn.ReLU(), nn.Linear(32, 2))
    assert not has_order(net[0].weight)
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-2)
    for _ in range(60):
        optimizer.zero_grad()
        nn.functional.cross_entropy(net(x), y).backward()
        optimizer.step()
    assert has_order(net[0].weight)
    assert has_order(torch.sin(torch.arange(30)[:, None] / torch.arange(1, 9)))


def fixed(model, _):
    model[0].weight.data.copy_(torch.randn(12, 6, generator=torch.Generator().manual_seed(3)))


def test_random_is_what_differs_from_seed_to_seed(bench_of):
    names = ("0.weight", "0.bias", "2.weight", "2.bias")
    assert drawn_at_random(bench_of(), names) == set(names)
    assert drawn_at_random(bench_of(prepare=fixed), names) == {"2.weight", "2.bias"}
    assert drawn_at_random(bench_of(), ("elsewhere",)) == set()


def test_declarations():
    about = Pipeline.from_loop(print, frozen=["body."], pretrained=["words"])
    assert declared(about, "body.0.weight")
    assert declared(about, "words.weight")
    assert not declared(about, "head.weight")
    assert declared(Pipeline.from_loop(print, frozen=True), "head.weight")
    assert module_of("body.0.weight") == "body.0"
    assert module_of("weight") == ""


def alike(model, _):
    model[1] = copy.deepcopy(model[0])


def test_modules_that_began_as_copies(bench_of):
    def network():
        return nn.Sequential(nn.Linear(6, 6), nn.Linear(6, 6), nn.Linear(6, 3))

    assert copies(bench_of(network=network).recording) == set()
    names = {"0.weight", "0.bias", "1.weight", "1.bias"}
    assert copies(bench_of(network=network, prepare=alike).recording) == names
