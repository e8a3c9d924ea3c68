"""Trainings whose loss does not come down as it should: nothing learns, learns too slowly, or stands in its own way."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from trainings.data import blobs, diabetes, digits, friedman, text, tumours, waves
from trainings.kit import Case, Journal, classify, detect, fit, held_out, mlp, next_token, regress
from trainings.networks import Reader, Writer

NOTHING_MOVES = ("no_optimizer_step", "optimizer_wrong_params", "missing_backward", "detached_graph", "loss_detached")


def step_is_missing() -> Journal:
    """Digits: optimizer.step() was forgotten; the training loss of every step, validation each epoch."""
    x, y, vx, vy = digits()
    model = mlp(64, 64, 10)
    sgd = torch.optim.SGD(model.parameters(), 0.1)
    return fit(model, sgd, classify, (x, y), epochs=12, learn=False, validate=held_out(classify, vx, vy))


def other_models_parameters() -> Journal:
    """Tumours: the optimizer was made with the parameters of a model that was replaced afterwards; epoch means."""
    x, y, vx, vy = tumours()
    model, replaced = mlp(30, 32, 1), mlp(30, 32, 1)
    adam = torch.optim.Adam(replaced.parameters(), 1e-3)
    return fit(
        model, adam, detect, (x, y), epochs=40, every=0, mean=True, validate=held_out(detect, vx, vy, accuracy=False)
    )


def features_detached() -> Journal:
    """A writer of text whose output is detached before a loss that needs no gradient elsewhere; norms are recorded."""
    x, y = text(256, 24)
    vx, vy = text(64, 24, seed=1)
    model = Writer(12, 32)
    nothing = torch.zeros((), requires_grad=True)

    def loss(model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
        return next_token(model, x, y).detach() + 0 * nothing

    adam = torch.optim.Adam(model.parameters(), 3e-3)
    validate = held_out(next_token, vx, vy, accuracy=False)
    return fit(model, adam, loss, (x, y), epochs=15, every=2, norm=True, rate=True, validate=validate)


def labels_of_other_rows() -> Journal:
    """Clouds: inputs were shuffled and their labels were not; enough data that nothing can be learnt by heart."""
    x, y, vx, vy = blobs()
    model = mlp(8, 32, 6)
    adam = torch.optim.Adam(model.parameters(), 1e-3)
    x, vx = x[torch.randperm(len(x))], vx[torch.randperm(len(vx))]
    return fit(model, adam, classify, (x, y), batch=64, epochs=12, every=5, validate=held_out(classify, vx, vy))


def rate_of_a_ten_millionth() -> Journal:
    """Digits, Adam at a learning rate of 1e-7: every fifth step, with the rate."""
    x, y, vx, vy = digits()
    model = mlp(64, 64, 10)
    adam = torch.optim.Adam(model.parameters(), 1e-7)
    return fit(model, adam, classify, (x, y), epochs=20, every=5, rate=True, validate=held_out(classify, vx, vy))


def input_is_constant() -> Journal:
    """Digits, whose pixels were divided twice over as integers, so that each input is zero; the biases learn."""
    x, y, vx, vy = digits()
    model = mlp(64, 64, 10)
    adam = torch.optim.Adam(model.parameters(), 1e-3)
    return fit(model, adam, classify, (x * 0, y), epochs=15, validate=held_out(classify, vx * 0, vy))


def all_units_dead() -> Journal:
    """Digits: the hidden layers begin with biases of -8, no unit ever gives anything; layers are measured."""
    x, y, vx, vy = digits()
    model = mlp(64, 48, 48, 10)
    with torch.no_grad():
        model[0].bias.fill_(-8.0)
        model[2].bias.fill_(-8.0)
    sgd = torch.optim.SGD(model.parameters(), 0.05)
    return fit(
        model, sgd, classify, (x, y), epochs=15, every=3, layers=30, norm=True, validate=held_out(classify, vx, vy)
    )


def twelve_sigmoids() -> Journal:
    """Digits through twelve layers of sigmoids: the gradient does not reach the first ones; layers are measured."""
    x, y, vx, vy = digits()
    model = mlp(64, *([32] * 12), 10, act=nn.Sigmoid)
    sgd = torch.optim.SGD(model.parameters(), 0.1)
    return fit(model, sgd, classify, (x, y), epochs=15, every=3, layers=40, validate=held_out(classify, vx, vy))


def clipped_to_nothing() -> Journal:
    """Friedman's function, SGD at 0.05, gradients clipped to a norm of 1e-4; norms before clipping are recorded."""
    x, y, vx, vy = friedman()
    model = mlp(10, 48, 1)
    sgd = torch.optim.SGD(model.parameters(), 0.05)
    validate = held_out(regress, vx, vy, accuracy=False)
    return fit(model, sgd, regress, (x, y), epochs=12, every=5, clip=1e-4, norm=True, rate=True, validate=validate)


