"""Trainings whose schedule, length, batch, beginning or layers are at fault."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.optim.lr_scheduler import CosineAnnealingLR, ExponentialLR, LambdaLR, MultiStepLR

from trainings.data import blobs, diabetes, digits, friedman, text, waves
from trainings.kit import Case, Journal, classify, fit, held_out, mlp, next_token, regress
from trainings.networks import Reader, Transformer, Writer


def cut_far_too_early() -> Journal:
    """Digits: the rate is cut a thousandfold after the third of thirty epochs, while the loss was falling steeply."""
    x, y, vx, vy = digits()
    model = mlp(64, 64, 10)
    sgd = torch.optim.SGD(model.parameters(), 0.05)
    plan = MultiStepLR(sgd, [3], gamma=1e-3)
    return fit(
        model, sgd, classify, (x, y), epochs=30, every=4, rate=True, schedule=plan, schedule_epoch=True,
        validate=held_out(classify, vx, vy),
    )  # fmt: skip


def decayed_each_batch() -> Journal:
    """A decay of .95 meant for each epoch is taken after each batch.

    Nothing is left of the rate in the fourth epoch.
    """
    x, y, vx, vy = friedman()
    model = mlp(10, 48, 1)
    sgd = torch.optim.SGD(model.parameters(), 0.003)
    validate = held_out(regress, vx, vy, accuracy=False)
    return fit(
        model, sgd, regress, (x, y), epochs=15, every=3, rate=True, schedule=ExponentialLR(sgd, 0.95), validate=validate
    )


def schedule_of_a_shorter_run() -> Journal:
    """A writer of text: a schedule to zero made for a tenth of the run.

    Afterwards the rate is zero and nothing moves.
    """
    x, y = text(512, 20)
    vx, vy = text(128, 20, seed=1)
    model = Writer(12, 32)
    adam = torch.optim.Adam(model.parameters(), 2e-3)
    plan = LambdaLR(adam, lambda step: max(0.0, 1 - step / 32))
    validate = held_out(next_token, vx, vy, accuracy=False)
    return fit(
        model, adam, next_token, (x, y), epochs=20, every=2, rate=True, schedule=plan, validate=validate
    )  # fmt: skip


def cosine_that_rises_again() -> Journal:
    """Digits: a cosine for twelve epochs is stepped for twenty-two.

    The rate rises again and undoes what was reached.
    """
    x, y, vx, vy = digits()
    noise = 0.3 * torch.randn_like(x)
    model = mlp(64, 64, 10)
    sgd = torch.optim.SGD(model.parameters(), 0.9, momentum=0.5)
    plan = CosineAnnealingLR(sgd, 12)
    return fit(
        model, sgd, classify, (x + noise, y), epochs=23, every=4, rate=True, schedule=plan, schedule_epoch=True,
        validate=held_out(classify, vx, vy),
    )  # fmt: skip


def warmup_to_the_end() -> Journal:
    """A transformer whose warm-up was given in epochs and taken in steps: the rate still rises when the run ends."""
    x, y = text(400, 20)
    vx, vy = text(80, 20, seed=1)
    model = Transformer(12, 32, 20, depth=1)
    adam = torch.optim.Adam(model.parameters(), 1e-3)
    plan = LambdaLR(adam, lambda step: (step + 1) / 4000)
    validate = held_out(next_token, vx, vy, accuracy=False)
    return fit(model, adam, next_token, (x, y), epochs=25, every=4, rate=True, schedule=plan, validate=validate)


def stopped_on_the_way() -> Journal:
    """Clouds: eight epochs at a rate that would need eighty; both losses fall as fast at the end as before."""
    x, y, vx, vy = blobs()
    model = mlp(8, 32, 6)
    sgd = torch.optim.SGD(model.parameters(), 4e-3)
    return fit(model, sgd, classify, (x, y), batch=50, epochs=8, every=10, validate=held_out(classify, vx, vy))


def twenty_five_epochs_of_a_hundred() -> Journal:
    """Waves: epoch means of twenty-five epochs.

    Validation is best in the last one and falls by some per cent each epoch.
    """
    x, y = waves(200, 24, noise=0.05)
    vx, vy = waves(80, 24, seed=1, noise=0.05)
    model = Reader(1, 24)
    adam = torch.optim.Adam(model.parameters(), 4e-4)

    def loss(model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
        return F.mse_loss(model(x), y)

    validate = held_out(loss, vx, vy, accuracy=False)
    return fit(model, adam, loss, (x, y), batch=20, epochs=25, every=0, mean=True, validate=validate)


def batches_of_two() -> Journal:
    """Friedman's function two at a time at a rate for batches of sixty-four: noise drowns what is left to learn."""
    x, y, vx, vy = friedman(1500, noise=1.0)
    model = mlp(10, 48, 1)
    sgd = torch.optim.SGD(model.parameters(), 0.15)
    return fit(
        model, sgd, regress, (x, y), batch=2, epochs=4, every=2, rate=True,
        validate=held_out(regress, vx, vy, accuracy=False), validate_every=150,
    )  # fmt: skip


