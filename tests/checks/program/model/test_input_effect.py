"""How far outputs answer to inputs."""

import torch
from torch import nn

from kilter.checks.program.model.input_effect import effect, ignores_input, turned_inputs
from kilter.checks.program.model.scene import scene


class Inside(nn.Module):
    """The loss is inside, and targets are an argument."""

    def __init__(self, *, deaf):
        super().__init__()
        self.out, self.deaf = nn.Linear(12, 3), deaf

    def forward(self, numbers, labels):
        logits = self.out(numbers * (0 if self.deaf else 1))
        return {"logits": logits, "loss": nn.functional.cross_entropy(logits, labels)}


def _step(model, optimizer, loss_fn, batch):
    optimizer.zero_grad()
    loss = model(batch[0], labels=batch[1])["loss"]
    loss.backward()
    optimizer.step()
    return loss


def test_targets_are_left_where_they_are(parts, program, bench):
    given = (parts.data.numbers, parts.data.classes)
    for deaf in (True, False):
        one = bench(program(lambda deaf=deaf: Inside(deaf=deaf), given, loss=None, step=_step))
        seen = scene(one)
        turned = turned_inputs(one, seen)
        assert list(turned) == [("at", 0)]
        assert (effect(seen, turned) == 0) is deaf
        assert ignores_input(one) is deaf


def test_inputs_that_are_the_same_for_all_tell_nothing(parts, program, bench):
    one = bench(program(lambda: nn.Linear(12, 3), (torch.ones(64, 12), parts.data.classes[:64])))
    assert turned_inputs(one, scene(one)) == {}
    assert not ignores_input(one)
