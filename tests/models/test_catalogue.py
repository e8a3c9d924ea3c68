import pytest
import torch
from torch import nn

from kilter.models.catalogue import MODELS, make_factory, resolve
from kilter.values.errors import RecipeError
from kilter.values.inputs import Inputs
from kilter.values.recipe import ModelChoice

from .conftest import IMAGE, TABLE, TEXT


class Own(nn.Module):
    """A person's own model."""

    def __init__(self, vocabulary: int, outputs: int, width: int = 4) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, width)
        self.out = nn.Linear(width, outputs)


def test_auto_follows_from_the_inputs_and_says_every_argument():
    chosen = {name: resolve(ModelChoice(), inputs) for name, inputs in (("t", TEXT), ("c", TABLE), ("i", IMAGE))}
    assert (chosen["c"].name, chosen["i"].name) == ("mlp", "cnn")
    assert chosen["t"].name in {"bag", "textcnn"}
    assert resolve(ModelChoice(), Inputs(vocabulary=9, longest=3, ordered=False)).name == "bag"
    assert all(choice.arguments for choice in chosen.values())
    assert resolve(chosen["c"], TABLE) == chosen["c"]


@pytest.mark.parametrize("name", sorted(MODELS))
def test_the_same_seed_makes_the_same_model(name):
    inputs = {"mlp": TABLE, "cnn": IMAGE}.get(name, TEXT)
    factory = make_factory(ModelChoice(name=name), inputs, 3)
    states = []
    for seed in (0, 0, 1):
        torch.manual_seed(seed)
        states.append(torch.cat([parameter.flatten() for parameter in factory().parameters()]))
    assert torch.equal(states[0], states[1])
    assert not torch.equal(states[0], states[2])


@pytest.mark.parametrize(
    ("choice", "inputs", "said"),
    [
        (ModelChoice(name="lsmt"), TEXT, "did you mean 'lstm'"),
        (ModelChoice(name="lstm", widht=3), TEXT, r"model.widht.*did you mean 'width'"),
        (ModelChoice(name="lstm", cell="gru"), TEXT, "model.cell"),
        (ModelChoice(name="cnn"), TEXT, "it reads image, and the data have none"),
        (ModelChoice(name="mlp"), TEXT, "it reads numbers or categories or image, and the data have none"),
        (ModelChoice(name="mlp"), Inputs(vocabulary=9, longest=3, numbers=2), "it does not read tokens"),
        (ModelChoice(name="lstm"), Inputs(vocabulary=9, longest=3, ordered=False), "a bag of n-grams has none"),
        (ModelChoice(name="nowhere.at_all:thing"), TEXT, "cannot be imported"),
        (ModelChoice(name="torch.nn:Nothing"), TEXT, "cannot be imported"),
        (ModelChoice(name="tests.models.test_catalogue:Own", widht=3), TEXT, "did you mean 'width'"),
    ],
)
def test_what_nobody_reads_is_an_error(choice, inputs, said):
    with pytest.raises(RecipeError, match=said):
        make_factory(choice, inputs, 3)


def test_a_persons_own_model_gets_the_sizes_that_it_names():
    model = make_factory(ModelChoice(name="tests.models.test_catalogue:Own", width=6), TEXT, 5)()
    assert (model.embedding.num_embeddings, model.out.in_features, model.out.out_features) == (40, 6, 5)
