import pytest
import torch
from torch import nn

from kilter.models.catalogue import MODELS, make_factory, resolve
from kilter.values.errors import RecipeError
from kilter.values.inputs import Inputs
from kilter.values.recipe import ModelChoice
from kilter.values.task import Form

from .conftest import IMAGE, TABLE, TEXT, sizes


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
    assert resolve(ModelChoice(), Inputs(vocabulary=9, longest=3, texts=2)).name == "pairs"
    assert resolve(ModelChoice(), Inputs(vocabulary=9, longest=3, texts=2, ordered=False)).name == "bag"
    assert resolve(ModelChoice(), Inputs(numbers=3, image=(1, 4, 4))).name == "cnn"
    assert all(choice.arguments for choice in chosen.values())
    assert resolve(chosen["c"], TABLE) == chosen["c"]


LISTED = [(name, form) for name, listing in sorted(MODELS.items()) for form in listing.forms]


@pytest.mark.parametrize(("name", "form"), LISTED)
def test_the_same_seed_makes_the_same_model(name, form):
    inputs, outputs = sizes(name, form)
    factory = make_factory(ModelChoice(name=name), inputs, outputs, form)
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
        (
            ModelChoice(name="tagger"),
            TEXT,
            "it answers once for each token, and the task needs answers once for each row",
        ),
        (ModelChoice(name="fttransformer"), TEXT, "it reads numbers or categories, and the data have none"),
        (
            ModelChoice(),
            Inputs(vocabulary=9, longest=3, image=(1, 4, 4)),
            "finds no model that reads tokens, mask, image",
        ),
        (ModelChoice(name="transformer", width=0), TEXT, "model.width = 0: must be 1 or more"),
        (ModelChoice(name="transformer", activation="rleu"), TEXT, "model.activation = 'rleu': did you mean 'relu'"),
        (
            ModelChoice(name="cnn", normalisation="layer"),
            IMAGE,
            "model.normalisation = 'layer': legal are batch, group",
        ),
        (ModelChoice(name="mlp", residual="yes"), TABLE, "model.residual = 'yes': must be true or false"),
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


def test_all_faults_of_a_choice_come_together():
    choice = ModelChoice(name="lstm", widht=3, pooling="meen", dropout=2, initialisation="xavier_norml")
    with pytest.raises(RecipeError, match="5 faults in the choice of a model") as caught:
        resolve(choice, TABLE)
    assert len(caught.value.faults) == 5


@pytest.mark.parametrize(
    ("form", "preferred"),
    [(Form.TOKEN, "tagger"), (Form.NEXT, "lm-lstm"), (Form.TEXT, "encoder-decoder"), (Form.MATCH, "siamese")],
)
def test_auto_follows_from_the_form(form, preferred):
    name = preferred if preferred in MODELS else next(n for n, listing in MODELS.items() if form in listing.forms)
    inputs, _ = sizes(name, form)
    assert resolve(ModelChoice(), inputs, form).name == name


def test_a_model_of_another_form_says_which_ones_answer_so():
    with pytest.raises(RecipeError, match=r"needs answers once for each token; so answer .*transformer"):
        resolve(ModelChoice(name="gru"), TEXT, Form.TOKEN)


def test_every_model_takes_an_initialisation():
    assert all(resolve(ModelChoice(name=n), *sizes_and_form(n)).arguments["initialisation"] == "auto" for n in MODELS)
    torch.manual_seed(0)
    model = make_factory(ModelChoice(name="mlp", initialisation="truncated_normal"), TABLE, 3)()
    assert model.hidden[0].weight.abs().max() <= 0.04


def sizes_and_form(name):
    form = MODELS[name].forms[0]
    return sizes(name, form)[0], form
