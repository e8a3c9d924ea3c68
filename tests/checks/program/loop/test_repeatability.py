"""One seed, one training."""

import itertools

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset

from kilter.checks.program.loop.repeatability import Repeatability

COUNTER = itertools.count()
"""Stands for entropy from outside: another number each time."""


def unseeded_weights():
    net = nn.Linear(6, 3)
    net.weight.data.copy_(torch.from_numpy(np.random.default_rng(next(COUNTER)).normal(size=(3, 6))))
    return net


class Rows(Dataset):
    """Rows with noise from a generator of their own."""

    def __init__(self, seed):
        self.generator = np.random.default_rng(seed)

    def __len__(self):
        return 64

    def __getitem__(self, at):
        noise = torch.from_numpy(self.generator.normal(size=6)).float()
        return torch.full((6,), at / 64) + noise, at % 3


def noisy(seed):
    return lambda: DataLoader(Rows(next(COUNTER) if seed is None else seed), 16)


def drawn_in_step(model, optimizer, loss_fn, batch):
    generator = torch.Generator().manual_seed(next(COUNTER))
    optimizer.zero_grad()
    loss = loss_fn(model(batch[0] + torch.randn(batch[0].shape, generator=generator)), batch[1])
    loss.backward()
    optimizer.step()
    return loss


def test_what_draws_from_elsewhere_is_said(alarms):
    for options, word in (
        ({"network": unseeded_weights}, "weights"),
        ({"loader": noisy(None)}, "loader"),
        ({"step": drawn_in_step}, "first step"),
    ):
        (finding,) = alarms(Repeatability(), **options)
        assert finding.causes[0] == "rng_not_seeded"
        assert word in finding.seen


def dropping():
    return nn.Sequential(nn.Linear(6, 12), nn.Dropout(0.5), nn.Linear(12, 3))


def in_place(model, optimizer, loss_fn, batch):
    batch[0].mul_(0.5)
    optimizer.zero_grad()
    loss = loss_fn(model(batch[0]), batch[1])
    loss.backward()
    optimizer.step()
    return loss


def test_what_follows_the_seed(alarms, notes):
    for options in ({}, {"network": dropping}, {"loader": noisy(1)}, {"step": in_place}):
        assert alarms(Repeatability(), **options) == []
        assert notes(Repeatability(), **options) == []


def test_differences_of_rounding_are_a_note(alarms, notes):
    def step(model, optimizer, loss_fn, batch):
        optimizer.zero_grad()
        loss = loss_fn(model(batch[0]), batch[1]) * (1 + 1e-6 * next(COUNTER))
        loss.backward()
        optimizer.step()
        return loss

    assert alarms(Repeatability(), step=step) == []
    (note,) = notes(Repeatability(), step=step)
    assert note.causes == ("nondeterministic_op",)
