import math
from typing import get_args

import pytest
import torch
from torch import nn

from kilter.models.blocks import Block
from kilter.models.catalogue import make_factory
from kilter.models.initialisation import (
    EMBEDDING_DEVIATION,
    OUTPUT_GAIN,
    Initialisation,
    gains,
    initialise,
)
from kilter.models.mlp import Mlp
from kilter.models.transformer import Transformer
from kilter.values.errors import RecipeError
from kilter.values.inputs import Inputs
from kilter.values.recipe import ModelChoice

from .conftest import TEXT, texts

NAMES = get_args(Initialisation)


class Deep(nn.Module):
    def __init__(self, activation=nn.ReLU, width=256, layers=10):
        super().__init__()
        parts = [part for _ in range(layers) for part in (nn.Linear(width, width), activation())]
        self.hidden = nn.Sequential(*parts)
        self.output = nn.Linear(width, 4)

    def forward(self, features):
        return self.output(self.hidden(features))


@pytest.mark.parametrize("activation", [nn.ReLU, nn.Tanh, nn.Identity])
def test_signals_keep_their_size_through_ten_layers(activation):
    torch.manual_seed(0)
    model = Deep(activation)
    initialise(model)
    features = torch.randn(512, 256)
    assert 0.3 < model.hidden(features).square().mean() / features.square().mean() < 2.0


def test_variances_against_their_formulas():
    torch.manual_seed(0)
    model = Deep(nn.ReLU, width=400, layers=1)
    initialise(model)
    assert model.hidden[0].weight.std().item() == pytest.approx(math.sqrt(2 / 400), rel=0.02)
    expected = OUTPUT_GAIN * math.sqrt(2 / (400 + 4))
    assert model.output.weight.std().item() == pytest.approx(expected, rel=0.06)
    assert not model.output.bias.any()


@pytest.mark.parametrize(
    ("how", "variance"),
    [
        ("xavier_uniform", 2 / (300 + 500)),
        ("xavier_normal", 2 / (300 + 500)),
        ("he_uniform", 2 / 300),
        ("he_normal", 2 / 300),
        ("lecun_normal", 1 / 300),
        ("orthogonal", 1 / 500),  # 300 orthonormal columns of 500 entries
        ("truncated_normal", (0.8796 * 0.02) ** 2),  # what is left of a normal within two deviations
    ],
)
def test_variances_by_name(how, variance):
    torch.manual_seed(0)
    layer = nn.Linear(300, 500)
    initialise(layer, how)
    assert layer.weight.var().item() == pytest.approx(variance, rel=0.02)
    largest = layer.weight.abs().max().item()
    if how.endswith("uniform"):
        assert largest <= math.sqrt(3 * variance)
    if how == "orthogonal":
        torch.testing.assert_close(layer.weight.T @ layer.weight, torch.eye(300), atol=1e-4, rtol=0)
    if how == "truncated_normal":
        assert 0.035 < largest <= 0.04
    assert not layer.bias.any()


def test_a_name_decides_gates_and_the_last_layer_too():
    torch.manual_seed(0)
    model = nn.ModuleDict({"cells": nn.GRU(40, 60), "output": nn.Linear(60, 300)})
    initialise(model, "lecun_normal")
    for gate in model["cells"].weight_hh_l0.split(60):
        assert gate.var().item() == pytest.approx(1 / 60, rel=0.1)
    assert model["output"].weight.std().item() == pytest.approx(OUTPUT_GAIN / math.sqrt(60), rel=0.02)


def test_an_unknown_name_is_said():
    with pytest.raises(ValueError, match="initialisation = 'xavier': legal are auto, xavier_uniform"):
        initialise(nn.Linear(1, 1), "xavier")


@pytest.mark.parametrize("how", NAMES)
def test_what_was_loaded_stays_bit_by_bit_and_all_else_is_drawn(how):
    torch.manual_seed(0)
    model = Transformer(TEXT, 3, normalisation="none", layers=2)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_()
    before = {name: parameter.clone() for name, parameter in model.named_parameters()}
    loaded = [name for name in before if name == "embedding.weight" or name.startswith("blocks.1")]
    initialise(model, how, loaded=loaded)
    same = [name for name, parameter in model.named_parameters() if torch.equal(parameter, before[name])]
    assert same == loaded


