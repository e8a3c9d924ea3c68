"""Metrics that are not what they are called, and honest ones of many kinds."""

import pytest
import torch
from sklearn.metrics import f1_score, roc_auc_score
from torch import nn

from kilter.checks.program.batches.metric import HonestMetric


def _over_batches(score, *, end=lambda scores: sum(scores) / len(scores)):
    def validate(model, loss_fn, loader):
        model.eval()
        with torch.no_grad():
            return 0.0, float(end([score(model(x), y) for x, y in loader]))

    return validate


def _share(outputs, y):
    return (outputs.argmax(-1) == y).float().mean()


def _wrong_dimension(outputs, y):
    return (outputs.argmax(0).repeat(len(y))[: len(y)] == y).float().mean()


def _first_only(model, loss_fn, loader):
    model.eval()
    return 0.0, float(next(_share(model(x), y) for x, y in loader))


def _elsewhere(model, loss_fn, loader):
    return 0.0, float(torch.rand(()))


def _nothing(model, loss_fn, loader):
    return 0.0, 0.0 * sum(len(model(x)) for x, _ in loader)


def _divided_by_training(model, loss_fn, loader):
    model.eval()
    return 0.0, sum(int((model(x).argmax(-1) == y).sum()) for x, y in loader) / 1797


FAULTS = {
    "dimension": _over_batches(_wrong_dimension),
    "last batch": _over_batches(_share, end=lambda scores: scores[-1]),
    "first batch": _first_only,
    "summed": _over_batches(_share, end=sum),
    "divided": _divided_by_training,
    "another loader": _elsewhere,
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_metric_that_is_not_one(make, alarms, sets, name):
    assert alarms(HonestMetric(), make(sets["digits"](), validate=FAULTS[name])) == ["wrong_metric"]


def test_shapes_that_spread_over_each_other(make, alarms, sets, parts):
    x, y, valid_x, valid_y = sets["diabetes"]()

    def spread(model, loss_fn, loader):
        outputs, targets = parts["outputs"](model, loader)
        total = ((targets - targets.mean()) ** 2).mean()
        return 0.0, float(1 - ((outputs - targets) ** 2).mean() / total)

    about = {"loss_fn": lambda o, t: ((o.squeeze(-1) - t) ** 2).mean(), "task": "regression", "validate": spread}
    flat = (x, y[:, 0], valid_x, valid_y[:, 0])
    assert alarms(HonestMetric(), make(flat, lambda: parts["mlp"](10, 1), **about)) == ["wrong_metric"]


class Tags(nn.Module):
    """A class for each token."""

    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(20, 8)
        self.head = nn.Linear(8, 5)

    def forward(self, x):
        return self.head(self.embedding(x))


def _tagging():
    generator = torch.Generator().manual_seed(0)
    x = torch.randint(1, 20, (300, 9), generator=generator)
    x[:, 6:] = 0
    y = torch.where(x > 0, x % 5, -100)
    return x[:200], y[:200], x[200:], y[200:]


@pytest.mark.parametrize(
    ("padding", "expected"), [("kept", ["wrong_metric"]), ("as nought", ["wrong_metric"]), ("out", [])]
)
def test_padding_that_is_counted(make, alarms, padding, expected):
    def score(outputs, y):
        right = outputs.argmax(-1) == (y.clamp(min=0) if padding == "as nought" else y)
        return (right[y != -100] if padding == "out" else right).float().mean()

    about = {"loss_fn": lambda o, y: nn.functional.cross_entropy(o.flatten(0, 1), y.flatten()), "task": "tagging"}
    assert alarms(HonestMetric(), make(_tagging(), Tags, validate=_over_batches(score), **about)) == expected


def _all(score):
    def validate(model, loss_fn, loader):
        model.eval()
        with torch.no_grad():
            pairs = [(model(x), y) for x, y in loader]
        return 0.0, float(score(*(torch.cat(parts) for parts in zip(*pairs, strict=True))))

    return validate


HONEST = {
    "mean of batches": (_over_batches(_share), {}),
    "error": (_all(lambda o, y: 1 - _share(o, y)), {"higher_is_better": False}),
    "error, undeclared": (_all(lambda o, y: 1 - _share(o, y)), {}),
    "percent": (_all(lambda o, y: 100 * _share(o, y)), {}),
    "likelihood": (_all(lambda o, y: -nn.functional.cross_entropy(o, y)), {}),
    "F1": (_all(lambda o, y: f1_score(y, o.argmax(-1), average="macro")), {}),
    "AUC": (_all(lambda o, y: roc_auc_score(y, o.softmax(-1), multi_class="ovr")), {}),
    "nothing": (_nothing, {}),
    "right ones": (_all(lambda o, y: (o.argmax(-1) == y).sum()), {}),
}


@pytest.mark.parametrize("name", HONEST)
def test_silent_on_honest_metrics(make, alarms, sets, name):
    validate, about = HONEST[name]
    assert alarms(HonestMetric(), make(sets["digits"](), validate=validate, **about)) == []


def test_rows_that_are_taken_from_inside_of_the_loader(make, alarms, sets):
    def inside(model, loss_fn, loader):
        x, y = loader.dataset.tensors
        return 0.0, float(_share(model(x), y))

    assert alarms(HonestMetric(), make(sets["digits"](), validate=inside)) == []
