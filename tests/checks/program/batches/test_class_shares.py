"""Classes that validation has and training hardly has."""

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset, WeightedRandomSampler

from kilter.checks.program.batches.class_shares import ClassesMissing, SplitByClass


def _sorted_split(data, share=0.7):
    x, y, valid_x, valid_y = data
    x, y = torch.cat([x, valid_x]), torch.cat([y, valid_y])
    order = y.flatten().argsort(stable=True)
    cut = int(share * len(x))
    return x[order][:cut], y[order][:cut], x[order][cut:], y[order][cut:]


def _thinned(data, kept):
    x, y, *valid = data
    keep = (y < 7) | (torch.rand(len(y), generator=torch.Generator().manual_seed(0)) < kept)
    return x[keep], y[keep], *valid


def test_a_split_of_sorted_rows(make, alarms, sets, parts):
    assert alarms(SplitByClass(), make(_sorted_split(sets["digits"]()))) == ["unshuffled_split"]
    assert alarms(SplitByClass(), make(_sorted_split(sets["cancer"](), 0.6))) == ["unshuffled_split"]
    about = {"loss_fn": nn.MSELoss(), "task": "regression", "validate": parts["explained"]}
    bench = make(_sorted_split(sets["diabetes"]()), lambda: parts["mlp"](10, 1), **about)
    assert alarms(SplitByClass(), bench) == ["unshuffled_split"]


def test_classes_that_were_hardly_kept_for_training(make, alarms, sets):
    bench = make(_thinned(sets["digits"](), 0.02))
    assert alarms(SplitByClass(), bench) == []
    assert alarms(ClassesMissing(), bench) == ["imbalance_zero_recall"]


def test_silent_where_the_loss_weighs_them_up(make, alarms, sets):
    weight = torch.ones(10)
    weight[7:] = 30.0
    bench = make(_thinned(sets["digits"](), 0.05), loss_fn=nn.CrossEntropyLoss(weight=weight))
    assert alarms(ClassesMissing(), bench) == []
    assert alarms(ClassesMissing(), make(_thinned(sets["digits"](), 0.05))) == ["imbalance_zero_recall"]


def test_silent_where_a_sampler_draws_them_up(make, alarms, sets):
    x, y, valid_x, valid_y = _thinned(sets["digits"](), 0.05)

    def loaders():
        sampler = WeightedRandomSampler((1 / torch.bincount(y).float())[y], len(y))
        return DataLoader(TensorDataset(x, y), 32, sampler=sampler), DataLoader(TensorDataset(valid_x, valid_y), 64)

    assert alarms(ClassesMissing(), make((x,), loaders=loaders)) == []


def test_silent_on_even_splits(make, alarms, sets, parts):
    for check in (SplitByClass(), ClassesMissing()):
        assert alarms(check, make(sets["digits"]())) == []
        assert alarms(check, make(sets["cancer"]())) == []
        assert alarms(check, make(sets["tokens"](), parts["Bag"])) == []