def test_gains_follow_from_what_is_called_next():
    block = Block(8, 2, 2, "reglu", 0.1)
    assert gains(block)["feedforward.0"] == pytest.approx(2**0.25)
    assert gains(block)["feedforward.3"] == gains(block)["joined"] == 1.0
    unnormed = nn.Sequential(nn.Linear(2, 3), nn.Identity(), nn.ReLU())
    assert gains(unnormed) == {"0": pytest.approx(math.sqrt(2))}


SEEDS = range(5)
DEPTH = 24
WIDTH = 320  # that the product of 24 chance factors, one a layer, seldom strays by a factor of two


def sizes_by_depth(places, outputs, inner):
    """Mean squares of the states at places of a network, and of the gradients there of a random direction of outputs.

    Args:
        places: modules whose outputs are looked at, in the order in which they are called.
        outputs: makes the outputs.
        inner: whether a state and its gradient are taken at all entries, or at those that a mask (b, t) keeps.
    """
    kept = []

    def keep(module, given, state):
        state.retain_grad()
        kept.append(state)

    handles = [place.register_forward_hook(keep) for place in places]
    made = outputs()
    torch.autograd.backward((made * torch.randn_like(made)).sum())
    for handle in handles:
        handle.remove()
    chosen = [(state[inner], state.grad[inner]) for state in kept]
    return torch.tensor([[float(part.detach().square().mean()) for part in parts] for parts in chosen])


def mean_sizes(make, how, given, places):
    """The same as a mean over seeds, in evaluation mode: (places, 2), states and gradients."""
    sizes = []
    for seed in SEEDS:
        torch.manual_seed(seed)
        model = make().eval()
        initialise(model, how)
        sizes.append(sizes_by_depth(places(model), lambda model=model: model(**given), given.get("mask", ...)))
    return torch.stack(sizes).mean(0)


def deep_mlp(activation):
    return lambda: Mlp(Inputs(numbers=WIDTH), 16, width=WIDTH, depth=DEPTH, activation=activation)


def deep_transformer(**arguments):
    return lambda: Transformer(TEXT, 16, layers=DEPTH, width=32, heads=4, pooling="sum", **arguments)


def spread(sizes):
    return float(sizes.max() / sizes.min())


@pytest.mark.parametrize(
    ("how", "activation", "scale", "constant"),
    [
        ("he_normal", "relu", 1.0, ("states", "gradients")),
        ("auto", "relu", 1.0, ("states", "gradients")),
        ("xavier_normal", "tanh", 0.01, ("states", "gradients")),  # close to 0, where tanh is linear
        ("lecun_normal", "tanh", 0.01, ("states", "gradients")),
        ("lecun_normal", "selu", 1.0, ("states",)),  # its slopes have a mean square of 1.07, so that gradients grow
    ],
)
def test_sizes_stay_within_a_factor_of_two_through_24_layers(how, activation, scale, constant):
    torch.manual_seed(99)
    given = {"numbers": scale * torch.randn(64, WIDTH)}
    sizes = mean_sizes(deep_mlp(activation), how, given, linear_layers)
    assert len(sizes) == DEPTH
    for column, name in enumerate(("states", "gradients")):
        assert (spread(sizes[:, column]) < 2) == (name in constant), name


def linear_layers(model):
    return [module for module in model.hidden if isinstance(module, nn.Linear)]


def test_where_theory_says_that_signals_die_they_do():
    """LeCun's halves what a rectifier lets through, 24 times; the test above can fail."""
    torch.manual_seed(99)
    sizes = mean_sizes(deep_mlp("relu"), "lecun_normal", {"numbers": torch.randn(64, WIDTH)}, linear_layers)
    assert spread(sizes[:, 0]) == pytest.approx(2 ** (DEPTH - 1), rel=0.9)


def blocks_of(model):
    return list(model.blocks)


