from dataclasses import replace

import pytest
import torch

from kilter.checks.preflight import PREFLIGHT_CHECKS
from kilter.engine.seeding import seed_everything
from kilter.engine.stepping import step
from kilter.testing.conformance import is_silent
from kilter.testing.healthy.pipelines import HEALTHY_PIPELINES
from kilter.testing.healthy.sequence_pipelines import HEALTHY_SEQUENCE_PIPELINES
from kilter.testing.healthy.target_pipelines import HEALTHY_TARGET_PIPELINES

# A busy machine must not end a try before its steps are used up.
PATIENT = tuple(replace(check, seconds=600.0) if hasattr(check, "seconds") else check for check in PREFLIGHT_CHECKS)


@pytest.mark.parametrize("healthy", HEALTHY_TARGET_PIPELINES, ids=lambda healthy: healthy.name)
@pytest.mark.parametrize("check", PATIENT, ids=lambda check: check.name)
def test_no_preflight_check_cries_wolf(check, healthy):
    is_silent(check, healthy)


@pytest.mark.parametrize("healthy", HEALTHY_TARGET_PIPELINES, ids=lambda healthy: healthy.name)
def test_it_learns(healthy):
    pipeline = healthy.make()
    source = pipeline.splits["train"]
    seed_everything(0)
    model = pipeline.make_model()
    optimizer = torch.optim.Adam(model.parameters())
    batches = [source.plain(rows) for rows in source.sweep()]
    losses = [step(pipeline, model, optimizer, batches, learning_rate=1e-2, clip_norm=None).loss for _ in range(40)]
    assert losses[-1] < 0.8 * losses[0]


def test_names_are_different():
    names = [healthy.name for healthy in (*HEALTHY_PIPELINES, *HEALTHY_SEQUENCE_PIPELINES, *HEALTHY_TARGET_PIPELINES)]
    assert len(set(names)) == len(names)
