"""Activations look the same whoever calls them."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from kilter.engine.activations import Lookout, watching


class Net(nn.Module):
    """A layer, and a function of what it gives."""

    def __init__(self, function):
        super().__init__()
        self.first, self.function = nn.Linear(6, 8), function

    def forward(self, numbers):
        return self.function(self.first(numbers))


def _seen(model, *inputs):
    found = []
    with watching(model, lambda one: found.append((one.kind, one.module, one.result.detach().clone(), one))) as calls:
        model(*inputs)
    return found, calls


@pytest.mark.parametrize(
    ("kind", "function"),
    [
        ("relu", nn.ReLU()),
        ("relu", nn.ReLU(inplace=True)),
        ("relu", F.relu),
        ("relu", torch.relu),
        ("relu", torch.Tensor.relu_),
        ("relu", lambda t: t.clamp(min=0)),
        ("relu", lambda t: F.threshold(t, 0.0, 0.0)),
        ("tanh", nn.Tanh()),
        ("tanh", torch.tanh),
        ("sigmoid", F.sigmoid),
        ("sigmoid", torch.Tensor.sigmoid_),
        ("other", nn.GELU()),
        ("other", F.silu),
    ],
)
def test_modules_functions_and_methods_are_all_seen_with_what_they_gave(kind, function):
    model = Net(function)
    numbers = torch.randn(5, 6)
    ((seen, _, result, _),), _ = _seen(model, numbers)
    assert seen == kind
    assert torch.equal(result, model(numbers))


def test_other_limits_and_what_is_computed_outside_of_the_model_are_not_seen():
    model = Net(lambda t: t.clamp(min=-1))
    found = []
    with watching(model, found.append):
        torch.relu(model(torch.randn(5, 6)))
    assert found == []
    assert model(torch.randn(2, 6)).shape == (2, 8)


def test_upper_ends_are_told():
    ends = {
        function: _seen(Net(function), torch.randn(5, 6))[0][0][3].bounded
        for function in (F.relu, F.relu6, lambda t: t.clamp(0, 1))
    }
    assert list(ends.values()) == [False, True, True]


def test_units_stand_second_after_a_convolution_and_last_else():
    pictures = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU())
    places = nn.Sequential(nn.Linear(6, 4), nn.ReLU())
    assert _seen(pictures, torch.randn(2, 3, 6, 6))[0][0][3].units == 1
    assert _seen(places, torch.randn(2, 5, 6))[0][0][3].units == -1


def test_each_time_of_a_recurrent_layer_is_seen_and_its_weight_counted():
    rnn = nn.Sequential()
    rnn.add_module("over", nn.RNN(3, 4, nonlinearity="relu", batch_first=True))
    found, calls = _seen(rnn, torch.randn(2, 7, 3))
    assert [(kind, module) for kind, module, *_ in found] == [("relu", "over")] * 7
    assert calls.applied["over.weight_hh_l0"] == 7
    assert calls.parts == ["", "over"]


def test_parts_are_listed_in_the_order_of_their_calls():
    class Backwards(nn.Module):
        def __init__(self):
            super().__init__()
            self.last, self.first = nn.Linear(4, 2), nn.Linear(6, 4)

        def forward(self, numbers):
            return self.last(self.first(numbers))

    assert _seen(Backwards(), torch.randn(2, 6))[1].parts == ["", "first", "last"]


@pytest.mark.parametrize("turned", [False, True])
def test_shares_are_told_when_they_weigh_something_as_the_product_sees_them(turned):
    class Attention(nn.Module):
        def forward(self, query, key, value):
            weights = (query @ key.transpose(1, 2)).softmax(-1)
            return (value.transpose(1, 2) @ weights.transpose(1, 2)).transpose(1, 2) if turned else weights @ value

    parts = [torch.randn(2, 5, 4) for _ in range(3)]
    ((kind, _, weights, activation),), _ = _seen(Attention(), *parts)
    assert kind == "softmax"
    assert torch.allclose(weights.sum(-1), torch.ones(2, 5))
    assert torch.allclose(activation.given[0].softmax(-1), weights)
    answered = nn.Sequential(nn.Linear(6, 3), nn.Softmax(-1))
    assert _seen(answered, torch.randn(5, 6))[0] == []


def test_fused_attention_is_told_with_its_arguments():
    class Fused(nn.Module):
        def forward(self, parts):
            return F.scaled_dot_product_attention(parts, parts, parts, is_causal=True)

    parts = torch.randn(2, 2, 5, 4, requires_grad=True)
    ((kind, _, result, activation),), _ = _seen(Fused(), parts)
    assert kind == "attention"
    assert torch.equal(activation.given[0], parts)
    assert result.shape == parts.shape


def test_results_gradients_and_hooks_are_as_without_watching():
    model = nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 2))
    numbers = torch.randn(5, 6)
    model(numbers).sum().backward()
    before = [parameter.grad.clone() for parameter in model.parameters()]
    model.zero_grad()
    with watching(model, lambda _: None):
        outputs = model(numbers)
    outputs.sum().backward()
    assert all(torch.equal(p.grad, gradient) for p, gradient in zip(model.parameters(), before, strict=True))
    found = []
    with watching(model, found.append):
        pass
    model(numbers)
    assert found == []


def test_the_layer_whose_weights_were_applied_last_is_told():
    class Shared(nn.Module):
        """One module of a function after two layers."""

        def __init__(self):
            super().__init__()
            self.first, self.second, self.bend = nn.Linear(6, 6), nn.Linear(6, 6), nn.Tanh()

        def forward(self, numbers):
            return F.relu(self.bend(self.second(self.bend(self.first(numbers)))).sum(-1))

    found, _ = _seen(Shared(), torch.randn(5, 6))
    assert [(one.kind, one.module, one.layer) for *_, one in found] == [
        ("tanh", "bend", "first"),
        ("tanh", "bend", "second"),
        ("relu", "", "second"),
    ]
    assert _seen(nn.Sequential(nn.ReLU()), torch.randn(5, 6))[0][0][3].layer == ""


@pytest.mark.parametrize("between", [nn.Dropout(0.5), lambda t: t.half().float(), lambda t: t.masked_fill(t > 1, 0.0)])
def test_shares_are_told_as_they_were_before_dropout(between):
    class Attention(nn.Module):
        def forward(self, parts):
            return between((parts @ parts.transpose(1, 2)).softmax(-1)) @ parts

    parts = torch.randn(2, 5, 4)
    ((kind, _, weights, _),), _ = _seen(Attention(), parts)
    assert kind == "softmax"
    assert torch.equal(weights, (parts @ parts.transpose(1, 2)).softmax(-1))


def test_a_lookout_sees_the_same_and_listens_to_calls_of_the_model_alone():
    model = Net(F.relu)
    found = []
    lookout = Lookout(model, found.append)
    given = model(torch.randn(5, 6))
    torch.relu(given)
    torch.autograd.backward(given.sum())
    assert [(one.kind, one.module, one.layer) for one in found] == [("relu", "", "first")]
    assert lookout.calls.parts == ["", "first"]
    assert lookout.seconds > 0
    lookout.close()
    model(torch.randn(5, 6))
    assert len(found) == 1


def test_a_lookout_may_be_closed_while_a_call_is_interrupted():
    def interrupt(numbers):
        raise KeyboardInterrupt

    found = []
    model = Net(interrupt)
    lookout = Lookout(model, found.append)
    with pytest.raises(KeyboardInterrupt):
        model(torch.randn(5, 6))
    lookout.close()
    lookout.close()
    torch.relu(torch.randn(3))
    assert found == []
