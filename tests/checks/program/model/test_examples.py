"""Where examples stand in arguments and outputs."""

import torch
from torch import nn

from kilter.checks.program.model.examples import between_rows, chosen, find_examples, surely_first
from kilter.checks.program.model.scene import scene


class Forms(nn.Module):
    """Outputs by example, by place and example, flat, and one for all."""

    def __init__(self):
        super().__init__()
        self.out = nn.Linear(12, 3)

    def forward(self, numbers):
        answers = self.out(numbers)
        both = torch.stack([answers, 2 * answers])
        return {
            "first": answers,
            "second": both,
            "flat": both.flatten(0, 1),
            "inner": both.transpose(0, 1).flatten(0, 1),
            "square": answers @ answers.T,
            "whole": answers.mean(),
        }


def _step(model, optimizer, loss_fn, batch):
    optimizer.zero_grad()
    loss = loss_fn(model(batch[0])["first"], batch[1])
    loss.backward()
    optimizer.step()


def test_the_dimension_that_loses_an_example_is_theirs(parts, program, bench):
    seen = scene(bench(program(Forms, (parts.data.numbers, parts.data.classes), step=_step)))
    layout = find_examples(seen)
    assert layout.count == 16
    assert dict(layout.places) == {("first",): (0, 1), ("second",): (1, 1), ("flat",): (0, 2), ("inner",): (0, 2)}
    by_example = layout.of_example(("flat",), layout.outputs[("flat",)])
    wanted = torch.stack([layout.outputs[("first",)], 2 * layout.outputs[("first",)]], 1)
    assert any(torch.equal(order, wanted) for order in by_example)


def test_a_loader_with_the_usual_collation_puts_examples_first(parts, program, bench):
    model = lambda: nn.Linear(12, 3)  # noqa: E731 - a factory
    given = (parts.data.numbers, parts.data.classes)
    assert surely_first(scene(bench(program(model, given))))
    assert not surely_first(scene(bench(program(model, [given]))))


def test_rows_are_chosen_where_they_stand():
    arguments = {(0,): torch.arange(8).reshape(4, 2), (1,): torch.arange(12).reshape(3, 4), (2,): torch.zeros(5)}
    new = chosen(arguments, [0, 0], 4)
    assert new[(0,)].tolist() == [[0, 1], [0, 1]]
    assert new[(1,)].tolist() == [[0, 0], [4, 4], [8, 8]]
    assert (2,) not in new


def test_what_relates_rows_is_told_from_what_happens_to_be_square():
    numbers = torch.rand(6, 6)
    near = ((numbers + numbers.T) > 1.2).float()
    rows = torch.rand(6, 3)
    edges = torch.tensor([[0, 1, 5], [2, 3, 4]])
    assert not between_rows({(0,): numbers}, 6)
    assert between_rows({(0,): rows, (1,): near}, 6)
    assert between_rows({(0,): rows, (1,): edges}, 6)
    assert between_rows({(0,): rows, (1,): near.to_sparse()}, 6)
    assert not between_rows({(0,): rows, (1,): torch.randint(0, 20, (6, 2))}, 6)
