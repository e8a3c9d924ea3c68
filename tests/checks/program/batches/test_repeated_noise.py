"""Augmentation that repeats itself."""

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, Dataset, TensorDataset

from kilter.checks.program.batches.repeated_noise import RepeatedNoise


class Changed(Dataset):
    """Rows to which something is done each time."""

    def __init__(self, x, y, change):
        self.x, self.y, self.change = x, y, change

    def __len__(self):
        return len(self.x)

    def __getitem__(self, row):
        return self.change(self.x[row], row), self.y[row]


class SeededEpochs:
    """A loader that seeds before each epoch, with a number that a function of the epoch gives."""

    def __init__(self, loader, seed):
        self.loader, self.seed, self.epoch = loader, seed, 0

    def __iter__(self):
        torch.manual_seed(self.seed(self.epoch))
        self.epoch += 1
        return iter(self.loader)


def _bench(make, data, change, wrap=lambda loader: loader):
    x, y, *valid = data

    def loaders():
        rows = Changed(x, y, change)
        return wrap(DataLoader(rows, 32, shuffle=True)), DataLoader(TensorDataset(*valid), 64)

    return make((x,), loaders=loaders)


def _globally_seeded(row, _at):
    torch.manual_seed(0)
    return row + 0.1 * torch.randn(64)


def _own_torch(row, _at):
    return row + 0.1 * torch.randn(64, generator=torch.Generator().manual_seed(7))


def _own_numpy(row, _at):
    return row + 0.1 * torch.from_numpy(np.random.default_rng(7).standard_normal(64)).float()


def _fresh(row, _at):
    return row + 0.1 * torch.randn(64)


def _by_row(row, at):
    return row + 0.1 * torch.from_numpy(np.random.default_rng(at).standard_normal(64)).float()


@pytest.mark.parametrize("change", [_globally_seeded, _own_torch, _own_numpy])
def test_a_seed_for_each_row(make, alarms, sets, change):
    assert alarms(RepeatedNoise(), _bench(make, sets["digits"](), change)) == ["duplicate_augmentation_seed"]


def test_a_seed_for_each_epoch(make, alarms, sets):
    same = _bench(make, sets["digits"](), _fresh, lambda loader: SeededEpochs(loader, lambda _: 3))
    assert alarms(RepeatedNoise(), same) == ["duplicate_augmentation_seed"]
    other = _bench(make, sets["digits"](), _fresh, lambda loader: SeededEpochs(loader, lambda epoch: epoch))
    assert alarms(RepeatedNoise(), other) == []


class Stream:
    """Noise from a generator of its own."""

    def __init__(self):
        self.random = np.random.default_rng(0)

    def __call__(self, row, _at):
        return row + 0.1 * torch.from_numpy(self.random.standard_normal(64)).float()


def _with_workers(make, data, change):
    x, y, *valid = data

    def loaders():
        rows = Changed(x[:96], y[:96], change())
        return DataLoader(rows, 32, num_workers=2), DataLoader(TensorDataset(*valid), 64)

    return make((x,), loaders=loaders)


def test_a_generator_that_is_copied_into_workers(make, look, sets):
    found, _ = look(RepeatedNoise(), _with_workers(make, sets["digits"](), Stream))
    assert found[0].causes == ("duplicate_augmentation_seed",)
    assert "2 worker processes" in found[0].seen
    assert look(RepeatedNoise(), _with_workers(make, sets["digits"](), lambda: _fresh)) == ([], [])
    assert look(RepeatedNoise(), _bench(make, sets["digits"](), Stream())) == ([], [])


def test_silent_on_noise_that_is_drawn_anew(make, alarms, sets):
    assert alarms(RepeatedNoise(), _bench(make, sets["digits"](), _fresh)) == []
    assert alarms(RepeatedNoise(), _bench(make, sets["digits"](), _by_row)) == []
    assert alarms(RepeatedNoise(), make(sets["digits"]())) == []
