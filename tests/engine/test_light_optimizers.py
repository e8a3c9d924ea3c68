import subprocess
import sys
from copy import deepcopy

import pytest
import torch
from torch import nn

from kilter.engine import light_optimizers, schedule_free
from kilter.engine.light_optimizers import light

KINDS = (
    (light_optimizers.AdamW, torch.optim.AdamW, {"lr": 0.01, "weight_decay": 0.1}),
    (light_optimizers.AdamW, torch.optim.AdamW, {"lr": 0.01, "fused": True}),
    (light_optimizers.SGD, torch.optim.SGD, {"lr": 0.1, "momentum": 0.9, "nesterov": True}),
    (light_optimizers.SGD, torch.optim.SGD, {"lr": 0.1, "fused": True}),
    (light_optimizers.ScheduleFreeAdamW, schedule_free.ScheduleFreeAdamW, {"lr": 0.01}),
)

PROMPT = """
import sys
import torch
from kilter.engine.light_optimizers import AdamW, SGD, ScheduleFreeAdamW
for kind in (AdamW, SGD, ScheduleFreeAdamW):
    model = torch.nn.Linear(2, 1)
    optimizer = kind(model.parameters(), lr=0.1)
    optimizer.zero_grad()
    model(torch.ones(1, 2)).sum().backward()
    optimizer.step()
    optimizer.load_state_dict(optimizer.state_dict())
print("torch._dynamo" in sys.modules)
"""


def trained(kind, settings, *, resumed: bool = False):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
    optimizer = kind(model.parameters(), **settings)
    for step in range(6):
        if resumed and step == 3:
            kept = deepcopy(optimizer.state_dict())
            optimizer = kind(model.parameters(), **settings)
            optimizer.load_state_dict(kept)
        optimizer.zero_grad()
        model(torch.randn(5, 3)).square().sum().backward()
        optimizer.step()
    return [parameter.detach().clone() for parameter in model.parameters()]


@pytest.mark.parametrize(("light_kind", "kind", "settings"), KINDS)
@pytest.mark.parametrize("resumed", [False, True])
def test_steps_are_those_of_torch_to_the_bit(light_kind, kind, settings, resumed):
    ours, theirs = trained(light_kind, settings, resumed=resumed), trained(kind, settings, resumed=resumed)
    assert all(torch.equal(one, two) for one, two in zip(ours, theirs, strict=True))


@pytest.mark.parametrize(("light_kind", "kind"), [pair[:2] for pair in KINDS])
def test_it_is_still_called_what_it_is(light_kind, kind):
    optimizer = light_kind([nn.Parameter(torch.ones(2))], lr=0.1)
    assert isinstance(optimizer, kind)
    assert repr(optimizer).startswith(kind.__name__)


def test_hooks_around_a_step_are_called():
    weight, called = nn.Parameter(torch.ones(2)), []
    optimizer = light_optimizers.SGD([weight], lr=0.1)
    optimizer.register_step_post_hook(lambda *_: called.append("own"))
    weight.grad = torch.ones(2)
    optimizer.step()
    assert called == ["own"]
    assert weight.tolist() == pytest.approx([0.9, 0.9])


def test_nothing_is_recorded_for_gradients_in_a_step():
    weight = nn.Parameter(torch.ones(2))
    weight.grad = torch.ones(2)
    light_optimizers.SGD([weight], lr=0.1).step()
    assert weight.grad_fn is None


def test_a_step_that_is_not_decorated_stays_as_it_is():
    class Bare(torch.optim.Optimizer):
        def __init__(self, parameters):
            super().__init__(parameters, {})

        def step(self, closure=None):
            return 7.0

    assert light(Bare)([nn.Parameter(torch.ones(1))]).step() == 7.0


FITTED = """
import sys
import torch
from kilter.tasks.classification import Classification
from kilter.testing.sources import ArraySource
from kilter.training.fit import fit
from kilter.values.pipeline import Pipeline
from kilter.values.recipe import Recipe
source = ArraySource({"numbers": torch.randn(32, 4)}, torch.arange(32).numpy() % 2, size=8)
make = lambda: torch.nn.Sequential(torch.nn.Linear(4, 4), torch.nn.ReLU(), torch.nn.Linear(4, 2))
recipe = Recipe.read({"train": {"length": "3st"}, "batch": {"size": 8}})
task = Classification(labels=("a", "b"))
fitted = fit(Pipeline(task=task, make_model=make, splits={"train": source, "valid": source}, recipe=recipe))
assert fitted.step == 3 and fitted.cost.flops
print("torch._dynamo" in sys.modules)
"""


@pytest.mark.parametrize("script", [PROMPT, FITTED])
def test_the_compiler_is_not_loaded(script):
    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert answer.stdout.split() == ["False"]
