import copy

import pytest
import torch

from kilter.engine.averaging import judged
from kilter.engine.schedule_free import ScheduleFreeAdamW


def gradients(steps, *, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return [(torch.randn(3, 2, generator=generator), torch.randn(4, generator=generator)) for _ in range(steps)]


def make(*, lr=0.1, beta1=0.9, beta2=0.95, decay=0.1):
    generator = torch.Generator().manual_seed(7)
    parameters = [torch.nn.Parameter(torch.randn(size, generator=generator)) for size in ((3, 2), (4,))]
    groups = [{"params": [parameters[0]], "weight_decay": decay}, {"params": [parameters[1]], "weight_decay": 0.0}]
    return parameters, ScheduleFreeAdamW(groups, lr=lr, betas=(beta1, beta2), eps=1e-6)


def drive(parameters, optimizer, made, rates):
    for each, rate in zip(made, rates, strict=True):
        for parameter, gradient in zip(parameters, each, strict=True):
            parameter.grad = None if gradient is None else gradient.clone()
        for group in optimizer.param_groups:
            group["lr"] = rate
        optimizer.step()


def naive(start, made, rates, *, beta1, beta2, decay, eps=1e-6):
    """The three sequences as they are written in the paper, each kept: y and x after all steps."""
    x, z = start.double(), start.double()
    y, second, highest, weight_sum = x, torch.zeros_like(x), 0.0, 0.0
    for number, (gradient, rate) in enumerate(zip(made, rates, strict=True), start=1):
        second = beta2 * second + (1 - beta2) * gradient.double() ** 2
        z = z - rate * (gradient / ((second / (1 - beta2**number)).sqrt() + eps) + decay * y)
        highest = max(highest, rate)
        weight_sum += highest**2
        share = highest**2 / weight_sum
        x = (1 - share) * x + share * z
        y = (1 - beta1) * z + beta1 * x
    return y, x


@pytest.mark.parametrize("beta1", [0.5, 0.9, 0.98])
def test_against_the_three_sequences_of_the_paper(beta1):
    made = gradients(40)
    rates = [0.1 * min(1, (step + 1) / 10) for step in range(40)]
    parameters, optimizer = make(beta1=beta1)
    start = [parameter.detach().clone() for parameter in parameters]
    drive(parameters, optimizer, made, rates)
    for at, decay in ((0, 0.1), (1, 0.0)):
        y, x = naive(start[at], [each[at] for each in made], rates, beta1=beta1, beta2=0.95, decay=decay)
        torch.testing.assert_close(parameters[at].detach().double(), y, atol=1e-5, rtol=1e-4)
        with judged(optimizer):
            torch.testing.assert_close(parameters[at].detach().double(), x, atol=1e-5, rtol=1e-4)


def test_the_average_settles_where_the_steps_do_not():
    """Noisy gradients of a quadratic at a constant rate: steps stay noisy, their average does not."""
    parameter = torch.nn.Parameter(torch.full((50,), 3.0))
    optimizer = ScheduleFreeAdamW([parameter], lr=0.1)
    generator = torch.Generator().manual_seed(1)
    for _ in range(600):
        parameter.grad = parameter.detach() + torch.randn(50, generator=generator)
        optimizer.step()
    z = optimizer.state[parameter]["z"].norm().item()
    with judged(optimizer):
        assert parameter.norm().item() < 0.3 * z


def test_a_step_at_no_rate_changes_nothing_and_weighs_nothing():
    parameters, optimizer = make()
    before = [parameter.detach().clone() for parameter in parameters]
    drive(parameters, optimizer, gradients(3), [0.0, 0.0, 0.0])
    assert all(torch.equal(parameter, earlier) for parameter, earlier in zip(parameters, before, strict=True))
    assert [group["weight_sum"] for group in optimizer.param_groups] == [0.0, 0.0]


def test_a_parameter_without_a_gradient_is_left_alone():
    parameters, optimizer = make()
    before = parameters[1].detach().clone()
    drive(parameters, optimizer, [(gradient, None) for gradient, _ in gradients(3)], [0.1] * 3)
    assert torch.equal(parameters[1], before)
    assert parameters[1] not in optimizer.state
    with judged(optimizer):
        assert torch.equal(parameters[1], before)


def test_its_state_goes_on_exactly_where_it_was():
    made, rates = gradients(20), [0.05] * 20
    whole, optimizer = make()
    drive(whole, optimizer, made, rates)
    first, begun = make()
    drive(first, begun, made[:9], rates[:9])
    stored = copy.deepcopy(begun.state_dict())
    second, later = make()
    with torch.no_grad():
        for parameter, earlier in zip(second, first, strict=True):
            parameter.copy_(earlier)
    later.load_state_dict(stored)
    drive(second, later, made[9:], rates[9:])
    assert all(torch.equal(a, b) for a, b in zip(whole, second, strict=True))


def test_a_closure_is_called_with_gradients():
    parameter = torch.nn.Parameter(torch.ones(2))
    optimizer = ScheduleFreeAdamW([parameter], lr=0.1)

    def closure():
        optimizer.zero_grad()
        loss = (parameter**2).sum()
        loss.backward()
        return loss.item()

    assert optimizer.step(closure) == 2.0
    assert (parameter < 1).all()
