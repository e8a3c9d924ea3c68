"""Instruments against naive computations, and what they must leave alone."""

import copy
import math

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils._python_dispatch import _get_current_dispatch_mode as listener
from torch.utils.checkpoint import checkpoint

from kilter.engine import instruments as module
from kilter.engine.instruments import Instruments


class Net(nn.Module):
    """Rectifier as a function, tanh as a module, sigmoid as a method; layers defined in another order than called."""

    def __init__(self):
        super().__init__()
        self.out, self.second, self.first = nn.Linear(8, 3), nn.Linear(8, 8), nn.Linear(5, 8)
        self.third = nn.Linear(8, 8)
        self.bend = nn.Tanh()

    def forward(self, numbers):
        hidden = F.relu(self.first(numbers))
        hidden = self.bend(self.second(hidden))
        return self.out(self.third(hidden).sigmoid())


@pytest.fixture
def net():
    torch.manual_seed(0)
    return Net()


def rms(tensor):
    return math.sqrt(sum(number**2 for number in tensor.flatten().tolist()) / tensor.numel())


def a_step(model, optimizer, inputs, instruments=None, *, batches=1, clip=None):
    """A plain step; the gradients before clipping, and the weights before the update."""
    optimizer.zero_grad()
    for part in inputs.chunk(batches):
        torch.autograd.backward(model(part).square().mean())
    raw = {name: parameter.grad.clone() for name, parameter in model.named_parameters() if parameter.grad is not None}
    before = copy.deepcopy(dict(model.named_parameters()))
    if instruments is not None:
        instruments.read()
    if clip is not None:
        nn.utils.clip_grad_norm_(model.parameters(), clip)
    optimizer.step()
    return raw, before


def measured(model, inputs, *, rate=0.1, **options):
    optimizer = torch.optim.SGD(model.parameters(), lr=rate)
    instruments = Instruments(model)
    instruments.arm()
    raw, before = a_step(model, optimizer, inputs, instruments, **options)
    return instruments.take(), raw, before


@pytest.mark.parametrize("batches", [1, 2])
def test_gradients_before_clipping_weights_and_updates(net, batches):
    taken, raw, before = measured(net, torch.randn(6, 5), batches=batches, clip=1e-3)
    for name, after in net.named_parameters():
        assert taken[f"gradient/{name}"] == pytest.approx(rms(raw[name]), rel=1e-5)
        assert taken[f"weight/{name}"] == pytest.approx(rms(after), rel=1e-5)
        assert taken[f"update/{name}"] == pytest.approx(rms(after - before[name]) / rms(after), rel=1e-3)


def test_activations_dead_and_saturated_shares(net):
    with torch.no_grad():
        net.first.bias[:3] = -100.0
        net.second.weight.mul_(30)
        net.third.bias[:2] = 50.0
    twin, inputs = copy.deepcopy(net), torch.randn(6, 5)
    taken, *_ = measured(net, inputs)
    hidden = twin.first(inputs).clamp(min=0)
    bent = torch.tanh(twin.second(hidden))
    squeezed = 1 / (1 + torch.exp(-twin.third(bent)))
    assert taken["activation/first"] == pytest.approx(hidden.mean().item(), rel=1e-5)
    assert taken["activation/second"] == pytest.approx(bent.mean().item(), rel=1e-5)
    assert taken["activation/third"] == pytest.approx(squeezed.mean().item(), rel=1e-5)
    units = hidden.t().tolist()
    assert taken["dead/first"] == pytest.approx(sum(not any(unit) for unit in units) / 8)
    assert taken["dead/first"] >= 3 / 8
    near = [abs(value) > 0.99 for value in bent.flatten().tolist()]
    assert taken["saturated/second"] == pytest.approx(sum(near) / len(near))
    assert any(near)
    near = [value < 0.01 or value > 0.99 for value in squeezed.flatten().tolist()]
    assert taken["saturated/third"] == pytest.approx(sum(near) / len(near))
    assert sum(near) >= len(near) / 4
    assert {"saturated/first", "dead/second", "dead/third"}.isdisjoint(taken)


def test_a_unit_that_wakes_in_any_batch_of_the_window_is_not_dead(net):
    with torch.no_grad():
        net.first.weight.copy_(torch.eye(8, 5))
        net.first.bias.zero_()
    taken, *_ = measured(net, torch.tensor([[1.0, -1, -1, -1, -1], [-1, 1, -1, -1, -1]]), batches=2)
    assert taken["dead/first"] == pytest.approx(6 / 8)
    assert taken["activation/first"] == pytest.approx(2 / 16)


