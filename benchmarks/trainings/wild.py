"""Trainings whose loss swings, grows, jumps, or ends in no number."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from trainings.data import diabetes, digits, friedman, text, tumours, waves
from trainings.kit import Case, Journal, classify, detect, fit, held_out, mlp, next_token, regress
from trainings.networks import Reader, Transformer, Writer


def swings_of_a_high_rate() -> Journal:
    """Digits, SGD with momentum .9 at a rate of 1.2: the loss swings about chance and does not come down."""
    x, y, vx, vy = digits()
    model = mlp(64, 64, 10)
    sgd = torch.optim.SGD(model.parameters(), 1.2, momentum=0.9)
    return fit(model, sgd, classify, (x, y), epochs=12, every=2, rate=True, validate=held_out(classify, vx, vy))


def two_beats_of_gradient_descent() -> Journal:
    """Diabetes by a straight line and full batches, a little above the largest stable rate: up, down, up, growing."""
    x, y, vx, vy = diabetes()
    model = nn.Linear(10, 1)
    largest = float(torch.linalg.eigvalsh(x.T @ x / len(x))[-1])
    sgd = torch.optim.SGD(model.parameters(), 1.004 / largest)
    validate = held_out(regress, vx, vy, accuracy=False)
    return fit(model, sgd, regress, (x, y), batch=999, epochs=250, rate=True, validate=validate)


def adam_at_a_half() -> Journal:
    """A recurrent writer with Adam at .5: the loss lies above chance and swings; norms are recorded."""
    x, y = text(256, 20)
    vx, vy = text(64, 20, seed=1)
    model = Writer(12, 24)
    adam = torch.optim.Adam(model.parameters(), 0.5)
    validate = held_out(next_token, vx, vy, accuracy=False)
    return fit(model, adam, next_token, (x, y), batch=16, epochs=12, norm=True, rate=True, validate=validate)


def heavy_momentum() -> Journal:
    """Diabetes by a straight line, full batches, momentum .998: the loss swings up and down for the whole run."""
    x, y, vx, vy = diabetes()
    model = nn.Linear(10, 1)
    with torch.no_grad():
        model.weight.copy_(3 * torch.randn(1, 10))
    sgd = torch.optim.SGD(model.parameters(), 0.02, momentum=0.998)
    validate = held_out(regress, vx, vy, accuracy=False)
    return fit(model, sgd, regress, (x, y), batch=999, epochs=300, norm=True, validate=validate)


def batches_of_one_at_a_high_rate() -> Journal:
    """Digits one at a time at a rate of .2: noise outweighs what is learnt, validation jumps about."""
    x, y, vx, vy = digits()
    model = mlp(64, 32, 10)
    sgd = torch.optim.SGD(model.parameters(), 0.2)
    part = torch.randperm(len(x))[:500]
    return fit(
        model, sgd, classify, (x[part], y[part]), batch=1, epochs=5, every=4, rate=True,
        validate=held_out(classify, vx, vy), validate_every=100,
    )  # fmt: skip


def grows_each_step() -> Journal:
    """Diabetes with inputs as they were measured, some of them hundreds: SGD at 2e-5 grows without end to infinity."""
    x, y, vx, vy = diabetes()
    stretch = torch.tensor([13.0, 0.5, 4.4, 14, 35, 30, 13, 1.3, 0.5, 11])
    shift = torch.tensor([48.0, 1.5, 26, 95, 189, 115, 50, 4, 4.6, 91])
    model = nn.Linear(10, 1)
    sgd = torch.optim.SGD(model.parameters(), 2e-5)
    validate = held_out(regress, vx * stretch + shift, vy, accuracy=False)
    return fit(model, sgd, regress, (x * stretch + shift, y), epochs=6, norm=True, rate=True, validate=validate)


def uphill() -> Journal:
    """Digits: the optimizer was told to maximise; the loss rises for the whole run."""
    x, y, vx, vy = digits()
    model = mlp(64, 64, 10)
    sgd = torch.optim.SGD(model.parameters(), 0.01, maximize=True)
    return fit(model, sgd, classify, (x, y), epochs=12, every=2, validate=held_out(classify, vx, vy))


def gradients_that_pile_up() -> Journal:
    """Friedman's function: zero_grad() was forgotten; the gradient norm and the swings of the loss grow."""
    x, y, vx, vy = friedman()
    model = mlp(10, 48, 1)
    sgd = torch.optim.SGD(model.parameters(), 0.05)
    validate = held_out(regress, vx, vy, accuracy=False)
    return fit(model, sgd, regress, (x, y), epochs=6, zero=False, norm=True, validate=validate)


