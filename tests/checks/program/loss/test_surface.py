import pytest
import torch
from torch import nn
from torch.nn import functional as F

from kilter.checks.program.bench import Bench
from kilter.checks.program.loss.surface import surface


@pytest.fixture
def three(build, parts):
    """The same training: by a loss function, in a step, inside of the model."""

    class Inside(nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = parts["mlp"]()

        def forward(self, x, labels):
            logits = self.layers(x)
            return {"loss": F.cross_entropy(logits, labels), "logits": logits}

    x, y = parts["data"]("classes")
    batches = [{"x": x[:32], "labels": y[:32]}]
    step = parts["stepping"](lambda m, _, b: F.cross_entropy(m(b["x"]), b["labels"]))
    whole = parts["stepping"](lambda m, _, b: m(**b)["loss"])
    heard = parts["stepping"](lambda m, loss, b: loss(m(b["x"]), b["labels"]))
    return [
        build("classification", (), parts["mlp"], nn.CrossEntropyLoss(), batches=batches, step=heard),
        build("classification", (), parts["mlp"], step=step, batches=batches),
        build("classification", (), Inside, step=whole, batches=batches),
    ]


def test_the_loss_is_asked_the_same_wherever_it_stands(three):
    found = [surface(Bench(program=program)) for program in three]
    given = torch.randn(32, 4, generator=torch.Generator().manual_seed(0))
    other = torch.zeros(32, dtype=torch.long)

    assert [one.heard for one in found] == [True, False, False]
    for one in found:
        assert one.loss(given) == pytest.approx(float(F.cross_entropy(given, one.target)))
        assert one.loss(given, other) == pytest.approx(float(F.cross_entropy(given, other)))
        wanted = (given.softmax(1) - F.one_hot(one.target, 4)) / 32
        assert torch.allclose(one.gradient(given), wanted, atol=1e-6)


def test_a_loss_that_draws_random_numbers_of_its_own_is_not_asked(build, parts):
    seen = []

    def drifting(given, target):
        seen.append(1)
        return F.cross_entropy(given, target) * len(seen)

    program = build("classification", parts["data"]("classes"), parts["mlp"], drifting)

    assert surface(Bench(program=program)) is None


def test_a_refusal_is_no_number(build, parts):
    asked = surface(
        Bench(program=build("multilabel", parts["data"]("labels"), lambda: parts["mlp"](4, nn.Sigmoid()), nn.BCELoss()))
    )

    assert asked.loss(torch.full((32, 4), 2.0)) != asked.loss(torch.full((32, 4), 2.0))
    assert asked.gradient(torch.full((32, 4), 2.0)) is None
