"""Trainings that end well, of the kinds that people run each day: classes and amounts under many schedules."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.optim.lr_scheduler import (
    CosineAnnealingLR,
    CosineAnnealingWarmRestarts,
    CyclicLR,
    LambdaLR,
    MultiStepLR,
    OneCycleLR,
    ReduceLROnPlateau,
)

from trainings.data import blobs, diabetes, digits, friedman, imbalanced, moons, text, tumours, wine
from trainings.kit import Case, Journal, classify, detect, fit, held_out, mlp, next_token, rare, regress
from trainings.networks import Transformer, small_convolutions


def digits_each_step() -> Journal:
    """Digits, two layers, Adam: the loss of each step, validation each epoch; 97 % right."""
    x, y, vx, vy = digits()
    model = mlp(64, 64, 10)
    adam = torch.optim.Adam(model.parameters(), 2e-3)
    return fit(model, adam, classify, (x, y), epochs=15, validate=held_out(classify, vx, vy))


def digits_one_cycle() -> Journal:
    """Digits, convolutions with normalisation under one cycle of the rate; 98 % right."""
    x, y, vx, vy = digits()
    model = small_convolutions()
    sgd = torch.optim.SGD(model.parameters(), 0.1, momentum=0.9)
    plan = OneCycleLR(sgd, 0.2, total_steps=10 * 22)
    return fit(
        model, sgd, classify, (x, y), batch=64, epochs=10, rate=True, schedule=plan, validate=held_out(classify, vx, vy)
    )


def tumours_by_a_line() -> Journal:
    """Tumours, a logistic regression: means of sixty epochs; 97 % right, the last epochs change nothing."""
    x, y, vx, vy = tumours()
    model = nn.Linear(30, 1)
    sgd = torch.optim.SGD(model.parameters(), 0.05, weight_decay=0.01)

    def validate(model: nn.Module) -> dict[str, float]:
        said = rare(detect, vx, vy)(model)
        return {"valid.loss": said["valid.loss"], "valid.accuracy": said["valid.accuracy"]}

    return fit(model, sgd, detect, (x, y), epochs=60, every=0, mean=True, validate=validate)


def diabetes_of_little_signal() -> Journal:
    """Diabetes by a straight line: half of the variance is noise, so that the losses stand at .5; each step."""
    x, y, vx, vy = diabetes()
    model = nn.Linear(10, 1)
    adam = torch.optim.Adam(model.parameters(), 1e-2)
    validate = held_out(regress, vx, vy, accuracy=False)
    return fit(model, adam, regress, (x, y), epochs=30, validate=validate)


def wine_in_small_batches() -> Journal:
    """Wine: 118 bottles eight at a time, noisy and good; validation on thirty bottles moves in steps."""
    x, y, vx, vy = wine()
    model = mlp(13, 16, 3)
    adam = torch.optim.Adam(model.parameters(), 3e-3)
    return fit(model, adam, classify, (x, y), batch=8, epochs=20, validate=held_out(classify, vx[:30], vy[:30]))


def friedman_under_a_cosine() -> Journal:
    """Friedman's function, a cosine to zero, AdamW: every fifth step with rate and norm."""
    x, y, vx, vy = friedman()
    model = mlp(10, 64, 1)
    adam = torch.optim.AdamW(model.parameters(), 1e-2, weight_decay=0.01)
    plan = CosineAnnealingLR(adam, 25 * 75)
    return fit(
        model, adam, regress, (x, y), epochs=25, every=5, rate=True, norm=True, schedule=plan,
        validate=held_out(regress, vx, vy, accuracy=False),
    )  # fmt: skip


def warm_restarts() -> Journal:
    """Clouds under four warm restarts of the rate: each restart lifts the loss, each end is as good or better."""
    x, y, vx, vy = blobs(spread=1.6)
    model = mlp(8, 48, 6)
    sgd = torch.optim.SGD(model.parameters(), 0.3, momentum=0.9)
    plan = CosineAnnealingWarmRestarts(sgd, 8 * 40)
    return fit(
        model, sgd, classify, (x, y), batch=128, epochs=32, every=2, rate=True, schedule=plan,
        validate=held_out(classify, vx, vy),
    )  # fmt: skip


