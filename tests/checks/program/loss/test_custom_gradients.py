import pytest
from torch import nn
from torch.autograd import Function

from kilter.checks.program.loss.custom_gradients import CustomGradients


class Swish(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x.sigmoid()

    @staticmethod
    def slope(x):
        return x.sigmoid() * (1 + x * (1 - x.sigmoid()))

    @classmethod
    def backward(cls, ctx, gradient):
        return gradient * cls.slope(*ctx.saved_tensors)


class WrongSign(Swish):
    @staticmethod
    def slope(x):
        return -Swish.slope(x)


class WrongScale(Swish):
    @staticmethod
    def slope(x):
        return 0.5 * Swish.slope(x)


class MissingTerm(Swish):
    @staticmethod
    def slope(x):
        return x.sigmoid()


class Rounded(Swish):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x.round()


class Reversed(Function):
    @staticmethod
    def forward(x):
        return x.clone()

    @staticmethod
    def setup_context(ctx, inputs, output):
        pass

    @staticmethod
    def backward(ctx, gradient):  # noqa: ARG004 - torch's own form
        return -gradient


def network(function):
    class Network(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.last = nn.Linear(6, 16), nn.Linear(16, 4)
            self.between = function.apply

        def forward(self, x):
            return self.last(self.between(self.first(x)))

    return Network


@pytest.mark.parametrize("function", [WrongSign, WrongScale, MissingTerm])
def test_a_backward_that_is_wrong_is_found(build, found, parts, function):
    program = build("classification", parts["data"]("classes"), network(function), nn.CrossEntropyLoss())

    said = found(CustomGradients(), program)

    assert [(one.severity.word, one.where) for one in said] == [("failure", (function.__qualname__,))]


@pytest.mark.parametrize("function", [Swish, Rounded, Reversed])
def test_a_backward_that_is_right_or_meant_otherwise_is_silent(build, found, parts, function):
    program = build("classification", parts["data"]("classes"), network(function), nn.CrossEntropyLoss())

    assert found(CustomGradients(), program) == []


def test_a_loss_of_ones_own_is_judged(build, found, parts):
    class Squared(Function):
        @staticmethod
        def forward(ctx, given, target):
            ctx.save_for_backward(given, target)
            return ((given - target) ** 2).mean()

        @staticmethod
        def backward(ctx, gradient):
            given, target = ctx.saved_tensors
            return gradient * (target - given) / given.numel(), None

    program = build("regression", parts["data"]("numbers"), lambda: parts["mlp"](1), parts["Squeezed"](Squared.apply))

    assert [one.severity.word for one in found(CustomGradients(), program)] == ["failure"]