@pytest.mark.parametrize("activation", ["relu", "gelu", "geglu"])
def test_dt_fixup_keeps_sizes_through_24_blocks_without_norms(activation):
    make = deep_transformer(activation=activation, normalisation="none")
    sizes = mean_sizes(make, "dt_fixup", texts(rows=16), blocks_of)
    assert len(sizes) == DEPTH
    assert spread(sizes[:, 0]) < 1.5
    assert spread(sizes[:, 1]) < 1.5


def test_without_norms_and_without_dt_fixup_sizes_explode():
    sizes = mean_sizes(deep_transformer(normalisation="none"), "xavier_normal", texts(rows=16), blocks_of)
    assert spread(sizes[:, 0]) > 100


def test_pre_norm_states_grow_by_as_much_a_block():
    """Each branch adds the same, being normed (Xiong et al. 2020, lemma 2): twice as deep is at most twice as large."""
    sizes = mean_sizes(deep_transformer(), "auto", texts(rows=16), blocks_of)
    half, whole = sizes[DEPTH // 2 - 1, 0], sizes[DEPTH - 1, 0]
    assert half < whole < 2.2 * half


def test_dt_fixup_against_its_formula():
    torch.manual_seed(0)
    plain = Transformer(TEXT, 3, normalisation="none", layers=5)
    torch.manual_seed(1)
    initialise(plain, "xavier_normal")
    before = {name: parameter.clone() for name, parameter in plain.named_parameters()}
    largest = sum(
        float(plain.get_submodule(name).weight.detach().norm(dim=1).max()) for name in ("embedding", "positions")
    )
    torch.manual_seed(1)
    initialise(plain, "dt_fixup")
    factor = 5**-0.5 / (2 * largest)
    shrunk = ("value.weight", "joined.weight", "feedforward.0.weight", "feedforward.3.weight")
    for name, parameter in plain.named_parameters():
        scale = factor if name.startswith("blocks") and name.endswith(shrunk) else 1.0
        torch.testing.assert_close(parameter, scale * before[name], msg=name)


def test_one_update_moves_answers_as_much_at_any_depth():
    """What DT-Fixup is for: the change that a step of gradient descent makes does not grow with depth."""
    moved = {}
    for layers in (4, 32):
        changes = []
        for seed in SEEDS:
            torch.manual_seed(seed)
            model = Transformer(TEXT, 3, layers=layers, width=32, normalisation="none").eval()
            initialise(model, "dt_fixup")
            given = texts(rows=16)
            answers = model(**given)
            torch.autograd.backward(answers.square().mean().sqrt())
            with torch.no_grad():
                for weight in (weight for block in model.blocks for weight in block.branch_weights()):
                    weight.sub_(0.01 * weight.grad)
                changes.append(float((model(**given) - answers).norm()))
        moved[layers] = sum(changes) / len(changes)
    assert moved[32] < 2 * moved[4]


@pytest.mark.parametrize(
    ("choice", "said"),
    [
        (ModelChoice(name="lstm", initialisation="dt_fixup"), "is for stacks of residual blocks"),
        (ModelChoice(name="transformer", initialisation="dt_fixup"), "set `normalisation: none`"),
        (ModelChoice(name="textcnn", initialisation="xavir_normal"), "did you mean 'xavier_normal'"),
    ],
)
def test_what_cannot_be_is_said_by_the_catalogue(choice, said):
    with pytest.raises(RecipeError, match=said):
        make_factory(choice, TEXT, 3)


def test_embeddings_norms_and_forget_gates():
    torch.manual_seed(0)
    model = nn.ModuleDict(
        {"words": nn.Embedding(500, 20, padding_idx=0), "norm": nn.LayerNorm(20), "cells": nn.LSTM(20, 30)}
    )
    initialise(model)
    words, norm, cells = (model[name] for name in ("words", "norm", "cells"))
    assert not words.weight[0].any()
    assert words.weight[1:].std().item() == pytest.approx(EMBEDDING_DEVIATION, rel=0.05)
    assert norm.weight.eq(1).all()
    gate = cells.weight_hh_l0[:30]
    torch.testing.assert_close(gate @ gate.T, torch.eye(30), atol=1e-5, rtol=0)
    assert cells.bias_ih_l0[30:60].eq(1).all()
    assert cells.bias_ih_l0.sum() == 30
