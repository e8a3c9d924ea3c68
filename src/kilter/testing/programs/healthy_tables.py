"""Healthy programs over tables: perceptrons, their losses and targets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils.parametrizations import weight_norm
from torch.utils.data import DataLoader, TensorDataset, WeightedRandomSampler

from kilter.testing.programs import data
from kilter.testing.programs.entries import Training, well
from kilter.testing.programs.networks import Experts, Gated, perceptron
from kilter.testing.programs.steps import (
    CLASSES3,
    CLASSES10,
    TWO,
    balanced_accuracy,
    plain_step,
    squeezed,
    stepping,
    validating,
)

if TYPE_CHECKING:
    from torch import Tensor


def adam(model: nn.Module, rate: float = 5e-3) -> torch.optim.Optimizer:
    """Adam at this rate."""
    return torch.optim.Adam(model.parameters(), lr=rate)


def digits_mlp() -> Any:
    """Two hidden layers, Adam."""
    model = perceptron(64, 64, 64, 10)
    return model, adam(model), nn.CrossEntropyLoss(), *data.loaders(data.digits())


def cancer_linear() -> Any:
    """A linear model, plain SGD."""
    model = nn.Linear(30, 1)
    loss_fn = squeezed(nn.BCEWithLogitsLoss())
    return model, torch.optim.SGD(model.parameters(), lr=0.1), loss_fn, *data.loaders(data.cancer(), 32)


def wine_batchnorm() -> Any:
    """Batch normalisation over small batches, RMSprop."""
    model = nn.Sequential(nn.Linear(13, 24), nn.BatchNorm1d(24), nn.ReLU(), nn.Linear(24, 3))
    optimizer = torch.optim.RMSprop(model.parameters(), lr=2e-3)
    return model, optimizer, nn.CrossEntropyLoss(), *data.loaders(data.wine(), 16)


def digits_layernorm() -> Any:
    """Layer normalisation, AdamW."""
    model = nn.Sequential(nn.Linear(64, 48), nn.LayerNorm(48), nn.GELU(), nn.Linear(48, 10))
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3)
    return model, optimizer, nn.CrossEntropyLoss(), *data.loaders(data.digits())


def digits_zero_gates() -> Any:
    """Residual branches that begin at zero."""
    model = Gated(64, 10)
    return model, adam(model), nn.CrossEntropyLoss(), *data.loaders(data.digits())


def digits_weight_norm() -> Any:
    """Weights as direction and length."""
    model = nn.Sequential(weight_norm(nn.Linear(64, 48)), nn.ReLU(), weight_norm(nn.Linear(48, 10)))
    return model, adam(model), nn.CrossEntropyLoss(), *data.loaders(data.digits())


def digits_dropout() -> Any:
    """Much dropout, in a network that is wide enough for it."""
    model = nn.Sequential(nn.Linear(64, 256), nn.ReLU(), nn.Dropout(0.5), nn.Linear(256, 10))
    return model, adam(model), nn.CrossEntropyLoss(), *data.loaders(data.digits())


def digits_smoothed() -> Any:
    """Smoothed labels: the loss stays well above zero."""
    model = perceptron(64, 64, 10)
    return model, adam(model), nn.CrossEntropyLoss(label_smoothing=0.1), *data.loaders(data.digits())


def digits_selu() -> Any:
    """Self-normalising layers with their own initialisation and dropout (Klambauer et al. 2017)."""
    model = nn.Sequential(nn.Linear(64, 64), nn.SELU(), nn.AlphaDropout(0.05), nn.Linear(64, 10))
    for layer in (model[0], model[3]):
        nn.init.kaiming_normal_(layer.weight, nonlinearity="linear")  # type: ignore[arg-type]
        nn.init.zeros_(layer.bias)  # type: ignore[arg-type]
    return model, adam(model), nn.CrossEntropyLoss(), *data.loaders(data.digits())


def digits_hinge() -> Any:
    """A margin between the classes instead of a likelihood."""
    model = perceptron(64, 64, 10)
    return model, adam(model), nn.MultiMarginLoss(), *data.loaders(data.digits())


def digits_experts() -> Any:
    """A mixture of experts, all of them asked, weighted by a gate."""
    model = Experts(64, 10)
    return model, adam(model), nn.CrossEntropyLoss(), *data.loaders(data.digits())


def _soft_targets(y: Tensor) -> Tensor:
    return 0.9 * F.one_hot(y, 10).float() + 0.01


def digits_soft_labels() -> Any:
    """Targets that are probabilities, as several annotators give them."""
    train, valid = data.digits().both
    split = data.Split((train[0], _soft_targets(train[1])), (valid[0], _soft_targets(valid[1])))
    model = perceptron(64, 64, 10)
    return model, adam(model), nn.CrossEntropyLoss(), *data.loaders(split)


def _judge_soft(model: nn.Module, loss_fn: Any, batch: Any) -> tuple[Tensor, Tensor, int]:
    x, y = batch
    outputs = model(x)
    return loss_fn(outputs, y), (outputs.argmax(-1) == y.argmax(-1)).float().mean(), len(y)


def _mixup(model: nn.Module, loss_fn: Any, batch: Any) -> Tensor:
    x, y = batch
    share = float(torch.distributions.Beta(0.4, 0.4).sample())
    other = torch.randperm(len(x))
    outputs = model(share * x + (1 - share) * x[other])
    mixed: Tensor = share * loss_fn(outputs, y) + (1 - share) * loss_fn(outputs, y[other])
    return mixed


def rare_weights() -> Any:
    """One row in twenty is of the second class; the loss weighs it up."""
    model = perceptron(12, 32, 2)
    return model, adam(model), nn.CrossEntropyLoss(torch.tensor([1.0, 19.0])), *data.loaders(data.rare(), 128)


def rare_sampled() -> Any:
    """The same data, the rare class drawn as often as the other."""
    x, y = data.rare().train
    share = torch.bincount(y).double()
    sampler = WeightedRandomSampler((1 / share)[y].tolist(), len(y))
    model = perceptron(12, 32, 2)
    train: Any = DataLoader(TensorDataset(x, y), 128, sampler=sampler)
    return model, adam(model), nn.CrossEntropyLoss(), train, data.loaders(data.rare())[1]


class Focal(nn.Module):
    """Weighs down what is already right (Lin et al. 2017)."""

    def __init__(self, gamma: float = 2.0) -> None:
        super().__init__()
        self.gamma = gamma
        self.register_buffer("alpha", torch.tensor([0.1, 0.9]))

    def forward(self, outputs: Tensor, target: Tensor) -> Any:
        likely = F.log_softmax(outputs, -1).gather(1, target[:, None]).squeeze(1)
        return (-self.alpha[target] * (1 - likely.exp()) ** self.gamma * likely).mean()  # type: ignore[index]


def rare_focal() -> Any:
    """The same data, focal loss."""
    model = perceptron(12, 32, 2)
    return model, adam(model, 1e-2), Focal(), *data.loaders(data.rare(), 128)


def cancer_sample_weights() -> Any:
    """Batches (x, y, weight), the weight of a row its trustworthiness."""
    train, valid = data.cancer().both
    split = data.Split((*train, 0.5 + torch.rand(len(train[0]))), (*valid, torch.ones(len(valid[0]))))
    model = perceptron(30, 16, 1)
    return model, adam(model), None, *data.loaders(split, 32)


def _weighted(model: nn.Module, loss_fn: Any, batch: Any) -> Any:
    x, y, weight = batch
    losses = F.binary_cross_entropy_with_logits(model(x).squeeze(1), y, reduction="none")
    return (losses * weight).sum() / weight.sum()


def _judge_weighted(model: nn.Module, loss_fn: Any, batch: Any) -> tuple[Tensor, Tensor, int]:
    right = ((model(batch[0]).squeeze(1) > 0) == (batch[1] > 0.5)).float().mean()
    return _weighted(model, loss_fn, batch), right, len(batch[0])


def topics_bce() -> Any:
    """Five labels a row, each on its own; rare ones weighed up."""
    model = perceptron(20, 48, 5)
    loss_fn = nn.BCEWithLogitsLoss(pos_weight=torch.full((5,), 1.5))
    return model, adam(model), loss_fn, *data.loaders(standard_topics())


def standard_topics() -> data.Split:
    """Topics with standardised inputs."""
    return data.standardised(data.topics())


def topics_soft_margin() -> Any:
    """The same by a loss of all five at once."""
    model = perceptron(20, 48, 5)
    return model, adam(model), nn.MultiLabelSoftMarginLoss(), *data.loaders(standard_topics())


def _judge_labels(model: nn.Module, loss_fn: Any, batch: Any) -> tuple[Tensor, Tensor, int]:
    x, y = batch
    outputs = model(x)
    found = (outputs > 0).float()
    return loss_fn(outputs, y), 2 * (found * y).sum() / (found + y).sum().clamp(min=1), len(y)


def moons_sigmoid() -> Any:
    """Probabilities from the model and a loss of probabilities: rightly so."""
    train, valid = ((x, y.float()) for x, y in data.moons().both)
    model = nn.Sequential(nn.Linear(2, 24), nn.Tanh(), nn.Linear(24, 24), nn.Tanh(), nn.Linear(24, 1), nn.Sigmoid())
    return model, adam(model, 1e-2), squeezed(nn.BCELoss()), *data.loaders(data.Split(train, valid), 32)


def _judge_probability(model: nn.Module, loss_fn: Any, batch: Any) -> tuple[Tensor, Tensor, int]:
    x, y = batch
    outputs = model(x).squeeze(1)
    return loss_fn(outputs, y), ((outputs > 0.5) == (y > 0.5)).float().mean(), len(y)


def wine_log_probabilities() -> Any:
    """Logarithms of probabilities from the model and their likelihood."""
    model = nn.Sequential(nn.Linear(13, 16), nn.ReLU(), nn.Linear(16, 3), nn.LogSoftmax(-1))
    return model, adam(model, 1e-2), nn.NLLLoss(), *data.loaders(data.wine(), 16)


def cancer_signs() -> Any:
    """Labels -1 and 1 for a loss that wants them so."""
    train, valid = ((x, 2 * y - 1) for x, y in data.cancer().both)
    model = perceptron(30, 16, 1)
    return model, adam(model), squeezed(nn.SoftMarginLoss()), *data.loaders(data.Split(train, valid), 32)


def circles_tanh() -> Any:
    """No line parts the classes: the loss stays on a plateau first."""
    model = nn.Sequential(nn.Linear(2, 24), nn.Tanh(), nn.Linear(24, 24), nn.Tanh(), nn.Linear(24, 2))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    return model, optimizer, nn.CrossEntropyLoss(), *data.loaders(data.circles(), 32)


def blobs_easy() -> Any:
    """Classes far apart: right after an epoch, and rightly so."""
    model = perceptron(6, 16, 3)
    return model, adam(model, 1e-2), nn.CrossEntropyLoss(), *data.loaders(data.blobs(), 32)


def small_and_noisy() -> Any:
    """A hundred rows, one label in eight wrong."""
    split = data.parted(*(column[:160] for column in data.moons().train), share=0.65)
    y = split.train[1].clone()
    wrong = torch.rand(len(y), generator=torch.Generator().manual_seed(5)) < 0.125
    y[wrong] = 1 - y[wrong]
    model = perceptron(2, 16, 2)
    return model, adam(model), nn.CrossEntropyLoss(), *data.loaders(data.Split((split.train[0], y), split.valid), 16)


def _mask_valid(name: str) -> Any:
    return {"validate": validating({"soft": _judge_soft, "weighted": _judge_weighted}[name])}


TABLES: tuple[Training, ...] = (
    well("digits mlp adam", digits_mlp, epochs=8, reaches=0.91, **CLASSES10),
    well("cancer linear sgd", cancer_linear, epochs=10, reaches=0.94, **TWO),
    well("wine batchnorm rmsprop", wine_batchnorm, epochs=12, reaches=0.92, **CLASSES3),
    well("digits layernorm adamw", digits_layernorm, epochs=8, reaches=0.91, **CLASSES10),
    well("digits residual zero gates", digits_zero_gates, epochs=8, reaches=0.91, **CLASSES10),
    well("digits weight norm", digits_weight_norm, epochs=8, reaches=0.91, **CLASSES10),
    well("digits much dropout", digits_dropout, epochs=8, reaches=0.91, **CLASSES10),
    well("digits label smoothing", digits_smoothed, epochs=8, reaches=0.91, **CLASSES10),
    well("digits selu", digits_selu, epochs=8, reaches=0.91, **CLASSES10),
    well("digits multi margin", digits_hinge, epochs=8, reaches=0.91, **CLASSES10),
    well("digits experts", digits_experts, epochs=8, reaches=0.91, **CLASSES10),
    well("digits soft labels", digits_soft_labels, epochs=8, reaches=0.91, **(CLASSES10 | _mask_valid("soft"))),
    well("digits mixup", digits_mlp, epochs=8, reaches=0.91, **(CLASSES10 | {"step": stepping(_mixup)})),
    well(
        "rare class weighted",
        rare_weights,
        epochs=6,
        reaches=0.8,
        **(CLASSES3 | {"classes": 2, "validate": balanced_accuracy}),
    ),
    well(
        "rare class sampled",
        rare_sampled,
        epochs=6,
        reaches=0.8,
        **(CLASSES3 | {"classes": 2, "validate": balanced_accuracy}),
    ),
    well(
        "rare class focal",
        rare_focal,
        epochs=6,
        reaches=0.8,
        **(CLASSES3 | {"classes": 2, "validate": balanced_accuracy}),
    ),
    well(
        "cancer sample weights",
        cancer_sample_weights,
        epochs=8,
        reaches=0.94,
        **(TWO | _mask_valid("weighted") | {"step": stepping(_weighted)}),
    ),
    well(
        "topics bce",
        topics_bce,
        epochs=10,
        reaches=0.72,
        task="multilabel",
        classes=5,
        step=plain_step,
        validate=validating(_judge_labels),
    ),
    well(
        "topics soft margin",
        topics_soft_margin,
        epochs=10,
        reaches=0.7,
        task="multilabel",
        classes=5,
        step=plain_step,
        validate=validating(_judge_labels),
    ),
    well(
        "moons sigmoid bce",
        moons_sigmoid,
        epochs=15,
        reaches=0.93,
        **(TWO | {"validate": validating(_judge_probability)}),
    ),
    well("wine log probabilities", wine_log_probabilities, epochs=12, reaches=0.92, **CLASSES3),
    well("cancer signs soft margin", cancer_signs, epochs=8, reaches=0.94, **TWO),
    well("circles tanh momentum", circles_tanh, epochs=20, reaches=0.95, **(CLASSES3 | {"classes": 2})),
    well("blobs easy", blobs_easy, epochs=6, reaches=0.98, **CLASSES3),
    well("small and noisy", small_and_noisy, epochs=15, reaches=0.75, **(CLASSES3 | {"classes": 2})),
)