def test_channels_are_the_units_of_pictures():
    model = nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(64, 2))
    with torch.no_grad():
        model[1].bias[0] = -100
    taken, *_ = measured(model, torch.randn(3, 1, 6, 6))
    assert taken["dead/0"] == 0.25


def test_layers_come_in_the_order_of_their_calls(net):
    taken, *_ = measured(net, torch.randn(6, 5))
    assert [name for name in taken if name.startswith("update/") and name.endswith("weight")] == [
        "update/first.weight",
        "update/second.weight",
        "update/third.weight",
        "update/out.weight",
    ]
    assert [name for name in taken if name.startswith("activation/")] == [
        "activation/first",
        "activation/second",
        "activation/third",
    ]


def test_a_part_whose_module_is_never_called_stands_where_it_is_used():
    layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
    model = nn.Sequential(layer, nn.Linear(8, 2))
    taken, *_ = measured(model, torch.randn(2, 5, 8))
    names = [name for name in taken if name.startswith("gradient/")]
    assert names.index("gradient/0.self_attn.out_proj.weight") < names.index("gradient/0.linear1.weight")


class Attending(nn.Module):
    """Attention in one operation of torch, or by hand; with a mask or dropout."""

    def __init__(self, *, fused=False, causal=False, drop=0.0):
        super().__init__()
        self.turn, self.fused, self.causal, self.drop = nn.Linear(4, 12), fused, causal, drop

    def forward(self, numbers):
        query, key, value = self.turn(numbers).unsqueeze(1).chunk(3, dim=-1)
        if self.fused:
            given = F.scaled_dot_product_attention(query, key, value, is_causal=self.causal, dropout_p=self.drop)
        else:
            products = query @ key.transpose(-1, -2) / 2
            if self.causal:
                products = products.masked_fill(torch.ones(products.shape[-2:]).triu(1).bool(), -math.inf)
            given = F.dropout(products.softmax(-1), self.drop) @ value
        return given.squeeze(1)


def naive_entropy(model, numbers):
    query, key, _ = model.turn(numbers).chunk(3, dim=-1)
    found = []
    for one in range(len(numbers)):
        for place in range(numbers.shape[1]):
            seen = place + 1 if model.causal else numbers.shape[1]
            if seen > 1:
                products = torch.stack([query[one, place] @ key[one, other] / 2 for other in range(seen)])
                shares = products.softmax(0)
                found.append(-(shares * shares.log()).sum().item() / math.log(seen))
    return sum(found) / len(found)


@pytest.mark.parametrize("drop", [0.0, 0.3])
@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("fused", [False, True])
def test_entropy_of_attention_as_it_is_before_dropout(fused, causal, drop):
    torch.manual_seed(0)
    model = nn.Sequential(Attending(fused=fused, causal=causal, drop=drop))
    numbers = torch.randn(3, 5, 4) * 3
    wanted = naive_entropy(model[0], numbers)
    taken, *_ = measured(model, numbers)
    assert taken["entropy/0"] == pytest.approx(wanted, rel=1e-4)
    assert 0 < wanted < 1


def test_many_attentions_are_looked_at_in_part(monkeypatch):
    model = nn.Sequential(Attending(fused=True))
    numbers = torch.randn(8, 5, 4)
    monkeypatch.setattr(module, "SHARES", 2 * 25)
    wanted = naive_entropy(model[0], numbers[:2])
    taken, *_ = measured(model, numbers)
    assert taken["entropy/0"] == pytest.approx(wanted, rel=1e-4)


def test_one_place_to_look_at_is_no_entropy():
    taken, *_ = measured(nn.Sequential(Attending(fused=True)), torch.randn(3, 1, 4))
    assert not any(name.startswith("entropy/") for name in taken)


