"""Validation rows that come out otherwise each time."""

import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset, IterableDataset, TensorDataset

from kilter.checks.program.batches.unsteady_validation import UnsteadyValidation


class Noisy(Dataset):
    """Rows with noise that is drawn anew each time; the clean row may be the target."""

    def __init__(self, x, y):
        self.x, self.y = x, y

    def __len__(self):
        return len(self.x)

    def __getitem__(self, row):
        return self.x[row] + 0.2 * torch.randn(self.x.shape[1]), self.y[row]


class Flipped(Noisy):
    def __getitem__(self, row):
        image = self.x[row].view(8, 8)
        return (image.flip(1) if torch.rand(()) < 0.5 else image).reshape(64), self.y[row]


class Drawn(IterableDataset):
    """Rows that are made as they are asked for."""

    def __iter__(self):
        for _ in range(64):
            row = torch.randn(64)
            yield row, (row[0] > 0).long()


def _bench(make, data, valid, **about):
    x, y = data[:2]
    return make((x,), loaders=lambda: (DataLoader(TensorDataset(x, y), 32), DataLoader(valid, 64)), **about)


def test_augmented_validation(make, alarms, sets):
    data = sets["digits"]()
    for kind in (Noisy, Flipped):
        assert alarms(UnsteadyValidation(), _bench(make, data, kind(*data[2:]))) == ["augmentation_on_validation"]


def test_silent_on_steady_rows_on_rows_that_are_made_and_on_clean_targets(make, alarms, sets, parts):
    data = sets["digits"]()
    assert alarms(UnsteadyValidation(), make(data)) == []
    assert alarms(UnsteadyValidation(), _bench(make, data, Drawn())) == []
    about = {"loss_fn": nn.MSELoss(), "task": "regression", "validate": None, "model": lambda: parts["mlp"](64, 64)}
    clean = _bench(make, (data[0], data[0]), Noisy(data[2], data[2]), **about)
    assert alarms(UnsteadyValidation(), clean) == []


def test_silent_on_shuffled_validation(make, alarms, sets):
    x, y, valid_x, valid_y = sets["digits"]()

    def loaders():
        valid = DataLoader(TensorDataset(valid_x, valid_y), 64, shuffle=True)
        return DataLoader(TensorDataset(x, y), 32), valid

    assert alarms(UnsteadyValidation(), make((x,), loaders=loaders)) == []
