import torch
from torch.autograd import Function

from kilter.engine.custom_functions import functions_in, hearing_functions


class Doubled(Function):
    @staticmethod
    def forward(ctx, x, factor):  # noqa: ARG004 - torch's own form
        return x * factor

    @staticmethod
    def backward(ctx, gradient):  # noqa: ARG004 - torch's own form
        return 2 * gradient, None


def test_functions_of_ones_own_are_found_in_a_graph():
    x = torch.ones(2, requires_grad=True)

    assert functions_in([Doubled.apply(x.exp(), 2.0).sum()]) == (Doubled,)
    assert functions_in([x.exp().sum()]) == ()


def test_what_they_are_given_is_heard_once_and_they_are_as_before():
    x = torch.ones(2, requires_grad=True)
    own = Doubled.__dict__["forward"]
    apply = Doubled.apply
    with hearing_functions([Doubled]) as noted:
        apply(x, 2.0)
        apply(3 * x, 2.0)

    (applied,) = noted
    assert applied.function is Doubled
    assert torch.equal(applied.arguments[0], torch.ones(2))
    assert applied.arguments[1] == 2.0
    assert applied.asked == (0,)
    assert Doubled.__dict__["forward"] is own
