"""Settings that decide nothing."""

import torch

from kilter.checks.program.fitting.inert_setting import InertSetting

from .programs import bench_of, sgd


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


def test_a_decay_that_a_small_rate_loses_in_rounding_is_read_all_the_same():
    adamw = lambda model: torch.optim.AdamW(model.parameters(), lr=1e-6, weight_decay=1e-2)  # noqa: E731 - as the others
    assert list(InertSetting().examine(bench_of(adamw))) == []


def test_notes_of_schedulers_and_people_are_no_settings():
    groups = lambda model: [{"params": model.parameters(), "max_momentum": 0.95, "layer": 3}]  # noqa: E731 - as above
    assert list(InertSetting().examine(bench_of(lambda model: torch.optim.AdamW(groups(model), lr=5e-3)))) == []
