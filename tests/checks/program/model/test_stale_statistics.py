"""Running statistics that do not follow the batches."""

import pytest
from torch import nn

from kilter.checks.program.model.stale_statistics import StaleStatistics
from kilter.values.finding import Skipped


def _normed(parts, momentum, **more):
    model = nn.Sequential(nn.BatchNorm1d(12, **more), *parts.mlp(12, 32, 3, norm=nn.BatchNorm1d))
    for layer in model:
        if isinstance(layer, nn.BatchNorm1d):
            layer.momentum = momentum
    return model


class Frozen(nn.Module):
    """A pretrained part that stays in evaluation mode."""

    def __init__(self):
        super().__init__()
        self.first, self.out = nn.Sequential(nn.Linear(12, 16), nn.BatchNorm1d(16, momentum=1e-5)), nn.Linear(16, 3)

    def train(self, mode=True):  # noqa: FBT002 - as torch has it
        super().train(mode)
        self.first.eval()
        return self

    def forward(self, numbers):
        return self.out(self.first(numbers).relu())


@pytest.mark.parametrize("momentum", [0.0, 1e-5, 1e-3])
@pytest.mark.parametrize("seed", [0, 1])
def test_a_momentum_near_zero_is_found(momentum, seed, parts, program, findings):
    far = (4 * parts.data.numbers + 3, parts.data.classes)
    (finding,) = findings(StaleStatistics(), program(lambda: _normed(parts, momentum), far), seed)
    assert finding.causes == ("bn_stats_stale",)
    assert abs(finding.evidence["share"] - momentum) < 1e-4


def test_a_short_training_is_told_from_a_long_one(parts, program, findings):
    far = (4 * parts.data.numbers + 3, parts.data.classes)
    for epochs, number in ((2, 1), (200, 0)):  # 5 batches each
        assert len(findings(StaleStatistics(), program(lambda: _normed(parts, 0.01), far, epochs=epochs))) == number


def test_usual_cumulative_absent_and_frozen_statistics_are_silent(parts, program, said):
    far = (4 * parts.data.numbers + 3, parts.data.classes)
    for momentum in (0.1, 0.9, None):
        assert said(StaleStatistics(), program(lambda momentum=momentum: _normed(parts, momentum), far)) == []
    assert said(StaleStatistics(), program(Frozen, far)) == []
    for model in (
        lambda: parts.mlp(12, 8, 3),
        lambda: nn.Sequential(nn.BatchNorm1d(12, track_running_stats=False), nn.Linear(12, 3)),
    ):
        (skipped,) = said(StaleStatistics(), program(model, far))
        assert isinstance(skipped, Skipped)


def test_statistics_that_are_right_from_the_start_do_no_harm(parts, program, said):
    def model():
        return nn.Sequential(nn.BatchNorm1d(12, momentum=1e-5), nn.Linear(12, 3))

    assert said(StaleStatistics(), program(model, (parts.data.numbers, parts.data.classes))) == []