def slow_descent() -> Journal:
    """Digits, plain SGD at 3e-4 for sixty epochs: epoch means, falling by next to nothing each epoch."""
    x, y, vx, vy = digits()
    model = mlp(64, 64, 10)
    sgd = torch.optim.SGD(model.parameters(), 3e-4)
    return fit(model, sgd, classify, (x, y), epochs=60, every=0, mean=True, validate=held_out(classify, vx, vy))


def slow_writer() -> Journal:
    """A recurrent writer of text with Adam at 1e-5 where 3e-3 does well: every fourth step, validation every 40."""
    x, y = text(512, 20)
    vx, vy = text(128, 20, seed=1)
    model = Writer(12, 32)
    adam = torch.optim.Adam(model.parameters(), 1e-5)
    validate = held_out(next_token, vx, vy, accuracy=False)
    return fit(model, adam, next_token, (x, y), epochs=30, every=4, rate=True, validate=validate, validate_every=40)


def decay_holds_it_down() -> Journal:
    """Digits, AdamW with a weight decay of 50: the loss falls a little and stands near chance."""
    x, y, vx, vy = digits()
    model = mlp(64, 64, 10)
    adam = torch.optim.AdamW(model.parameters(), 3e-3, weight_decay=50.0)
    return fit(model, adam, classify, (x, y), epochs=20, every=2, layers=60, validate=held_out(classify, vx, vy))


def one_unit_for_ten_classes() -> Journal:
    """Digits through a layer of one unit: training and validation stand together far from what is possible."""
    x, y, vx, vy = digits()
    model = mlp(64, 1, 10)
    adam = torch.optim.Adam(model.parameters(), 1e-2)
    return fit(model, adam, classify, (x, y), epochs=60, every=0, mean=True, validate=held_out(classify, vx, vy))


def softmax_twice() -> Journal:
    """Digits: cross entropy of what a softmax gave; every digit is told and the loss stands at 1.46."""
    x, y, vx, vy = digits()
    model = nn.Sequential(*mlp(64, 64, 10), nn.Softmax(-1))
    adam = torch.optim.Adam(model.parameters(), 3e-3)
    return fit(model, adam, classify, (x, y), epochs=30, every=3, validate=held_out(classify, vx, vy))


def sigmoid_twice() -> Journal:
    """Tumours: a binary cross entropy with logits of what a sigmoid gave; nearly all are told, the loss stands high."""
    x, y, vx, vy = tumours()
    model = nn.Sequential(*mlp(30, 32, 1), nn.Sigmoid())
    adam = torch.optim.Adam(model.parameters(), 3e-3)

    def validate(model: nn.Module) -> dict[str, float]:
        said = model(vx).squeeze(-1)
        return {
            "valid.loss": float(detect(model, vx, vy)),
            "valid.accuracy": float(((said > 0.5) == (vy > 0.5)).float().mean()),
        }

    return fit(model, adam, detect, (x, y), epochs=50, every=0, mean=True, validate=validate)


