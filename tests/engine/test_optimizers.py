import pytest
import torch
from torch import nn

from kilter.engine.optimizers import make_optimizer, parameter_groups
from kilter.engine.seeding import fresh_model
from kilter.values.pipeline import Pipeline


class Everything(nn.Module):
    """One of each kind of parameter, and an output that shares the embedding's weights."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(5, 4)
        self.recurrent = nn.LSTM(4, 4)
        self.norm = nn.LayerNorm(4)
        self.batch_norm = nn.BatchNorm1d(4)
        self.convolution = nn.Conv1d(4, 4, 1)
        self.frozen = nn.Linear(4, 4).requires_grad_(False)
        self.out = nn.Linear(4, 5)
        self.out.weight = self.embedding.weight
        self.scale = nn.Parameter(torch.ones(4))


def test_decay_falls_on_matrices_alone():
    model = Everything()
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    decayed, rest = ({names[id(p)] for p in group["params"]} for group in parameter_groups(model, 0.1))
    assert decayed == {"recurrent.weight_ih_l0", "recurrent.weight_hh_l0", "convolution.weight"}
    assert {"embedding.weight", "norm.weight", "batch_norm.weight", "out.bias", "scale"} <= rest
    assert not {name for name in decayed | rest if name.startswith("frozen")}


def test_each_trainable_parameter_is_held_once():
    model = Everything()
    held = [id(parameter) for group in parameter_groups(model, 0.1) for parameter in group["params"]]
    assert len(held) == len(set(held))
    assert set(held) == {id(parameter) for parameter in model.parameters() if parameter.requires_grad}


def test_optimizers_by_name(make_pipeline):
    for name, kind in (("adamw", torch.optim.AdamW), ("sgd", torch.optim.SGD)):
        pipeline = make_pipeline(optimizer={"name": name, "weight_decay": 0.3})
        optimizer = make_optimizer(pipeline, fresh_model(pipeline, 0))
        assert isinstance(optimizer, kind)
        assert [group["weight_decay"] for group in optimizer.param_groups] == [0.3, 0.0]


def test_a_persons_own_optimizer_is_taken(make_pipeline):
    pipeline = make_pipeline()
    own = Pipeline(
        task=pipeline.task,
        make_model=pipeline.make_model,
        splits=pipeline.splits,
        recipe=pipeline.recipe,
        make_optimizer=lambda model: torch.optim.Adagrad(model.parameters()),
    )
    assert type(make_optimizer(own, fresh_model(own, 0))) is torch.optim.Adagrad


def test_nothing_to_train_is_said(make_pipeline):
    pipeline = make_pipeline()
    with pytest.raises(ValueError, match="no parameter that requires a gradient"):
        make_optimizer(pipeline, fresh_model(pipeline, 0).requires_grad_(False))