def triangular_rate() -> Journal:
    """Digits under a rate that goes up and down in triangles, without momentum: every third step with the rate."""
    x, y, vx, vy = digits()
    model = mlp(64, 48, 10)
    sgd = torch.optim.SGD(model.parameters(), 0.01)
    plan = CyclicLR(sgd, 0.01, 0.4, step_size_up=110, cycle_momentum=False)
    return fit(
        model, sgd, classify, (x, y), epochs=25, every=3, rate=True, schedule=plan, validate=held_out(classify, vx, vy)
    )


def smoothed_labels() -> Journal:
    """Digits with labels smoothed by .2: the loss has a floor near .9 and stands there; 98 % right."""
    x, y, vx, vy = digits()
    model = mlp(64, 96, 10)
    adam = torch.optim.Adam(model.parameters(), 3e-3)

    def loss(model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
        return F.cross_entropy(model(x), y, label_smoothing=0.2)

    return fit(model, adam, loss, (x, y), epochs=25, every=2, validate=held_out(loss, vx, vy))


def half_dropped() -> Journal:
    """Digits with a dropout of one half: the training loss lies above that of validation all along; 97 % right."""
    x, y, vx, vy = digits()
    model = mlp(64, 128, 128, 10, drop=0.5)
    adam = torch.optim.Adam(model.parameters(), 1e-3)
    return fit(model, adam, classify, (x, y), epochs=40, every=0, mean=True, validate=held_out(classify, vx, vy))


def rate_in_steps() -> Journal:
    """Digits with noise, the rate cut tenfold twice: the loss goes down in stairs, as it should."""
    x, y, vx, vy = digits()
    model = small_convolutions()
    sgd = torch.optim.SGD(model.parameters(), 0.1, momentum=0.9, weight_decay=1e-3)
    plan = MultiStepLR(sgd, [8, 14], gamma=0.1)

    def blur(step: int, part: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        return (part[0] + 0.3 * torch.randn_like(part[0]), part[1])

    return fit(
        model, sgd, classify, (x, y), batch=32, epochs=18, every=2, rate=True, schedule=plan, schedule_epoch=True,
        tamper=blur, validate=held_out(classify, vx, vy),
    )  # fmt: skip


def twenty_points() -> Journal:
    """Tumours, logged by somebody who keeps twenty epochs of both losses and nothing else."""
    x, y, vx, vy = tumours()
    model = mlp(30, 16, 1, drop=0.3)
    adam = torch.optim.Adam(model.parameters(), 3e-3)
    validate = held_out(detect, vx, vy, accuracy=False)
    return fit(model, adam, detect, (x, y), epochs=20, every=0, mean=True, validate=validate)


def twenty_thousand_steps() -> Journal:
    """Moons, one example at a time for twenty thousand steps.

    Every twentieth is logged, noise all along; 95 % right.
    """
    x, y, vx, vy = moons(900, 0.2)
    model = mlp(2, 12, 1)
    sgd = torch.optim.SGD(model.parameters(), 0.02)

    def validate(model: nn.Module) -> dict[str, float]:
        said = rare(detect, vx, vy)(model)
        return {"valid.loss": said["valid.loss"], "valid.accuracy": said["valid.accuracy"]}

    return fit(model, sgd, detect, (x, y), batch=1, epochs=30, every=20, validate=validate)


def one_batch_is_all() -> Journal:
    """Friedman's function by full batches for three thousand steps: a curve without noise; every tenth step."""
    x, y, vx, vy = friedman(600)
    model = mlp(10, 32, 1)
    sgd = torch.optim.SGD(model.parameters(), 0.05, momentum=0.9, weight_decay=3e-3)
    validate = held_out(regress, vx, vy, accuracy=False)
    return fit(
        model, sgd, regress, (x, y), batch=999, epochs=2000, every=10, validate=validate, validate_every=50
    )  # fmt: skip


def only_validation_was_kept() -> Journal:
    """Digits, of which only the losses and accuracies of validation were logged, thirty epochs."""
    x, y, vx, vy = digits()
    model = mlp(64, 64, 10)
    sgd = torch.optim.SGD(model.parameters(), 0.05, momentum=0.9)
    return fit(
        model,
        sgd,
        classify,
        (x, y),
        epochs=20,
        every=0,
        mean=True,
        train_loss=False,
        validate=held_out(classify, vx, vy),
    )


def only_training_was_kept() -> Journal:
    """A transformer on text, of which only means over ten steps of the training loss and the rate were logged."""
    x, y = text(700, 20, sharp=3.0)
    model = Transformer(12, 32, 20, depth=1)
    adam = torch.optim.AdamW(model.parameters(), 4e-3)
    plan = LambdaLR(adam, lambda step: min((step + 1) / 40, max(0.0, (440 - step) / 400)))
    return fit(model, adam, next_token, (x, y), epochs=20, every=10, mean=True, rate=True, schedule=plan)


def rare_and_found() -> Journal:
    """A rare class: recall is near zero for some epochs, then rises to nearly nine in ten; the loss falls all along."""
    x, y, vx, vy = imbalanced(4000, 0.05, apart=1.5)
    model = mlp(20, 32, 1)
    adam = torch.optim.Adam(model.parameters(), 4e-4)
    return fit(model, adam, detect, (x, y), epochs=30, every=0, mean=True, validate=rare(detect, vx, vy))


def robust_to_wrong_labels() -> Journal:
    """Digits, a quarter of whose training labels are wrong, with decay and a small network.

    Training stays at 1.2, validation at .6.
    """
    x, y, vx, vy = digits()
    wrong = torch.rand(len(y)) < 0.25
    y = torch.where(wrong, torch.randint(0, 10, y.shape), y)
    model = mlp(64, 24, 10, drop=0.2)
    adam = torch.optim.AdamW(model.parameters(), 2e-3, weight_decay=0.1)
    return fit(model, adam, classify, (x, y), epochs=20, every=3, validate=held_out(classify, vx, vy))


def mixed_examples() -> Journal:
    """Digits, mixed in pairs (mixup).

    The training loss cannot fall below the mixture's, validation lies far below it.
    """
    x, y, vx, vy = digits()
    model = mlp(64, 96, 10)
    adam = torch.optim.Adam(model.parameters(), 2e-3)

    def loss(model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
        if not model.training:
            return classify(model, x, y)
        share = float(torch.distributions.Beta(0.8, 0.8).sample())
        order = torch.randperm(len(x))
        logits = model(share * x + (1 - share) * x[order])
        return share * F.cross_entropy(logits, y) + (1 - share) * F.cross_entropy(logits, y[order])

    return fit(model, adam, loss, (x, y), epochs=25, every=2, validate=held_out(loss, vx, vy))


def gradients_gathered() -> Journal:
    """Digits in eights, four of which make a step: the loss of each fourth batch is logged; 96 % right."""
    x, y, vx, vy = digits()
    model = mlp(64, 64, 10)
    adam = torch.optim.Adam(model.parameters(), 2e-3)
    journal, step = Journal(), 0
    for _ in range(14):
        for number, part in enumerate(torch.randperm(len(x)).split(8)):
            value = classify(model, x[part], y[part]) / 4
            value.backward()
            if number % 4 == 3:
                adam.step()
                adam.zero_grad()
                step += 1
                journal.note(step, {"train.loss": 4 * float(value)})
        with torch.no_grad():
            journal.note(step, held_out(classify, vx, vy)(model))
    return journal


def log_of_a_resumed_run() -> Journal:
    """Friedman's function, resumed at step 6000 from a checkpoint: the log begins there, low already."""
    x, y, vx, vy = friedman()
    model = mlp(10, 48, 1)
    adam = torch.optim.Adam(model.parameters(), 8e-3)
    validate = held_out(regress, vx, vy, accuracy=False)
    fit(model, adam, regress, (x, y), epochs=15)
    adam.param_groups[0]["lr"] = 1e-3
    return fit(model, adam, regress, (x, y), epochs=12, every=4, validate=validate, start=6000)


def rate_follows_the_plateau() -> Journal:
    """Friedman's function: the rate is halved whenever validation stands still; it ends at .006, all is learnt."""
    x, y, vx, vy = friedman(1500)
    model = mlp(10, 48, 1)
    sgd = torch.optim.SGD(model.parameters(), 0.1, momentum=0.9, weight_decay=2e-3)
    plan = ReduceLROnPlateau(sgd, factor=0.5, patience=2)
    journal = Journal()
    validate = held_out(regress, vx, vy, accuracy=False)
    for epoch in range(45):
        fit(
            model, sgd, regress, (x, y), epochs=1, every=0, mean=True, rate=True, validate=validate, journal=journal,
            start=38 * epoch,
        )  # fmt: skip
        plan.step(journal.rows[-1][1]["valid.loss"])
    return journal


def stopped_in_time() -> Journal:
    """Diabetes with early stopping: training falls on, validation has stood still for eight epochs, when it ends."""
    x, y, vx, vy = diabetes()
    model = mlp(10, 32, 1)
    adam = torch.optim.Adam(model.parameters(), 1e-3)
    journal, best, since, epoch = Journal(), math.inf, 0, 0
    validate = held_out(regress, vx, vy, accuracy=False)
    while since < 8 and epoch < 80:
        fit(
            model,
            adam,
            regress,
            (x, y),
            batch=16,
            epochs=1,
            every=0,
            mean=True,
            validate=validate,
            journal=journal,
            start=20 * epoch,
        )
        now = journal.rows[-1][1]["valid.loss"]
        best, since, epoch = min(best, now), 0 if now < best else since + 1, epoch + 1
    return journal


def twenty_held_out() -> Journal:
    """Wine, judged on twenty bottles: validation is one of few values and jumps between them; all is well."""
    x, y, vx, vy = wine()
    model = mlp(13, 24, 3, drop=0.3)
    sgd = torch.optim.SGD(model.parameters(), 0.05, momentum=0.9, weight_decay=1e-2)
    return fit(
        model,
        sgd,
        classify,
        (x, y),
        batch=16,
        epochs=40,
        every=0,
        mean=True,
        validate=held_out(classify, vx[:20], vy[:20]),
    )


def layers_of_tanh() -> Journal:
    """Digits through three layers of tanh: layers are measured, all of them move; 96 % right."""
    x, y, vx, vy = digits()
    model = mlp(64, 48, 48, 32, 10, act=nn.Tanh)
    adam = torch.optim.Adam(model.parameters(), 1e-3)
    return fit(model, adam, classify, (x, y), epochs=18, every=2, layers=25, validate=held_out(classify, vx, vy))


def layers_of_a_transformer() -> Journal:
    """A transformer on text, layers measured with the entropy of its attention: it sharpens, as it should."""
    x, y = text(900, 16, sharp=3.0)
    vx, vy = text(80, 16, seed=1, sharp=3.0)
    model = Transformer(12, 32, 16, depth=2)
    adam = torch.optim.AdamW(model.parameters(), 3e-3)
    plan = LambdaLR(adam, lambda step: min((step + 1) / 40, max(0.0, (360 - step) / 320)))
    validate = held_out(next_token, vx, vy, accuracy=False)
    return fit(
        model, adam, next_token, (x, y), batch=30, epochs=12, every=2, rate=True, schedule=plan, layers=30,
        validate=validate,
    )  # fmt: skip


CASES = (
    Case(make=digits_each_step, task="classification", classes=10),
    Case(make=digits_one_cycle, task="classification", classes=10),
    Case(make=tumours_by_a_line, task="classification", classes=2),
    Case(make=diabetes_of_little_signal, task="regression"),
    Case(make=wine_in_small_batches, task="classification", classes=3),
    Case(make=friedman_under_a_cosine, task="regression"),
    Case(make=warm_restarts, task="classification", classes=6),
    Case(make=triangular_rate, task="classification", classes=10),
    Case(make=smoothed_labels, task="classification", classes=10),
    Case(make=half_dropped, task="classification", classes=10),
    Case(make=rate_in_steps, task="classification", classes=10),
    Case(make=twenty_points, task="classification", classes=2),
    Case(make=twenty_thousand_steps, task="classification", classes=2),
    Case(make=one_batch_is_all, task="regression"),
    Case(make=only_validation_was_kept, task="classification", classes=10),
    Case(make=only_training_was_kept, task="generation", classes=12),
    Case(make=rare_and_found, task="classification", classes=2),
    Case(make=robust_to_wrong_labels, task="classification", classes=10),
    Case(make=mixed_examples, task="classification", classes=10),
    Case(make=gradients_gathered, task="classification", classes=10),
    Case(make=log_of_a_resumed_run, task="regression"),
    Case(make=rate_follows_the_plateau, task="regression"),
    Case(make=stopped_in_time, task="regression"),
    Case(make=layers_of_tanh, task="classification", classes=10),
    Case(make=layers_of_a_transformer, task="generation", classes=12),
    Case(make=twenty_held_out, task="classification", classes=3),
)
