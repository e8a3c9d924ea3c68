"""Inputs of training and validation that were made differently."""

import pytest
import torch
from torch.utils.data import DataLoader, Dataset, TensorDataset

from kilter.checks.program.batches.input_difference import InputNoise, InputsDiffer, PreprocessingDiffers

CHECKS = (PreprocessingDiffers(), InputNoise(), InputsDiffer())


def _changed(data, change):
    x, y, valid_x, valid_y = data
    return x, y, change(valid_x), valid_y


@pytest.mark.parametrize(
    "change", [lambda x: x * 16, lambda x: (x - 0.3) / 0.3, lambda x: 1 - x], ids=["scale", "standardised", "inverted"]
)
def test_validation_in_another_scale(make, alarms, sets, change):
    bench = make(_changed(sets["digits"](), change))
    found = [alarms(check, bench) for check in CHECKS]
    assert any(cause == ["val_preprocess_mismatch"] for cause in found)
    assert found[1] == []


def test_raw_validation_of_a_table(make, alarms, sets):
    scaled = sets["cancer"]()
    raw = sets["cancer"](raw=True)
    assert alarms(PreprocessingDiffers(), make((*scaled[:2], *raw[2:]))) == ["val_preprocess_mismatch"]


def test_mirrored_images_in_validation(make, alarms, sets):
    def mirrored(x):
        return x.view(-1, 8, 8).flip(2).reshape(-1, 64)

    assert alarms(InputsDiffer(), make(_changed(sets["digits"](), mirrored))) == ["val_preprocess_mismatch"]


class Noisy(Dataset):
    """Rows with noise that is drawn anew each time."""

    def __init__(self, x, y, size):
        self.x, self.y, self.size = x, y, size

    def __len__(self):
        return len(self.x)

    def __getitem__(self, row):
        return self.x[row] + self.size * torch.randn(self.x.shape[1]), self.y[row]


def _noisy(make, data, size):
    x, y, *valid = data

    def loaders():
        return DataLoader(Noisy(x, y, size), 32, shuffle=True), DataLoader(TensorDataset(*valid), 64)

    return make((x,), loaders=loaders)


def test_noise_that_hides_what_is_to_be_learnt(make, alarms, sets):
    bench = _noisy(make, sets["digits"](), 2.0)
    assert [alarms(check, bench) for check in CHECKS] == [[], ["input_noise"], []]


def test_silent_on_mild_noise_and_on_rows_of_one_source(make, alarms, sets):
    for bench in (_noisy(make, sets["digits"](), 0.2), make(sets["digits"]()), make(sets["cancer"]())):
        assert [alarms(check, bench) for check in CHECKS] == [[], [], []]
