"""A view in the place of a transposition is seen; whatever keeps rows whole is not."""

import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from kilter.checks.program.bench import Bench
from kilter.checks.program.loss.rows_cut_anew import RowsCutAnew
from kilter.values.finding import Severity
from kilter.values.pipeline import Pipeline

CLASSES = 5
X = torch.randint(1, CLASSES, (96, 7), generator=torch.Generator().manual_seed(0))
Y = (X + 1) % CLASSES


class Tagger(nn.Module):
    """Scores of each token, in the order of dimensions that is asked for: b examples, t steps, c classes."""

    def __init__(self, order="btc"):
        super().__init__()
        self.embedding = nn.Embedding(CLASSES, 8)
        self.out = nn.Linear(8, CLASSES)
        self.order = order

    def forward(self, tokens):
        scores = self.out(self.embedding(tokens))
        return scores.permute(*("btc".index(letter) for letter in self.order))


def bench(loss_of, order="btc", task="tagging", loss_fn=None):
    def make(seed):
        torch.manual_seed(seed)
        model = Tagger(order)
        train = DataLoader(TensorDataset(X, Y), 16, shuffle=True)
        criterion = nn.CrossEntropyLoss() if loss_fn is None else loss_fn()
        return model, torch.optim.SGD(model.parameters(), lr=0.1), criterion, train, None

    def step(model, optimizer, loss_fn, batch):
        optimizer.zero_grad()
        loss = loss_of(model(batch[0]), batch[1], loss_fn)
        loss.backward()
        optimizer.step()
        return loss

    return Bench(program=Pipeline.from_loop(make, step=step, task=task, classes=CLASSES, epochs=2))


FAULTS = {
    "classes first, viewed": ("bct", lambda o, y, f: f(o.reshape(-1, CLASSES), y.reshape(-1)), "label_misaligned"),
    "cut by rows": ("btc", lambda o, y, f: f(o.reshape(CLASSES, -1).T, y.reshape(-1)), "batch_dim_mixing"),
    "viewed to classes in the middle": ("btc", lambda o, y, f: f(o.reshape(16, CLASSES, 7), y), "label_misaligned"),
    "steps first, cut by examples": ("tbc", lambda o, y, f: f(o.reshape(16, CLASSES, 7), y), "batch_dim_mixing"),
    "steps first, targets not": ("tbc", lambda o, y, f: f(o.reshape(-1, CLASSES), y.reshape(-1)), "label_misaligned"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_rows_that_are_cut_anew(name):
    order, loss_of, cause = FAULTS[name]
    found = list(RowsCutAnew().examine(bench(loss_of, order)))
    assert [(each.severity, each.causes[0]) for each in found] == [(Severity.FAILURE, cause)]


HEALTHY = {
    "flattened": ("btc", lambda o, y, f: f(o.reshape(-1, CLASSES), y.reshape(-1))),
    "transposed": ("btc", lambda o, y, f: f(o.transpose(1, 2), y)),
    "classes first": ("bct", lambda o, y, f: f(o, y)),
    "steps first, both": ("tbc", lambda o, y, f: f(o.reshape(-1, CLASSES), y.T.reshape(-1))),
    "classes outermost": ("cbt", lambda o, y, f: f(o.reshape(CLASSES, -1).T, y.reshape(-1))),
    "first step": ("btc", lambda o, y, f: f(o[:, 0], y[:, 0])),
    "sharpened": ("btc", lambda o, y, f: f(2 * o.reshape(-1, CLASSES), y.reshape(-1))),
}


@pytest.mark.parametrize("name", HEALTHY)
def test_silent_where_rows_are_whole(name):
    order, loss_of = HEALTHY[name]
    assert list(RowsCutAnew().examine(bench(loss_of, order))) == []