def test_gradients_count_as_last_read_and_weights_as_first_read():
    """Of two networks with an optimizer each, the first has gone on before the second's backward pass."""
    model = nn.ModuleDict({"judge": nn.Linear(5, 2), "maker": nn.Linear(5, 5)})
    optimizers = [torch.optim.SGD(part.parameters(), lr=0.1) for part in model.values()]
    inputs, before = torch.randn(6, 5), copy.deepcopy(dict(model.named_parameters()))
    with Instruments(model) as instruments:
        instruments.arm()
        for optimizer in optimizers:
            model.zero_grad()
            torch.autograd.backward(model["judge"](model["maker"](inputs)).square().mean())
            instruments.read()
            optimizer.step()
        taken = instruments.take()
    for name, after in model.named_parameters():
        assert taken[f"gradient/{name}"] == pytest.approx(rms(after.grad), rel=1e-5)
        assert taken[f"update/{name}"] == pytest.approx(rms(after - before[name]) / rms(after), rel=1e-3)
        assert taken[f"update/{name}"] > 0


def test_a_parameter_without_gradient_does_not_move(net):
    net.spare = nn.Linear(2, 2)
    net.second.requires_grad_(False)
    taken, *_ = measured(net, torch.randn(6, 5))
    assert (taken["gradient/spare.weight"], taken["update/spare.weight"]) == (0, 0)
    assert taken["weight/spare.weight"] > 0
    assert "weight/second.weight" not in taken
    assert list(taken).index("gradient/spare.weight") > list(taken).index("gradient/out.weight")


def test_an_update_from_nothing_is_one(net):
    nn.init.zeros_(net.out.bias)
    taken, *_ = measured(net, torch.randn(6, 5))
    assert taken["update/out.bias"] == pytest.approx(1)


def test_what_is_no_number_is_told(net):
    with torch.no_grad():
        net.second.weight[0, 0] = math.nan
    taken, *_ = measured(net, torch.randn(6, 5))
    assert math.isnan(taken["activation/second"])
    assert math.isfinite(taken["activation/first"])
    assert math.isnan(taken["gradient/first.weight"])


def test_of_large_tensors_a_sample_is_read(monkeypatch):
    monkeypatch.setattr(module, "NUMBERS", 1 << 12)
    torch.manual_seed(0)
    model = nn.Linear(128, 512)
    taken, raw, before = measured(model, torch.randn(16, 128))
    for name, after in model.named_parameters():
        assert taken[f"gradient/{name}"] == pytest.approx(rms(raw[name]), rel=0.05)
        assert taken[f"weight/{name}"] == pytest.approx(rms(after), rel=0.05)
        assert taken[f"update/{name}"] == pytest.approx(rms(after - before[name]) / rms(after), rel=0.05)


@pytest.mark.parametrize("width", [64, 96, 100, 101])
def test_a_sample_walks_through_all_columns(width, monkeypatch):
    monkeypatch.setattr(module, "NUMBERS", 1 << 10)
    columns = torch.arange(width).repeat(256)
    seen = module._sample(columns)  # noqa: SLF001 - a figure of it would hide a column left out
    assert len(seen) <= 1 << 10
    assert set(seen.tolist()) == set(range(width))


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16, torch.float16])
def test_other_precisions(dtype):
    model = nn.Sequential(nn.Linear(5, 4), nn.ReLU(), nn.Linear(4, 2)).to(dtype)
    taken, raw, _ = measured(model, torch.randn(6, 5, dtype=dtype))
    assert taken["gradient/0.weight"] == pytest.approx(rms(raw["0.weight"].double()), rel=1e-2)
    assert taken["dead/0"] in {0, 0.25, 0.5, 0.75, 1}


def test_sparse_gradients_are_read_as_what_they_stand_for():
    model = nn.Sequential(nn.Embedding(20, 4, sparse=True))
    taken, raw, _ = measured(model, torch.tensor([[1, 2, 2]]))
    assert taken["gradient/0.weight"] == pytest.approx(rms(raw["0.weight"].to_dense()), rel=1e-5)


def test_a_layer_that_gets_its_shape_from_the_first_batch():
    model = nn.Sequential(nn.LazyLinear(4), nn.ReLU())
    instruments = Instruments(model)
    instruments.arm()
    torch.autograd.backward(model(torch.randn(3, 5)).sum())
    instruments.read()
    assert instruments.take()["weight/0.weight"] == pytest.approx(rms(model[0].weight), rel=1e-5)


def hooks(model):
    return [
        hook
        for part in model.modules()
        for kind in ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks")
        for hook in getattr(part, kind).values()
    ]


def test_a_step_that_is_not_armed_is_left_alone(net):
    instruments = Instruments(net)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    assert hooks(net) == []
    a_step(net, optimizer, torch.randn(6, 5), instruments)
    assert instruments.take() == {}
    instruments.arm()
    assert hooks(net)
    a_step(net, optimizer, torch.randn(6, 5), instruments)
    assert instruments.take()
    assert (hooks(net), instruments.armed) == ([], False)
    assert instruments.take() == {}


