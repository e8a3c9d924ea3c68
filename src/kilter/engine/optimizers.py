"""Optimizers from a recipe, with decay only where decay belongs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from torch import nn

from kilter.engine import light_optimizers
from kilter.values.recipe import AdamW, ScheduleFreeAdamW, Sgd

if TYPE_CHECKING:
    from torch.optim import Optimizer

    from kilter.values.pipeline import Pipeline

_UNDECAYED = (
    nn.Embedding,
    nn.EmbeddingBag,
    nn.LayerNorm,
    nn.RMSNorm,
    nn.GroupNorm,
    nn.modules.batchnorm._NormBase,  # noqa: SLF001 - the one parent of all batch and instance norms
)


def parameter_groups(model: nn.Module, weight_decay: float) -> list[dict[str, Any]]:
    """Trainable parameters in two groups: with decay, and without (biases, norms, embeddings), each once.

    A tensor that an embedding shares with a linear layer counts as an embedding.
    """
    undecayed: set[int] = set()
    for module in model.modules():
        for name, parameter in module.named_parameters(recurse=False):
            if isinstance(module, _UNDECAYED) or name.startswith("bias") or parameter.ndim < 2:
                undecayed.add(id(parameter))
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    groups = [
        {"params": [p for p in trained if id(p) not in undecayed], "weight_decay": weight_decay},
        {"params": [p for p in trained if id(p) in undecayed], "weight_decay": 0.0},
    ]
    return [group for group in groups if group["params"]]


def make_optimizer(pipeline: Pipeline, model: nn.Module) -> Optimizer:
    """A fresh optimizer over a model: the pipeline's own, or the one its recipe names.

    Raises:
        ValueError: the model has nothing to train.
    """
    if pipeline.make_optimizer is not None:
        return pipeline.make_optimizer(model)
    chosen = pipeline.recipe.optimizer
    groups = parameter_groups(model, chosen.weight_decay)
    if not groups:
        message = "the model has no parameter that requires a gradient; unfreeze one, or evaluate it as it is"
        raise ValueError(message)
    # One kernel for all parameters; on the CPU it takes a fifth of the time of the default loop on a small model.
    fused = all(p.is_floating_point() and p.device.type in {"cpu", "cuda", "mps"} for p in model.parameters())
    optimizer: Optimizer
    match chosen:
        case AdamW():
            optimizer = light_optimizers.AdamW(
                groups,
                lr=chosen.learning_rate,
                betas=(chosen.beta1, chosen.beta2),
                eps=chosen.epsilon,
                weight_decay=chosen.weight_decay,
                fused=fused,
            )
        case Sgd():
            optimizer = light_optimizers.SGD(
                groups,
                lr=chosen.learning_rate,
                momentum=chosen.momentum,
                nesterov=chosen.nesterov,
                weight_decay=chosen.weight_decay,
                fused=fused,
            )
        case ScheduleFreeAdamW():
            optimizer = light_optimizers.ScheduleFreeAdamW(
                groups,
                lr=chosen.learning_rate,
                betas=(chosen.beta1, chosen.beta2),
                eps=chosen.epsilon,
                weight_decay=chosen.weight_decay,
            )
    return optimizer
