"""Pipelines with one fault each, which the preflight checks must find."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from kilter.tasks.classification import Classification
from kilter.tasks.regression import Regression
from kilter.testing.healthy.pipelines import (
    CLASSES,
    VOCABULARY,
    classify,
    labels,
    numbers,
    of_amounts,
    over_numbers,
    over_tokens,
)
from kilter.testing.healthy.target_pipelines import of_matches
from kilter.testing.networks import Perceptron, Transfer
from kilter.testing.planted import networks as faulty
from kilter.testing.planted.tasks import WithLoss, averaged, broadcast, clipped, negated, summed
from kilter.testing.subjects import Planted
from kilter.values.finding import Severity
from kilter.values.pipeline import Pipeline
from kilter.values.recipe import LossChoice

if TYPE_CHECKING:
    from torch.optim import Optimizer

    from kilter.values.batch import Batch
    from kilter.values.task import Loss, Outputs, Task

FAILURE = Severity.FAILURE


def _network(kind: Callable[..., nn.Module], **options: Any) -> Callable[[], Pipeline]:
    return lambda: over_numbers(partial(kind, 6, 3, **options))


def _text_network(kind: Callable[..., nn.Module]) -> Callable[[], Pipeline]:
    return lambda: over_tokens(partial(kind, VOCABULARY, 3))


def _loss(change: Callable[[Task, Outputs, Batch], Loss]) -> Callable[[], Pipeline]:
    return lambda: over_numbers(task=WithLoss(Classification(labels=CLASSES), change))


def _inputs(factor: float = 1.0, *, hole: bool = False) -> Pipeline:
    targets = labels()
    given = factor * numbers(targets)
    if hole:
        given[:, 1] = float("nan")
    return classify(partial(Perceptron, 6, 3), {"numbers": given}, targets)


def _half_deaf() -> Pipeline:
    targets = labels()
    categories = torch.tensor(targets).reshape(-1, 1)
    return classify(partial(faulty.HalfDeaf, 6, 3, 3), {"numbers": numbers(targets), "categories": categories}, targets)


def _unasked() -> Pipeline:
    targets = labels()
    categories = torch.tensor(targets).reshape(-1, 1)
    return classify(partial(Perceptron, 6, 3), {"numbers": numbers(targets), "categories": categories}, targets)


def _frozen() -> nn.Module:
    return Perceptron(6, 3).requires_grad_(False)


def _some(model: nn.Module) -> Optimizer:
    return torch.optim.Adam([p for name, p in model.named_parameters() if name.startswith("out")], lr=3e-3)


def _bias(model: nn.Module) -> Optimizer:
    return torch.optim.Adam([p for name, p in model.named_parameters() if name == "out.bias"], lr=3e-3)


def _of_another(model: nn.Module) -> Optimizer:
    return torch.optim.Adam(Perceptron(6, 3).parameters(), lr=3e-3)


def _with_a_stranger(model: nn.Module) -> Optimizer:
    return torch.optim.Adam([*model.parameters(), torch.zeros(3, requires_grad=True)], lr=3e-3)


class Twice(torch.optim.SGD):
    """Descent that was given a layer by two ways, in spite of the library's guard."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__(model.parameters(), lr=3e-3)
        self.param_groups.append({**self.param_groups[0], "params": [next(model.parameters())]})


