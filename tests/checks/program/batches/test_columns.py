"""Inputs as columns."""

import numpy as np
import torch
from torch import nn

from kilter.checks.program.batches.columns import columns, sequences


def test_numbers_are_columns_as_they_are(make, sets):
    x, y, valid_x, valid_y = sets["digits"]()
    found = columns(make((x, y, valid_x, valid_y), shuffle=False))
    assert found.numeric
    assert np.allclose(found.train, x.double().numpy())
    assert np.allclose(found.valid, valid_x.double().numpy())
    assert found.names[3] == "0[3]"


def test_tokens_are_counted(make, sets, parts):
    bench = make(sets["tokens"](), parts["Bag"])
    found = columns(bench)
    assert not found.numeric
    assert not found.numbers.any()
    assert list(sequences(bench)) == [(0,)]


class Two(nn.Module):
    """Takes numbers and a category."""

    def __init__(self):
        super().__init__()
        self.head = nn.Linear(4, 2)

    def forward(self, numbers, kind):
        return self.head(torch.cat([numbers, kind[:, None].float()], 1))


def _step(model, optimizer, loss_fn, batch):
    loss = loss_fn(model(batch["numbers"], batch["kind"]), batch["y"])
    loss.backward()
    optimizer.step()
    return loss


def test_inputs_of_a_mapping_stand_side_by_side(make):
    def batch(rows):
        return {"numbers": torch.randn(rows, 3), "kind": torch.arange(rows) % 3, "y": torch.arange(rows) % 2}

    bench = make((torch.zeros(1),), Two, loaders=lambda: ([batch(16)] * 2, [batch(8)]), step=_step, validate=None)
    found = columns(bench)
    assert found.train.shape == (32, 6)
    assert found.valid.shape == (8, 6)
    assert found.names[:4] == ("numbers[0]", "numbers[1]", "numbers[2]", "kind token 0")


class Pooled(nn.Module):
    """The mean over a sequence of numbers."""

    def __init__(self):
        super().__init__()
        self.head = nn.Linear(3, 2)

    def forward(self, x):
        return self.head(x.mean(1))


def test_sequences_of_numbers_of_any_length_are_summed_up(make):
    batches = [(torch.randn(8, length, 3), torch.arange(8) % 2) for length in (5, 7)]
    found = columns(make((torch.zeros(1),), Pooled, loaders=lambda: (batches, batches)))
    assert found.train.shape == (16, 6)
    assert np.allclose(found.train[0, :3], batches[0][0][0].double().mean(0).numpy())