def test_it_lets_go_in_the_middle_of_a_call_that_is_interrupted(net):
    class Interrupting(nn.Module):
        def forward(self, numbers):
            raise KeyboardInterrupt

    net.bend = Interrupting()
    with Instruments(net) as instruments:
        instruments.arm()
        with pytest.raises(KeyboardInterrupt):
            net(torch.randn(6, 5))
    assert hooks(net) == []
    before = instruments.take()
    torch.relu(torch.randn(3, 3))
    assert before == {}
    assert listener() is None


def test_only_calls_of_the_model_are_listened_to(net):
    modes = []
    with Instruments(net) as instruments:
        instruments.arm()
        modes.append(listener())
        net.third.register_forward_hook(lambda *_: modes.append(listener()))
        given = net(torch.randn(6, 5))
        modes.append(listener())
        torch.autograd.backward(given.sum())
    assert [mode is None for mode in modes] == [True, False, True]


def test_without_read_gradients_are_those_that_the_optimizer_got_and_updates_are_not_known(net):
    instruments = Instruments(net)
    instruments.arm()
    raw, _ = a_step(net, torch.optim.SGD(net.parameters(), lr=0.1), torch.randn(6, 5), clip=1e-3)
    taken = instruments.take()
    assert taken["gradient/out.weight"] == pytest.approx(rms(net.out.weight.grad), rel=1e-5)
    assert taken["gradient/out.weight"] < rms(raw["out.weight"])
    assert not any(name.startswith("update/") for name in taken)


def test_a_compiled_model_is_not_listened_to(net):
    class Compiled(nn.Module):
        def __init__(self, inner):
            super().__init__()
            self._orig_mod = inner

        def forward(self, numbers):
            return self._orig_mod(numbers)

    instruments = Instruments(Compiled(net))
    instruments.arm()
    assert hooks(net) == []
    assert instruments.armed


class Recomputing(nn.Module):
    """Activations are thrown away and computed again in the backward pass."""

    def __init__(self):
        super().__init__()
        self.first, self.drop, self.out = nn.Linear(5, 8), nn.Dropout(0.4), nn.Linear(8, 3)

    def forward(self, numbers):
        hidden = checkpoint(lambda given: self.drop(torch.relu(self.first(given))), numbers, use_reentrant=False)
        return self.out(hidden)


def _embedded():
    encoder = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True, dropout=0.2)
    return nn.Sequential(nn.Embedding(11, 8), nn.TransformerEncoder(encoder, 2, enable_nested_tensor=False))


class Gated(nn.Module):
    def __init__(self):
        super().__init__()
        self.over, self.out = nn.LSTM(5, 6, batch_first=True), nn.Linear(6, 2)

    def forward(self, numbers):
        return self.out(self.over(numbers)[0][:, -1])


@pytest.mark.parametrize(
    ("make", "inputs"),
    [
        (Net, torch.randn(6, 5)),
        (Recomputing, torch.randn(6, 5)),
        (_embedded, torch.randint(0, 11, (4, 7))),
        (lambda: nn.Sequential(Attending(drop=0.3)), torch.randn(4, 6, 4)),
        (lambda: nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU6(inplace=True)), torch.randn(4, 1, 8, 8)),
        (Gated, torch.randn(4, 6, 5)),
    ],
    ids=["functions", "checkpointing", "transformer", "attention", "pictures", "recurrent"],
)
def test_measuring_changes_no_bit(make, inputs):
    ends = []
    for measuring in (False, True):
        torch.manual_seed(3)
        model = make()
        optimizer = torch.optim.AdamW(model.parameters(), lr=0.01, fused=True)
        with Instruments(model) as instruments:
            for _ in range(4):
                if measuring:
                    instruments.arm()
                a_step(model, optimizer, inputs, instruments, clip=0.5)
                assert bool(instruments.take()) == measuring
        ends.append((model.state_dict(), torch.get_rng_state()))
    (one, state), (other, other_state) = ends
    assert torch.equal(state, other_state)
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_what_it_took_is_told(net):
    instruments = Instruments(net)
    for _ in range(2):
        instruments.arm()
        a_step(net, torch.optim.SGD(net.parameters(), lr=0.1), torch.randn(6, 5), instruments)
        instruments.take()
        assert 0 < instruments.seconds < 60