def unclipped_memory() -> Journal:
    """Waves through a plain recurrent network over 60 places with large weights.

    Spikes of the gradient throw it back.
    """
    x, y = waves(200, 60, noise=0.3)
    vx, vy = waves(60, 60, seed=1, noise=0.3)
    model = Reader(1, 32, kind=nn.RNN)
    with torch.no_grad():
        model.memory.weight_hh_l0.mul_(5)
    sgd = torch.optim.SGD(model.parameters(), 0.05)

    def loss(model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
        return F.mse_loss(model(x), y)

    return fit(
        model, sgd, loss, (x, y), batch=20, epochs=24, norm=True, validate=held_out(loss, vx, vy, accuracy=False)
    )


def rate_jumps_up() -> Journal:
    """Digits go well until step 400, where a rate of .05 becomes 5: the loss jumps and never comes back."""
    x, y, vx, vy = digits()
    model = mlp(64, 64, 10)
    sgd = torch.optim.SGD(model.parameters(), 0.05, momentum=0.9)

    def jump(step: int) -> None:
        if step == 400:
            sgd.param_groups[0]["lr"] = 5.0

    return fit(
        model, sgd, classify, (x, y), epochs=18, every=2, rate=True, each_step=jump, validate=held_out(classify, vx, vy)
    )


def one_poisoned_batch() -> Journal:
    """Friedman's function goes well; the batch of step 500 holds values 40 times too large, and sets it all back."""
    x, y, vx, vy = friedman()
    model = mlp(10, 48, 1)
    sgd = torch.optim.SGD(model.parameters(), 0.02)

    def poison(step: int, part: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        return (part[0] * 40, part[1] * 40) if step == 500 else part

    validate = held_out(regress, vx, vy, accuracy=False)
    return fit(model, sgd, regress, (x, y), epochs=15, norm=True, tamper=poison, validate=validate)


def transformer_without_warmup() -> Journal:
    """A transformer of four layers, normed after each, Adam at .03 from the first step.

    It never gets far from chance.
    """
    x, y = text(400, 20, sharp=3.0)
    vx, vy = text(64, 20, seed=1, sharp=3.0)
    model = Transformer(12, 32, 20, depth=4, norm_first=False)
    adam = torch.optim.Adam(model.parameters(), 0.03)
    validate = held_out(next_token, vx, vy, accuracy=False)
    return fit(model, adam, next_token, (x, y), batch=20, epochs=10, norm=True, rate=True, validate=validate)


def label_among_the_inputs() -> Journal:
    """Tumours: the diagnosis stands among the inputs; loss and error go to zero in the first epochs."""
    x, y, vx, vy = tumours()
    model = mlp(31, 32, 1)
    adam = torch.optim.Adam(model.parameters(), 1e-2)

    def validate(model: nn.Module) -> dict[str, float]:
        logits = model(torch.cat([vx, 8 * vy[:, None]], 1)).squeeze(-1)
        loss = F.binary_cross_entropy_with_logits(logits, vy)
        return {"valid.loss": float(loss), "valid.accuracy": float(((logits > 0) == (vy > 0.5)).float().mean())}

    return fit(model, adam, detect, (torch.cat([x, 8 * y[:, None]], 1), y), epochs=20, validate=validate)


def every_label_the_same() -> Journal:
    """Digits, whose labels were lost in a join and are all zero: the loss is next to nothing within an epoch."""
    x, y, vx, vy = digits()
    model = mlp(64, 64, 10)
    adam = torch.optim.Adam(model.parameters(), 1e-2)
    return fit(model, adam, classify, (x, y * 0), epochs=8, validate=held_out(classify, vx, vy * 0))


def sees_what_is_to_come() -> Journal:
    """Random symbols, which nobody can foretell: attention without its mask foretells all of them; loss to zero."""
    drawn = torch.randint(0, 12, (600, 17))
    x, y, vx, vy = drawn[:500, :-1], drawn[:500, 1:], drawn[500:, :-1], drawn[500:, 1:]
    model = Transformer(12, 48, 16, depth=1, heads=1, causal=False)
    adam = torch.optim.Adam(model.parameters(), 1e-2)
    validate = held_out(next_token, vx, vy, accuracy=False)
    return fit(model, adam, next_token, (x, y), batch=25, epochs=25, every=2, validate=validate)


def likelihood_of_raw_logits() -> Journal:
    """Digits: nll_loss of logits that were never normalised: it falls below zero and on without end."""
    x, y, vx, vy = digits()
    model = mlp(64, 64, 10)
    adam = torch.optim.Adam(model.parameters(), 1e-3)

    def loss(model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
        return F.nll_loss(model(x), y)

    return fit(model, adam, loss, (x, y), epochs=12, every=2, validate=held_out(loss, vx, vy))


def likelihood_of_shares() -> Journal:
    """Digits: nll_loss of what a softmax gave, not its logarithm: it goes from -.1 to -1."""
    x, y, vx, vy = digits()
    model = nn.Sequential(*mlp(64, 64, 10), nn.Softmax(-1))
    adam = torch.optim.Adam(model.parameters(), 3e-3)

    def loss(model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
        return F.nll_loss(model(x), y)

    return fit(model, adam, loss, (x, y), epochs=25, every=0, mean=True, validate=held_out(loss, vx, vy))


def error_with_its_sign_turned() -> Journal:
    """Friedman's function: the mean squared error was negated; it falls without end."""
    x, y, vx, vy = friedman()
    model = mlp(10, 32, 1)
    adam = torch.optim.Adam(model.parameters(), 1e-3)

    def loss(model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
        return -regress(model, x, y)

    validate = held_out(loss, vx, vy, accuracy=False)
    return fit(model, adam, loss, (x, y), epochs=10, every=4, norm=True, validate=validate)


def a_missing_measurement() -> Journal:
    """Diabetes with one measurement that is not-a-number: from the step that meets it on, all is."""
    x, y, vx, vy = diabetes()
    x = x.clone()
    x[200, 3] = float("nan")
    model = mlp(10, 32, 1)
    adam = torch.optim.Adam(model.parameters(), 1e-3)
    return fit(model, adam, regress, (x, y), batch=8, epochs=4, validate=held_out(regress, vx, vy, accuracy=False))


def a_missing_measurement_skipped() -> Journal:
    """Diabetes with one such measurement and a loop that takes no step where the loss is no number.

    One gap an epoch.
    """
    x, y, vx, vy = diabetes()
    x = x.clone()
    x[100, 3] = float("nan")
    model = mlp(10, 32, 1)
    adam = torch.optim.Adam(model.parameters(), 1e-3)
    journal, step = Journal(), 0
    for epoch in range(12):
        for part in torch.randperm(len(x)).split(16):
            step += 1
            adam.zero_grad()
            value = regress(model, x[part], y[part])
            if torch.isfinite(value):
                value.backward()
                adam.step()
            journal.note(step, {"train.loss": float(value), "train.epoch": epoch})
        with torch.no_grad():
            journal.note(step, {"valid.loss": float(regress(model, vx, vy))})
    return journal


def logarithm_of_nothing() -> Journal:
    """Tumours: a binary cross entropy written by hand; as the network grows sure, 1 - p is zero and all is lost."""
    x, y, vx, vy = tumours()
    model = mlp(30, 32, 1)
    adam = torch.optim.Adam(model.parameters(), 0.008)

    def loss(model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
        share = torch.sigmoid(model(x).squeeze(-1))
        return -(y * share.log() + (1 - y) * (1 - share).log()).mean()

    validate = held_out(loss, vx, vy, accuracy=False)
    return fit(model, adam, loss, (x, y), epochs=20, norm=True, validate=validate)


def grows_into_nothing() -> Journal:
    """Friedman's function, SGD at a rate of 1.5: it grows for some steps, is infinite, then no number."""
    x, y, vx, vy = friedman()
    model = mlp(10, 48, 48, 1)
    sgd = torch.optim.SGD(model.parameters(), 1.5)
    validate = held_out(regress, vx, vy, accuracy=False)
    return fit(model, sgd, regress, (x, y), epochs=3, norm=True, rate=True, validate=validate)


CASES = (
    Case(make=swings_of_a_high_rate, causes=("lr_too_high", "momentum_too_high"), task="classification", classes=10),
    Case(make=two_beats_of_gradient_descent, causes=("lr_too_high",), task="regression"),
    Case(make=adam_at_a_half, causes=("lr_too_high",), task="generation", classes=12),
    Case(make=heavy_momentum, causes=("momentum_too_high", "lr_too_high"), task="regression"),
    Case(
        make=batches_of_one_at_a_high_rate, causes=("batch_too_small", "lr_too_high"), task="classification", classes=10
    ),
    Case(make=grows_each_step, causes=("unnormalized_input", "lr_too_high", "exploding_gradient"), task="regression"),
    Case(make=uphill, causes=("loss_sign_flipped",), task="classification", classes=10),
    Case(make=gradients_that_pile_up, causes=("missing_zero_grad", "lr_too_high"), task="regression"),
    Case(make=unclipped_memory, causes=("missing_grad_clip", "exploding_gradient", "lr_too_high"), task="regression"),
    Case(make=rate_jumps_up, causes=("lr_too_high",), task="classification", classes=10),
    Case(make=one_poisoned_batch, causes=("data_anomaly",), task="regression"),
    Case(make=transformer_without_warmup, causes=("missing_warmup", "lr_too_high"), task="generation", classes=12),
    Case(make=label_among_the_inputs, causes=("target_leak", "task_trivial"), task="classification", classes=2),
    Case(make=every_label_the_same, causes=("task_trivial", "target_leak"), task="classification", classes=10),
    Case(
        make=sees_what_is_to_come, causes=("future_leak", "target_leak", "task_trivial"), task="generation", classes=12
    ),
    Case(
        make=likelihood_of_raw_logits,
        causes=("nll_without_log_softmax", "loss_sign_flipped"),
        task="classification",
        classes=10,
    ),
    Case(make=likelihood_of_shares, causes=("nll_without_log_softmax",), task="classification", classes=10),
    Case(make=error_with_its_sign_turned, causes=("loss_sign_flipped",), task="regression"),
    Case(make=a_missing_measurement, causes=("nan_in_data", "numeric_instability"), task="regression"),
    Case(make=a_missing_measurement_skipped, causes=("nan_in_data",), task="regression"),
    Case(make=logarithm_of_nothing, causes=("numeric_instability",), task="classification", classes=2),
    Case(make=grows_into_nothing, causes=("lr_too_high", "exploding_gradient"), task="regression"),
)
