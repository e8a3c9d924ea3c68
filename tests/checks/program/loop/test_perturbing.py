"""Other values, and what they do to the loss."""

import math

import torch
from torch import nn

from kilter.checks.program.loop.perturbing import inputs_without_graph, loss_of, moves_the_loss, perturbed


class Spare(nn.Module):
    """A layer takes no part."""

    def __init__(self):
        super().__init__()
        self.out, self.spare = nn.Linear(6, 3), nn.Linear(2, 2)

    def forward(self, x):
        return self.out(x)


def test_parameters_are_other_ones_and_then_the_same(bench_of):
    made = bench_of(network=Spare).made()
    before = made.model.out.weight.detach().clone()
    with perturbed(made, ["out.weight"]):
        assert not torch.equal(made.model.out.weight, before)
    assert torch.equal(made.model.out.weight, before)


def test_what_the_loss_depends_on(bench_of):
    bench = bench_of(network=Spare)
    made, batch = bench.made(), bench.batches(1)[0]
    assert moves_the_loss(bench, made, batch, ["out.weight"]) is True
    assert moves_the_loss(bench, made, batch, ["spare.weight"]) is False
    assert loss_of(bench, made, batch) == float(nn.functional.cross_entropy(made.model(batch[0]), batch[1]).detach())


def test_a_loss_that_is_no_number_says_nothing(bench_of):
    def step(model, optimizer, loss_fn, batch):
        loss = loss_fn(model(batch[0]), batch[1]) * math.nan
        loss.backward()
        return loss

    bench = bench_of(step=step)
    assert moves_the_loss(bench, bench.made(), bench.batches(1)[0], ["0.weight"]) is None


def test_inputs_without_a_graph(bench_of):
    bench = bench_of()
    made, batch = bench.made(), bench.batches(1)[0]
    with inputs_without_graph(made.model) as noted:
        bench.peek(made, batch)
    assert [name for name, _ in noted] == ["0"]
    assert torch.equal(noted[0][1], batch[0])
