"""Steps and validations as people write them, against their formulas."""

import pytest
import torch
from torch import nn

from kilter.testing.programs.steps import (
    accuracy,
    balanced_accuracy,
    binary_accuracy,
    explained,
    mean_error,
    plain_step,
    squeezed,
    stepping,
)

X = torch.tensor([[1.0, 0.0], [0.0, 1.0], [3.0, 1.0]])
SAME = nn.Identity()


def test_a_step_descends_and_tells_its_loss():
    model = nn.Linear(2, 1, bias=False)
    nn.init.zeros_(model.weight)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    batch = (X, torch.tensor([[1.0], [0.0], [0.0]]))
    assert float(plain_step(model, optimizer, nn.MSELoss(), batch)) == pytest.approx(1 / 3)
    assert model.weight.flatten().tolist() == pytest.approx([0.1 * 2 / 3, 0.0])


def test_a_clipped_step_is_no_longer_than_the_rate_times_its_limit():
    model = nn.Linear(2, 1, bias=False)
    before = model.weight.detach().clone()
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    stepping(lambda m, _, b: 100 * m(b).sum(), clip=0.5)(model, optimizer, None, X)
    assert float((model.weight.detach() - before).norm()) == pytest.approx(0.5, abs=1e-4)


def test_accuracies_count_right_rows():
    y = torch.tensor([0, 1, 1])
    assert accuracy(SAME, nn.CrossEntropyLoss(), [(X[:2], y[:2]), (X[2:], y[2:])])[1] == pytest.approx(2 / 3)
    assert balanced_accuracy(SAME, nn.CrossEntropyLoss(), [(X, y)])[1] == pytest.approx(0.75)
    logits, labels = torch.tensor([[2.0], [-1.0]]), torch.tensor([1.0, 1.0])
    assert binary_accuracy(SAME, nn.BCEWithLogitsLoss(), [(logits, labels)])[1] == pytest.approx(0.5)


def test_errors_of_amounts():
    y = torch.tensor([1.0, 2.0, 3.0])
    outputs = torch.tensor([1.0, 2.0, 2.0])
    assert mean_error(SAME, nn.MSELoss(), [(outputs, y)])[1] == pytest.approx(1 / 3)
    assert explained(SAME, squeezed(nn.MSELoss()), [(outputs[:, None], y)])[1] == pytest.approx(0.5)