def rectified_output() -> Journal:
    """Diabetes, a standardised amount, half of it below zero, through a network that ends in a rectifier."""
    x, y, vx, vy = diabetes()
    model = nn.Sequential(*mlp(10, 32, 1), nn.ReLU())
    sgd = torch.optim.SGD(model.parameters(), 0.02)
    with torch.no_grad():
        model[2].bias.fill_(-2.0)
    return fit(
        model, sgd, regress, (x, y), epochs=40, every=2, norm=True, validate=held_out(regress, vx, vy, accuracy=False)
    )


def loss_against_a_column() -> Journal:
    """Friedman's function: predictions of shape (n, 1) against targets of shape (n).

    Each is held against all, only the mean is learnt.
    """
    x, y, vx, vy = friedman(2000)
    model = mlp(10, 48, 1)
    adam = torch.optim.Adam(model.parameters(), 3e-3)

    def loss(model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
        return ((model(x) - y) ** 2).mean()

    return fit(model, adam, loss, (x, y), epochs=20, every=2, validate=held_out(loss, vx, vy, accuracy=False))


def gradient_zeroed_too_late() -> Journal:
    """A reader of waves: zero_grad() stands between backward() and step(); nothing moves, the norms are recorded."""
    x, y = waves(300, 24)
    vx, vy = waves(80, 24, seed=1)
    model = Reader(1, 24)
    adam = torch.optim.Adam(model.parameters(), 3e-3)

    def loss(model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
        return F.mse_loss(model(x), y)

    journal = Journal()
    step = 0
    for _ in range(15):
        for part in torch.randperm(len(x)).split(20):
            step += 1
            value = loss(model, x[part], y[part])
            value.backward()
            norm = sum(float((p.grad**2).sum()) for p in model.parameters() if p.grad is not None) ** 0.5
            adam.zero_grad()
            adam.step()
            journal.note(step, {"train.loss": float(value), "train.gradient_norm": norm})
        with torch.no_grad():
            journal.note(step, {"valid.loss": float(loss(model, vx, vy))})
    return journal


CASES = (
    Case(make=step_is_missing, causes=NOTHING_MOVES, task="classification", classes=10),
    Case(
        make=other_models_parameters,
        causes=("optimizer_wrong_params", *NOTHING_MOVES),
        task="classification",
        classes=2,
    ),
    Case(make=features_detached, causes=("loss_detached", *NOTHING_MOVES), task="generation", classes=12),
    Case(
        make=labels_of_other_rows, causes=("label_misaligned", "model_ignores_input"), task="classification", classes=6
    ),
    Case(make=rate_of_a_ten_millionth, causes=("lr_too_low",), task="classification", classes=10),
    Case(make=input_is_constant, causes=("constant_input", "model_ignores_input"), task="classification", classes=10),
    Case(make=all_units_dead, causes=("dead_relu",), task="classification", classes=10),
    Case(
        make=twelve_sigmoids, causes=("vanishing_gradient", "saturated_activation"), task="classification", classes=10
    ),
    Case(make=clipped_to_nothing, causes=("grad_clip_too_small", "lr_too_low"), task="regression"),
    Case(make=slow_descent, causes=("lr_too_low",), task="classification", classes=10),
    Case(make=slow_writer, causes=("lr_too_low",), task="generation", classes=12),
    Case(make=decay_holds_it_down, causes=("weight_decay_too_high",), task="classification", classes=10),
    Case(make=one_unit_for_ten_classes, causes=("underfit_capacity",), task="classification", classes=10),
    Case(make=softmax_twice, causes=("double_softmax",), task="classification", classes=10),
    Case(make=sigmoid_twice, causes=("double_sigmoid", "double_softmax"), task="classification", classes=2),
    Case(
        make=rectified_output,
        causes=("relu_on_output", "dead_relu", "detached_graph", "loss_detached"),
        task="regression",
    ),
    Case(
        make=loss_against_a_column,
        causes=("broadcast_shape_mismatch", "model_ignores_input", "label_misaligned"),
        task="regression",
    ),
    Case(make=gradient_zeroed_too_late, causes=("zero_grad_after_backward", *NOTHING_MOVES), task="regression"),
)
