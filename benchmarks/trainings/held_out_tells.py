"""Trainings whose fault shows on the data held out, or where the two splits and their metrics disagree."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from trainings.data import diabetes, digits, friedman, imbalanced, text, tumours, waves
from trainings.kit import Case, Journal, classify, detect, fit, held_out, mlp, next_token, rare, regress
from trainings.networks import Reader, Writer


def sixty_digits() -> Journal:
    """A wide network and sixty digits: the training loss goes to zero, that of validation turns and rises."""
    x, y, vx, vy = digits()
    model = mlp(64, 256, 256, 10)
    adam = torch.optim.Adam(model.parameters(), 3e-3)
    noisy = x + 0.35 * torch.randn_like(x)
    return fit(
        model, adam, classify, (noisy[:60], y[:60]), batch=20, epochs=80, every=0, mean=True,
        validate=held_out(classify, vx + 0.35 * torch.randn_like(vx), vy),
    )  # fmt: skip


def wide_for_diabetes() -> Journal:
    """Diabetes with two layers of 128: per step, validation each epoch.

    The best was reached after a tenth of the run.
    """
    x, y, vx, vy = diabetes()
    model = mlp(10, 128, 128, 1)
    adam = torch.optim.Adam(model.parameters(), 1e-3)
    validate = held_out(regress, vx, vy, accuracy=False)
    return fit(model, adam, regress, (x, y), epochs=80, every=2, validate=validate)


def short_book() -> Journal:
    """A writer of text who has one short book: the loss of the book goes down, that of the other one up, 300 epochs."""
    x, y = text(40, 20)
    vx, vy = text(100, 20, seed=1)
    model = Writer(12, 48)
    adam = torch.optim.Adam(model.parameters(), 4e-3)
    validate = held_out(next_token, vx, vy, accuracy=False)
    return fit(model, adam, next_token, (x, y), batch=20, epochs=150, every=5, rate=True, validate=validate)


def third_of_the_labels_wrong() -> Journal:
    """Tumours: a third of the training labels were turned over, and the network learns them by heart."""
    x, y, vx, vy = tumours()
    model = mlp(30, 96, 96, 1)
    adam = torch.optim.Adam(model.parameters(), 2e-3)
    turned = torch.rand(len(y)) < 0.33
    y = torch.where(turned, 1 - y, y)

    def validate(model: nn.Module) -> dict[str, float]:
        logits = model(vx).squeeze(-1)
        share = float(((logits > 0) == (vy > 0.5)).float().mean())
        return {"valid.loss": float(detect(model, vx, vy)), "valid.accuracy": share}

    return fit(model, adam, detect, (x, y), epochs=60, every=0, mean=True, validate=validate)


def more_sure_than_right() -> Journal:
    """Digits with much noise on them, for long: validation accuracy stands while validation loss nearly doubles."""
    x, y, vx, vy = digits()
    model = mlp(64, 128, 10)
    adam = torch.optim.Adam(model.parameters(), 2e-3)
    part = slice(0, 500)

    def loss(model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
        return F.cross_entropy(4 * model(x), y)

    noisy = x[part] + 0.3 * torch.randn_like(x[part])
    validate = held_out(loss, vx + 0.3 * torch.randn_like(vx), vy)
    return fit(model, adam, loss, (noisy, y[part]), epochs=60, every=0, mean=True, validate=validate)


def nobody_ill_is_found() -> Journal:
    """Two in a hundred are ill and hard to tell: the loss falls, accuracy stands at .98, recall at zero throughout."""
    x, y, vx, vy = imbalanced(4000, 0.02, apart=0.3)
    model = mlp(20, 16, 1)
    sgd = torch.optim.SGD(model.parameters(), 0.02)
    return fit(model, sgd, detect, (x, y), batch=64, epochs=25, every=0, mean=True, validate=rare(detect, vx, vy))


def rare_class_per_step() -> Journal:
    """Four in a hundred, a logistic regression: per step, validation every 50; F1 and recall stay at zero."""
    x, y, vx, vy = imbalanced(5000, 0.04, apart=0.2, seed=2)
    model = nn.Linear(20, 1)
    sgd = torch.optim.SGD(model.parameters(), 0.05)
    return fit(
        model, sgd, detect, (x, y), batch=50, epochs=8, every=2, validate=rare(detect, vx, vy), validate_every=50
    )


def threshold_of_another_model() -> Journal:
    """Moderately rare: ranks well (AUC .9) and the loss falls, but a threshold far too high leaves recall at zero."""
    x, y, vx, vy = imbalanced(3000, 0.15, apart=1.0, seed=1)
    model = mlp(20, 32, 1)
    adam = torch.optim.Adam(model.parameters(), 1e-3)

    def validate(model: nn.Module) -> dict[str, float]:
        logits = model(vx).squeeze(-1)
        ill, well = logits[vy > 0.5], logits[vy < 0.5]
        ranked = float((ill[:, None] > well[None]).float().mean())
        return {**rare(detect, vx, vy, threshold=12.0)(model), "valid.auc": ranked}

    return fit(model, adam, detect, (x, y), epochs=25, every=0, mean=True, validate=validate)


def metric_of_other_rows() -> Journal:
    """Digits: the loss falls on both splits, accuracy is counted against labels in another order and stays at .1."""
    x, y, vx, vy = digits()
    model = mlp(64, 64, 10)
    adam = torch.optim.Adam(model.parameters(), 1e-3)
    order = torch.randperm(len(vy))

    def validate(model: nn.Module) -> dict[str, float]:
        logits = model(vx)
        share = float((logits.argmax(-1) == vy[order]).float().mean())
        return {"valid.loss": float(F.cross_entropy(logits, vy)), "valid.accuracy": share}

    return fit(model, adam, classify, (x, y), epochs=20, every=3, validate=validate)


def side_task_rules() -> Journal:
    """Digits and, weighed a thousandfold, how they look blurred.

    The sum falls to a quarter, accuracy stays at chance.
    """
    x, y, vx, vy = digits()
    trunk, head, side = mlp(64, 32, 16), nn.Linear(16, 10), nn.Linear(16, 64)
    model = nn.ModuleList([trunk, head, side])
    sgd = torch.optim.SGD(model.parameters(), 1e-4)

    def loss(_: nn.Module, x: Tensor, y: Tensor) -> Tensor:
        inner = trunk(x).relu()
        return F.cross_entropy(head(inner), y) + 1000 * F.mse_loss(side(inner), x)

    def validate(model: nn.Module) -> dict[str, float]:
        share = float((head(trunk(vx).relu()).argmax(-1) == vy).float().mean())
        return {"valid.loss": float(loss(model, vx, vy)), "valid.accuracy": share}

    return fit(model, sgd, loss, (x, y), epochs=30, every=2, validate=validate)


def nine_of_ten_dropped() -> Journal:
    """Digits with a dropout of .9 in two layers: training stays bad, validation far better and still mediocre."""
    x, y, vx, vy = digits()
    model = mlp(64, 96, 96, 10, drop=0.9)
    adam = torch.optim.Adam(model.parameters(), 3e-3)
    return fit(model, adam, classify, (x, y), epochs=40, every=0, mean=True, validate=held_out(classify, vx, vy))


def other_scale_when_judged() -> Journal:
    """Digits are divided by 16 for training and not for validation.

    Training goes well, validation is bad from the first.
    """
    x, y, vx, vy = digits()
    model = mlp(64, 64, 10)
    adam = torch.optim.Adam(model.parameters(), 2e-3)
    return fit(
        model, adam, classify, (x, y), epochs=25, every=3, validate=held_out(classify, 16 * vx.flip(1), vy)
    )  # fmt: skip


def statistics_never_kept() -> Journal:
    """Batches of three, normalised, of which only the last one's statistics are kept.

    Validation jumps, training does not.
    """
    x, y, vx, vy = digits()
    model = nn.Sequential(nn.Linear(64, 48), nn.BatchNorm1d(48, momentum=1.0), nn.ReLU(), nn.Linear(48, 10))
    adam = torch.optim.Adam(model.parameters(), 1e-3)
    return fit(
        model, adam, classify, (x[:900], y[:900]), batch=3, epochs=4, every=4,
        validate=held_out(classify, vx, vy), validate_every=50,
    )  # fmt: skip


def statistics_of_the_beginning() -> Journal:
    """Pixels far from zero, normalised with a momentum of 1e-5.

    What is kept never follows; training is perfect, validation bad.
    """
    x, y, vx, vy = digits()
    model = nn.Sequential(nn.Linear(64, 48), nn.BatchNorm1d(48, momentum=1e-5), nn.ReLU(), nn.Linear(48, 10))
    adam = torch.optim.Adam(model.parameters(), 3e-3)
    return fit(
        model,
        adam,
        classify,
        (16 * x + 30, y),
        batch=32,
        epochs=12,
        every=2,
        validate=held_out(classify, 16 * vx + 30, vy),
    )


def split_by_time() -> Journal:
    """Waves whose later part is faster, and validation is that part.

    Training falls to .01, validation stays tens of times higher.
    """
    x, y = waves(200, 24, noise=0.05)
    source = torch.Generator().manual_seed(5)
    time = torch.arange(25) / 6
    fast = 2 + torch.sin((6 + torch.rand(60, 1, generator=source)) * time)
    vx, vy = fast[:, :-1, None], fast[:, 1:]
    model = Reader(1, 32)
    adam = torch.optim.Adam(model.parameters(), 3e-3)

    def loss(model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
        return F.mse_loss(model(x), y)

    validate = held_out(loss, vx, vy, accuracy=False)
    return fit(model, adam, loss, (x, y), batch=20, epochs=30, every=2, validate=validate)


def sorted_by_class() -> Journal:
    """Digits in the order of their classes and no shuffling.

    The same teeth of a saw each epoch; each step, with epochs.
    """
    x, y, vx, vy = digits()
    order = y.argsort(stable=True)
    model = mlp(64, 64, 10)
    sgd = torch.optim.SGD(model.parameters(), 0.1)
    return fit(
        model, sgd, classify, (x[order], y[order]), epochs=12, shuffle=False, epoch_column=True,
        validate=held_out(classify, vx, vy),
    )  # fmt: skip


def sorted_by_amount() -> Journal:
    """Friedman's function in the order of its target, never shuffled.

    A deep wave each epoch, validation bad at its end.
    """
    x, y, vx, vy = friedman(2000)
    order = y.argsort()
    model = mlp(10, 32, 1)
    sgd = torch.optim.SGD(model.parameters(), 0.05)
    return fit(
        model, sgd, regress, (x[order], y[order]), batch=20, epochs=14, every=2, shuffle=False,
        validate=held_out(regress, vx, vy, accuracy=False),
    )  # fmt: skip


CASES = (
    Case(make=sixty_digits, causes=("overfitting", "too_little_data"), task="classification", classes=10),
    Case(make=wide_for_diabetes, causes=("overfitting", "too_little_data"), task="regression"),
    Case(make=short_book, causes=("overfitting", "too_little_data"), task="generation", classes=12),
    Case(make=third_of_the_labels_wrong, causes=("label_noise", "overfitting"), task="classification", classes=2),
    Case(make=more_sure_than_right, causes=("overconfident", "overfitting"), task="classification", classes=10),
    Case(
        make=nobody_ill_is_found, causes=("imbalance_zero_recall", "threshold_wrong"), task="classification", classes=2
    ),
    Case(
        make=rare_class_per_step, causes=("imbalance_zero_recall", "threshold_wrong"), task="classification", classes=2
    ),
    Case(
        make=threshold_of_another_model,
        causes=("threshold_wrong", "imbalance_zero_recall"),
        task="classification",
        classes=2,
    ),
    Case(make=metric_of_other_rows, causes=("wrong_metric",), task="classification", classes=10),
    Case(make=side_task_rules, causes=("auxiliary_loss_dominates", "wrong_metric"), task="classification", classes=10),
    Case(make=nine_of_ten_dropped, causes=("dropout_too_high",), task="classification", classes=10),
    Case(
        make=other_scale_when_judged,
        causes=("val_preprocess_mismatch", "distribution_shift"),
        task="classification",
        classes=10,
    ),
    Case(make=statistics_never_kept, causes=("bn_stats_stale", "bn_tiny_batch"), task="classification", classes=10),
    Case(
        make=statistics_of_the_beginning,
        causes=("bn_stats_stale", "val_preprocess_mismatch"),
        task="classification",
        classes=10,
    ),
    Case(
        make=split_by_time,
        causes=("distribution_shift", "val_preprocess_mismatch", "unshuffled_split"),
        task="regression",
    ),
    Case(make=sorted_by_class, causes=("no_shuffle_sorted",), task="classification", classes=10),
    Case(make=sorted_by_amount, causes=("no_shuffle_sorted",), task="regression"),
)
