"""Validation rows that are training rows."""

import torch

from kilter.checks.program.batches.overlap import SplitOverlap


def test_copies_of_validation_rows_in_training(make, look, sets):
    x, y, valid_x, valid_y = sets["digits"]()
    half = len(valid_x) // 2
    bench = make((torch.cat([x, valid_x[:half]]), torch.cat([y, valid_y[:half]]), valid_x, valid_y))
    found, _ = look(SplitOverlap(), bench)
    assert found[0].causes == ("train_val_leak",)
    assert abs(found[0].evidence["share"] - 0.5) < 0.02


def test_copies_with_a_little_noise(make, look, sets):
    x, y, valid_x, valid_y = sets["cancer"]()
    noise = 0.01 * torch.randn(valid_x.shape, generator=torch.Generator().manual_seed(0))
    found, _ = look(SplitOverlap(), make((torch.cat([x, valid_x + noise]), torch.cat([y, valid_y]), valid_x, valid_y)))
    assert found[0].evidence["how"] == "nearly"


def test_sequences_that_are_padded_to_another_length(make, alarms, sets, parts):
    x, y, valid_x, _ = sets["tokens"]()
    longer = torch.nn.functional.pad(x[: len(valid_x)], (0, 6))
    assert alarms(SplitOverlap(), make((x, y, longer, y[: len(valid_x)]), parts["Bag"])) == ["train_val_leak"]


def test_silent_on_rows_of_their_own_and_on_few_values(make, alarms, sets, parts):
    assert alarms(SplitOverlap(), make(sets["digits"]())) == []
    assert alarms(SplitOverlap(), make(sets["tokens"](), parts["Bag"])) == []
    x = torch.randint(0, 2, (400, 5), generator=torch.Generator().manual_seed(0)).float()
    y = (x.sum(1) > 2).long()
    assert alarms(SplitOverlap(), make((x[:300], y[:300], x[300:], y[300:]))) == []
