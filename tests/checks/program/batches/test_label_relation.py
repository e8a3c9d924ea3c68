"""Labels and the inputs that they stand beside."""

import pytest
import torch
from torch import nn

from kilter.checks.program.batches.label_relation import LabelRelation

RANDOM = torch.Generator


def _noisy(y, share, classes=10):
    wrong = torch.rand(len(y), generator=RANDOM().manual_seed(0)) < share
    drawn = torch.randint(0, classes, (len(y),), generator=RANDOM().manual_seed(1))
    return torch.where(wrong, drawn, y)


def test_shuffled_labels_of_training(make, alarms, sets):
    x, y, *valid = sets["digits"]()
    shuffled = y[torch.randperm(len(y), generator=RANDOM().manual_seed(0))]
    assert alarms(LabelRelation(), make((x, shuffled, *valid))) == ["label_misaligned"]


def test_shuffled_targets_of_a_regression(make, alarms, sets, parts):
    generator = RANDOM().manual_seed(0)
    x = torch.randn(600, 6, generator=generator)
    y = (x[:, :1] + x[:, 1:2] * x[:, 2:3]).clone()
    y[:400] = y[:400][torch.randperm(400, generator=generator)]
    bench = make(
        (x[:400], y[:400], x[400:], y[400:]),
        lambda: parts["mlp"](6, 1),
        loss_fn=nn.MSELoss(),
        task="regression",
        validate=parts["explained"],
    )
    assert alarms(LabelRelation(), bench) == ["label_misaligned"]


def test_shuffled_and_recoded_labels_of_validation(make, alarms, sets):
    x, y, valid_x, valid_y = sets["digits"]()
    shuffled = valid_y[torch.randperm(len(valid_y), generator=RANDOM().manual_seed(0))]
    assert alarms(LabelRelation(), make((x, y, valid_x, shuffled))) == ["label_misaligned"]
    assert alarms(LabelRelation(), make((x, y, valid_x, (valid_y + 3) % 10))) == ["label_misaligned"]


def test_labels_that_slipped_by_a_row_in_both_splits(make, look, sets):
    x, y, valid_x, valid_y = sets["digits"]()
    found, _ = look(LabelRelation(), make((x, y.roll(1), valid_x, valid_y.roll(1))))
    assert found[0].causes[0] == "label_misaligned"
    assert "row before" in found[0].seen


@pytest.mark.parametrize("share", [0.35, 0.5])
def test_a_harmful_share_of_wrong_labels(make, look, sets, share):
    x, y, *valid = sets["digits"]()
    found, _ = look(LabelRelation(), make((x, _noisy(y, share), *valid)))
    assert found[0].causes[0] == "label_noise"
    assert abs(found[0].evidence["share_lost"] - 0.9 * share) < 0.12


@pytest.mark.parametrize("share", [0.0, 0.05, 0.1])
def test_silent_on_mild_noise(make, alarms, sets, share):
    x, y, *valid = sets["digits"]()
    assert alarms(LabelRelation(), make((x, _noisy(y, share), *valid))) == []


def test_silent_where_both_splits_are_noisy_or_nothing_is_to_be_seen(make, alarms):
    generator = RANDOM().manual_seed(0)
    x = torch.randn(600, 6, generator=generator)
    noisy = (x[:, 0] + 1.5 * torch.randn(600, generator=generator) > 0).long()
    parity = (x[:, :5] > 0).sum(1) % 2
    for y in (noisy, parity):
        assert alarms(LabelRelation(), make((x[:400], y[:400], x[400:], y[400:]))) == []


def test_tokens_numbered_otherwise_in_validation(make, alarms, sets, parts):
    x, y, valid_x, valid_y = sets["tokens"]()
    renumbered = torch.cat([torch.zeros(1, dtype=torch.long), 20 - torch.arange(1, 20)])[valid_x]
    assert alarms(LabelRelation(), make((x, y, renumbered, valid_y), parts["Bag"]))[0] in (
        "vocabulary_mismatch",
        "label_misaligned",
    )
    assert alarms(LabelRelation(), make((x, y, valid_x, valid_y), parts["Bag"])) == []