class Idle(torch.optim.SGD):
    """An optimizer whose step does nothing."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__(model.parameters(), lr=3e-3)

    def step(self, closure: Any = None) -> Any:
        """Nothing."""


def _half_precision() -> nn.Module:
    model = Perceptron(6, 3)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(1.0)  # weights of ordinary size, next to which a small step vanishes
    return model.to(torch.bfloat16)


def _call_in_halves(model: nn.Module, batch: Batch) -> torch.Tensor:
    return model(batch.inputs["numbers"].bfloat16()).float()  # type: ignore[no-any-return]


def _large_amounts() -> Pipeline:
    return of_amounts(task=Regression(center=0.0, scale=1.0))


def _bounded(last: nn.Module) -> Callable[[], Pipeline]:
    return lambda: of_amounts(partial(faulty.Ending, 6, 1, last=last))


def _plain_adam(model: nn.Module) -> torch.optim.Optimizer:
    return torch.optim.Adam(model.parameters(), lr=1e-3)


PLANTED_PIPELINES: tuple[Planted[Pipeline], ...] = (
    Planted(code="P101", name="a last layer too large", make=_network(faulty.Scaled), causes=("bad_output_init",)),
    Planted(code="P101", name="inputs in thousands", make=lambda: _inputs(1000.0), causes=("unnormalized_input",)),
    Planted(code="P101", name="amounts as they are", make=_large_amounts, causes=("unnormalized_target",)),
    Planted(code="P101", name="a sum for a mean", make=_loss(summed), causes=("loss_sum_reduction",)),
    Planted(code="P101", name="the sign turned round", make=_loss(negated), causes=("loss_sign_flipped",)),
    Planted(code="P101", name="a loss cut off", make=_loss(clipped), causes=("loss_clipped", "wrong_loss_for_task")),
    Planted(
        code="P101",
        name="numbers that are none",
        make=lambda: _inputs(hole=True),
        causes=("nan_in_data",),
        severity=FAILURE,
    ),
    Planted(
        code="P102",
        name="far too fast",
        make=lambda: over_numbers(optimizer={"learning_rate": 30.0}),
        causes=("lr_too_high",),
    ),
    Planted(
        code="P102",
        name="far too slow",
        make=lambda: over_numbers(optimizer={"learning_rate": 1e-6}),
        causes=("lr_too_low",),
    ),
    Planted(
        code="P102",
        name="gradients clipped away",
        make=lambda: over_numbers(
            optimizer={"name": "sgd", "learning_rate": 0.1, "momentum": 0.0}, train={"clip_norm": 1e-4}
        ),
        causes=("grad_clip_too_small",),
    ),
    Planted(
        code="P102",
        name="hardly anything left in",
        make=_network(Perceptron, dropout=0.98),
        causes=("dropout_too_high",),
    ),
    Planted(
        code="P102", name="all at zero", make=_network(faulty.Symmetric), causes=("constant_init",), severity=FAILURE
    ),
    Planted(
        code="P102",
        name="two random features",
        make=lambda: over_numbers(partial(Transfer, 6, 3, width=2), optimizer={"learning_rate": 0.03}),
        causes=("unintended_frozen_layer",),
    ),
    Planted(
        code="P102",
        name="a bias alone",
        make=lambda: over_numbers(make_optimizer=_bias),
        causes=("optimizer_missing_group",),
    ),
    Planted(code="P102", name="deaf", make=_network(faulty.Deaf), causes=("underfit_capacity",), severity=FAILURE),
    Planted(
        code="P103",
        name="a view too many",
        make=_text_network(faulty.Reshaped),
        causes=("batch_dim_mixing",),
        severity=FAILURE,
    ),
    Planted(
        code="P103",
        name="the batch's mean",
        make=_network(faulty.Centred),
        causes=("batch_dim_mixing",),
        severity=FAILURE,
    ),
    Planted(
        code="P103",
        name="a softmax over the batch",
        make=_network(faulty.Ending, last=nn.Softmax(dim=0)),
        causes=("batch_dim_mixing", "wrong_softmax_dim"),
        severity=FAILURE,
    ),
    Planted(
        code="P103", name="a squeeze", make=_network(faulty.Squeezed), causes=("batch_dim_mixing",), severity=FAILURE
    ),
    Planted(
        code="P103", name="mixing while training", make=_network(faulty.TrainingMixer), causes=("batch_dim_mixing",)
    ),
    Planted(code="P104", name="a mean over padding", make=_text_network(faulty.PaddedMean), causes=("padding_leak",)),
    Planted(
        code="P104", name="a state after padding", make=_text_network(faulty.PaddedState), causes=("padding_leak",)
    ),
    Planted(
        code="P104", name="attention to padding", make=_text_network(faulty.PaddedAttention), causes=("padding_leak",)
    ),
    Planted(code="P105", name="a layer unused", make=_network(faulty.Unused), causes=("unused_layer",)),
    Planted(code="P105", name="a trunk cut off", make=_network(faulty.Cut), causes=("detached_graph",)),
    Planted(
        code="P105",
        name="a choice inside",
        make=_network(faulty.Decided),
        causes=("non_differentiable_op", "detached_graph"),
    ),
    Planted(
        code="P105",
        name="no graph",
        make=_network(faulty.Detached),
        causes=("loss_detached", "detached_graph"),
        severity=FAILURE,
    ),
    Planted(code="P105", name="dead units", make=_network(faulty.Dead), causes=("dead_relu",)),
    Planted(
        code="P105",
        name="all frozen",
        make=lambda: over_numbers(_frozen),
        causes=("unintended_frozen_layer",),
        severity=FAILURE,
    ),
    Planted(
        code="P106",
        name="one group forgotten",
        make=lambda: over_numbers(make_optimizer=_some),
        causes=("optimizer_missing_group",),
    ),
    Planted(
        code="P106",
        name="another model's",
        make=lambda: over_numbers(make_optimizer=_of_another),
        causes=("optimizer_wrong_params",),
        severity=FAILURE,
    ),
    Planted(
        code="P106",
        name="a stranger",
        make=lambda: over_numbers(make_optimizer=_with_a_stranger),
        causes=("optimizer_wrong_params",),
    ),
    Planted(
        code="P106",
        name="a layer twice",
        make=lambda: over_numbers(make_optimizer=Twice),
        causes=("optimizer_duplicate_param",),
    ),
    Planted(
        code="P107",
        name="a step that is none",
        make=lambda: over_numbers(make_optimizer=Idle),
        causes=("no_optimizer_step",),
        severity=FAILURE,
    ),
    Planted(
        code="P107",
        name="steps below half precision",
        make=lambda: over_numbers(_half_precision, forward=_call_in_halves, optimizer={"learning_rate": 1e-5}),
        causes=("low_precision_update",),
    ),
    Planted(code="P108", name="deaf", make=_network(faulty.Deaf), causes=("model_ignores_input",), severity=FAILURE),
    Planted(code="P108", name="deaf on one ear", make=_half_deaf, causes=("model_ignores_input",)),
    Planted(code="P108", name="an input that nobody asks for", make=_unasked, causes=("model_ignores_input",)),
    Planted(code="P109", name="always dropping", make=_network(faulty.AlwaysDropping), causes=("eval_in_train_mode",)),
    Planted(code="P109", name="counting in evaluation", make=_network(faulty.Counting), causes=("bn_stats_stale",)),
    Planted(
        code="P110",
        name="a softmax too many",
        make=_network(faulty.Ending, last=nn.Softmax(dim=1)),
        causes=("double_softmax",),
        severity=FAILURE,
    ),
    Planted(
        code="P110",
        name="a softmax over the batch",
        make=_network(faulty.Ending, last=nn.Softmax(dim=0)),
        causes=("wrong_softmax_dim",),
        severity=FAILURE,
    ),
    Planted(
        code="P110",
        name="a softmax of one",
        make=_bounded(nn.Softmax(dim=1)),
        causes=("softmax_single_unit",),
        severity=FAILURE,
    ),
    Planted(
        code="P110", name="a ReLU at the end", make=_network(faulty.Ending, last=nn.ReLU()), causes=("relu_on_output",)
    ),
    Planted(code="P110", name="amounts through a ReLU", make=_bounded(nn.ReLU()), causes=("relu_on_output",)),
    Planted(
        code="P110", name="amounts through a sigmoid", make=_bounded(nn.Sigmoid()), causes=("output_range_mismatch",)
    ),
    Planted(code="P110", name="amounts through a tanh", make=_bounded(nn.Tanh()), causes=("output_range_mismatch",)),
    Planted(
        code="P110",
        name="a sigmoid before a softmax",
        make=_network(faulty.Ending, last=nn.Sigmoid()),
        causes=("output_range_mismatch", "double_sigmoid"),
    ),
    Planted(
        code="P111",
        name="everyone against everyone",
        make=lambda: of_amounts(task=WithLoss(Regression(center=50.0, scale=20.0), broadcast)),
        causes=("broadcast_shape_mismatch",),
        severity=FAILURE,
    ),
    Planted(code="P111", name="a sum for a mean", make=_loss(summed), causes=("loss_sum_reduction",)),
    Planted(code="P111", name="a mean of means", make=_loss(averaged), causes=("grad_accum_unscaled",)),
    Planted(code="P112", name="layers in a list", make=_network(faulty.Listed), causes=("unregistered_module",)),
    Planted(
        code="P112", name="a layer made anew", make=_network(faulty.MadeAnew), causes=("layer_created_in_forward",)
    ),
    Planted(
        code="P114",
        name="a decay that the optimizer never hears of",
        make=lambda: over_numbers(make_optimizer=_plain_adam, optimizer={"weight_decay": 0.3}),
        causes=("inert_hyperparameter",),
    ),
    Planted(
        code="P115",
        name="matches in batches of a quarter",
        make=lambda: of_matches(LossChoice(), accumulate=4),
        causes=("batch_too_small",),
    ),
    Planted(
        code="P115",
        name="triplets in halves",
        make=lambda: of_matches(LossChoice(name="triplet"), accumulate=2),
        causes=("batch_too_small",),
    ),
)
