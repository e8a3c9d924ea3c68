"""The call of the model, and the same with other arguments."""

import pytest
import torch
from torch import nn

from kilter.checks.persons_code import PersonsCodeFailed
from kilter.checks.program.model.scene import difference, rounding, scene, state_after


def test_a_call_is_seen_with_its_arguments_and_repeated_with_others(parts, program, bench):
    given = (parts.data.numbers, parts.data.classes)
    seen = scene(bench(program(lambda: nn.Sequential(nn.Linear(12, 8), nn.Dropout(0.5), nn.Linear(8, 3)), given)))
    (path,) = seen.arguments
    assert path == ("at", 0)
    again = seen.with_arguments({})
    assert torch.equal(again[()], seen.outputs[()])
    turned = seen.with_arguments({path: seen.arguments[path].flip(0)})
    assert torch.allclose(turned[()].flip(0), again[()], atol=1e-6)
    with pytest.raises(PersonsCodeFailed):
        seen.with_arguments({path: torch.zeros(2, 5)})


def test_it_is_seen_before_and_after_some_updates_and_kept(parts, program, bench):
    one = bench(program(lambda: nn.Linear(12, 3), (parts.data.numbers, parts.data.classes)))
    fresh, settled = scene(one, settled=False), scene(one)
    assert scene(one) is settled
    assert torch.equal(fresh.made.model.weight, one.recording.steps[0].before["weight"])
    assert torch.equal(settled.made.model.weight, one.recording.steps[3].before["weight"])


def test_a_state_of_no_numbers_is_not_taken(parts, program, bench):
    given = (parts.data.numbers, parts.data.values)
    wild = program(
        lambda: parts.mlp(12, 8, 1),
        given,
        loss=nn.MSELoss,
        task="regression",
        optimizer=lambda model: torch.optim.SGD(model.parameters(), lr=1e30),
    )
    recording = bench(wild).recording
    assert state_after(recording, 3) is recording.steps[0].before


def test_a_step_without_a_call_has_no_scene(parts, program, bench):
    def step(model, optimizer, loss_fn, batch):
        return (batch[0] @ model.weight.T).sum()

    one = program(lambda: nn.Linear(12, 3), (parts.data.numbers, parts.data.classes), step=step)
    assert scene(bench(one)) is None


def test_differences_are_shares_and_what_is_no_number_twice_is_the_same():
    left = torch.tensor([float("nan"), float("inf"), 2.0])
    assert difference(left, left) == 0
    assert difference(left, torch.tensor([1.0, float("inf"), 2.0])) == float("inf")
    assert difference(torch.zeros(3), torch.zeros(3)) == 0
    assert difference(torch.zeros(3), torch.zeros(2)) == float("inf")
    assert rounding(torch.zeros(1, dtype=torch.bfloat16)) > 0.1 > rounding(torch.zeros(1)) == 1e-4
