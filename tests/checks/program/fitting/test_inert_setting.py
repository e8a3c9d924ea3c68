"""Settings that decide nothing."""

import torch
from .programs import bench_of, sgd

from kilter.checks.program.fitting.inert_setting import InertSetting


class Forgetful(torch.optim.SGD):
    """Its weight decay is never read."""

    def step(self, closure=None):
        kept = [group["weight_decay"] for group in self.param_groups]
        for group in self.param_groups:
            group["weight_decay"] = 0.0
        result = super().step(closure)
        for group, decay in zip(self.param_groups, kept, strict=True):
            group["weight_decay"] = decay
        return result


def test_a_decay_that_no_update_reads_is_named():
    found = list(InertSetting().examine(bench_of(lambda m: Forgetful(m.parameters(), lr=0.05, weight_decay=0.01))))
    assert [(finding.causes, finding.where) for finding in found] == [(("inert_hyperparameter",), ("weight_decay",))]


def test_a_misspelt_setting_is_named():
    found = list(
        InertSetting().examine(
            bench_of(lambda m: torch.optim.AdamW([{"params": m.parameters(), "wieght_decay": 0.01}], lr=5e-3))
        )
    )
    assert [finding.where for finding in found] == [("wieght_decay",)]


def test_it_is_silent_on_settings_that_decide(healthy):
    assert list(InertSetting().examine(healthy)) == []


def test_it_says_nothing_where_nothing_moves():
    found = list(InertSetting().examine(bench_of(sgd(0.0, weight_decay=0.1))))
    assert [type(each).__name__ for each in found] == ["Skipped"]