def output_begins_enormous() -> Journal:
    """Digits: the last layer begins three hundred times too large.

    The first losses are many times chance, which is 2.3.
    """
    x, y, vx, vy = digits()
    model = mlp(64, 64, 10)
    with torch.no_grad():
        model[2].weight.mul_(300)
    sgd = torch.optim.SGD(model.parameters(), 0.002)
    return fit(model, sgd, classify, (x, y), epochs=12, every=1, validate=held_out(classify, vx, vy))


def summed_over_the_batch() -> Journal:
    """Clouds: reduction="sum" with a rate for means.

    The first loss is 64 times chance, and Adam goes on all the same.
    """
    x, y, vx, vy = blobs()
    model = mlp(8, 32, 6)
    adam = torch.optim.Adam(model.parameters(), 1e-3)

    def loss(model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
        return F.cross_entropy(model(x), y, reduction="sum")

    def validate(model: nn.Module) -> dict[str, float]:
        said = held_out(classify, vx, vy)(model)
        return {"valid.accuracy": said["valid.accuracy"]}

    return fit(model, adam, loss, (x, y), batch=64, epochs=8, every=3, validate=validate)


def amounts_in_their_thousands() -> Journal:
    """Diabetes, the target left in thousandths.

    A loss of tens of millions that Adam at 1e-3 cannot reach in the run.
    """
    x, y, vx, vy = diabetes()
    model = mlp(10, 32, 1)
    adam = torch.optim.Adam(model.parameters(), 1e-3)
    y, vy = 152_000 + 77_000 * y, 152_000 + 77_000 * vy
    validate = held_out(regress, vx, vy, accuracy=False)
    return fit(model, adam, regress, (x, y), epochs=40, every=4, norm=True, rate=True, validate=validate)


def gradient_dies_on_its_way() -> Journal:
    """Friedman's function through ten layers of tanh with small weights.

    Each layer's gradient is far smaller than that of the next.
    """
    x, y, vx, vy = friedman(1500)
    model = mlp(10, *([24] * 9), 1, act=nn.Tanh)
    with torch.no_grad():
        for module in model:
            if isinstance(module, nn.Linear):
                module.weight.mul_(0.4)
    sgd = torch.optim.SGD(model.parameters(), 0.02)
    validate = held_out(regress, vx, vy, accuracy=False)
    return fit(model, sgd, regress, (x, y), epochs=12, every=3, layers=30, validate=validate)


def trunk_frozen_unawares() -> Journal:
    """Digits: the first two layers were frozen for a test and never thawed; layers are measured, accuracy is modest."""
    x, y, vx, vy = digits()
    model = mlp(64, 12, 12, 10)
    for name, p in model.named_parameters():
        p.requires_grad_(requires_grad=name.startswith("4."))
    adam = torch.optim.Adam([p for p in model.parameters() if p.requires_grad], 3e-3)
    return fit(model, adam, classify, (x, y), epochs=20, every=3, layers=40, validate=held_out(classify, vx, vy))


def units_die_on_the_way() -> Journal:
    """Digits: a rate too high for rectifiers.

    Within steps nearly all units of both layers are dead; layers measured.
    """
    x, y, vx, vy = digits()
    model = mlp(64, 64, 64, 10)
    sgd = torch.optim.SGD(model.parameters(), 0.8, momentum=0.9)
    return fit(
        model, sgd, classify, (x, y), epochs=10, every=2, rate=True, layers=20, validate=held_out(classify, vx, vy)
    )


def saturated_from_the_first() -> Journal:
    """Diabetes as measured, in the hundreds, through tanh: all units stand at their limits; layers are measured."""
    x, y, vx, vy = diabetes()
    shift = torch.tensor([48.0, 1.5, 26, 95, 189, 115, 50, 4, 4.6, 91])
    model = mlp(10, 32, 32, 1, act=nn.Tanh)
    sgd = torch.optim.SGD(model.parameters(), 0.02)
    validate = held_out(regress, 12 * vx + shift, vy, accuracy=False)
    return fit(model, sgd, regress, (12 * x + shift, y), epochs=40, every=4, layers=40, validate=validate)


def attention_on_one_place() -> Journal:
    """A transformer whose scores begin forty times too large: each place attends to one other; layers are measured."""
    x, y = text(600, 16, sharp=3.0)
    vx, vy = text(80, 16, seed=1, sharp=3.0)
    model = Transformer(12, 32, 16, depth=2)
    with torch.no_grad():
        for block in model.blocks:
            block.attention.inward.weight[:64].mul_(6.5)
    adam = torch.optim.Adam(model.parameters(), 1e-3)
    validate = held_out(next_token, vx, vy, accuracy=False)
    return fit(model, adam, next_token, (x, y), batch=30, epochs=12, every=3, layers=30, validate=validate)


def frozen_at_step_250() -> Journal:
    """Digits: a callback freezes the first layer at step 250 and nobody knows; its update is zero from there on."""
    x, y, vx, vy = digits()
    model = mlp(64, 24, 24, 10)
    sgd = torch.optim.SGD(model.parameters(), 0.1)

    def freeze(step: int) -> None:
        if step == 250:
            model[0].requires_grad_(requires_grad=False)
            model[0].weight.grad = model[0].bias.grad = None

    return fit(
        model,
        sgd,
        classify,
        (x, y),
        epochs=15,
        every=3,
        layers=15,
        each_step=freeze,
        validate=held_out(classify, vx, vy),
    )


def gradient_grows_on_its_way() -> Journal:
    """Friedman's function through twelve layers whose weights are six times too large.

    The gradient of the first layer is fifty times that of the last but one. Layers are measured; a clip
    holds the norm down, and next to nothing is learnt.
    """
    x, y, vx, vy = friedman(1500)
    model = mlp(10, *([32] * 11), 1, act=nn.Tanh)
    with torch.no_grad():
        for module in list(model)[:-1]:
            if isinstance(module, nn.Linear):
                module.weight.mul_(6)
    sgd = torch.optim.SGD(model.parameters(), 0.02)
    validate = held_out(regress, vx, vy, accuracy=False)
    return fit(model, sgd, regress, (x, y), epochs=12, every=3, norm=True, clip=1.0, layers=30, validate=validate)


CASES = (
    Case(make=cut_far_too_early, causes=("lr_decayed_too_early",), task="classification", classes=10),
    Case(make=decayed_each_batch, causes=("scheduler_per_batch", "lr_decayed_too_early"), task="regression"),
    Case(
        make=schedule_of_a_shorter_run,
        causes=("schedule_length_mismatch", "lr_decayed_too_early"),
        task="generation",
        classes=12,
    ),
    Case(make=cosine_that_rises_again, causes=("schedule_length_mismatch",), task="classification", classes=10),
    Case(
        make=warmup_to_the_end,
        causes=("warmup_longer_than_run", "schedule_length_mismatch"),
        task="generation",
        classes=12,
    ),
    Case(make=stopped_on_the_way, causes=("too_few_epochs", "lr_too_low"), task="classification", classes=6),
    Case(make=twenty_five_epochs_of_a_hundred, causes=("too_few_epochs", "lr_too_low"), task="regression"),
    Case(make=batches_of_two, causes=("batch_too_small", "lr_too_high"), task="regression"),
    Case(make=output_begins_enormous, causes=("bad_output_init",), task="classification", classes=10),
    Case(
        make=summed_over_the_batch, causes=("loss_sum_reduction", "bad_output_init"), task="classification", classes=6
    ),
    Case(make=amounts_in_their_thousands, causes=("unnormalized_target",), task="regression"),
    Case(make=gradient_dies_on_its_way, causes=("vanishing_gradient",), task="regression"),
    Case(
        make=trunk_frozen_unawares,
        causes=("unintended_frozen_layer", "optimizer_missing_group"),
        task="classification",
        classes=10,
    ),
    Case(make=attention_on_one_place, causes=("attention_collapse",), task="generation", classes=12),
    Case(
        make=frozen_at_step_250,
        causes=("unintended_frozen_layer", "optimizer_missing_group"),
        task="classification",
        classes=10,
    ),
    Case(make=gradient_grows_on_its_way, causes=("exploding_gradient", "saturated_activation"), task="regression"),
    Case(make=units_die_on_the_way, causes=("dead_relu", "lr_too_high"), task="classification", classes=10),
    Case(make=saturated_from_the_first, causes=("saturated_activation", "unnormalized_input"), task="regression"),
)
