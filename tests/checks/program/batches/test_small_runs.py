"""Some steps of a program on changed batches."""

import torch
from torch import nn

from kilter.checks.program.batches.small_runs import STEPS, small_run


def _same(batch):
    return batch


def test_steps_are_the_programs_own_and_run_once(make, sets):
    bench = make(sets["digits"](), epochs=2)
    seen = []

    def noted(batch):
        seen.append(1)
        return batch

    run = small_run(bench, "noted", noted)
    count = len(seen)
    assert small_run(bench, "noted", noted) is run
    assert len(seen) == count
    assert run.steps == run.planned == 2 * 34
    assert run.quality > 0.5
    assert small_run(make(sets["digits"](), epochs=99), "as it is", _same).steps == STEPS


def test_changed_batches_are_learnt_and_judged(make, sets):
    def blank(batch):
        return torch.zeros_like(batch[0]), batch[1]

    bench = make(sets["digits"]())
    assert small_run(bench, "blank", blank).quality < 0.25 < small_run(bench, "as it is", _same).quality


def test_the_error_of_a_regression_falls(make, sets, parts):
    about = {"loss_fn": nn.MSELoss(), "task": "regression", "validate": parts["explained"]}
    run = small_run(make(sets["diabetes"](), lambda: parts["mlp"](10, 1), **about), "as it is", _same)
    assert run.error[1] < run.error[0]
