"""Every model of the catalogue answers alike whatever the padding; planted models that do not are found out."""

from functools import lru_cache

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from kilter.models.catalogue import MODELS, make_factory
from kilter.testing.padding import LONGEST, difference, draw_example, padded, small_sizes
from kilter.values.inputs import Inputs
from kilter.values.recipe import ModelChoice
from kilter.values.task import Form

LISTED = [(name, form) for name, listing in sorted(MODELS.items()) for form in listing.forms]


@lru_cache(maxsize=64)
def model_of(name, form):
    torch.manual_seed(0)
    inputs, outputs = small_sizes(MODELS[name], form)
    return make_factory(ModelChoice(name=name), inputs, outputs, form)().eval(), inputs


@pytest.mark.parametrize(("name", "form"), LISTED)
@settings(max_examples=12, deadline=None)
@given(
    lengths=st.lists(st.integers(2, LONGEST), min_size=1, max_size=5),
    seed=st.integers(0, 2**20),
    more=st.integers(0, 6),
)
def test_answers_are_the_same_whatever_the_padding(name, form, lengths, seed, more):
    model, inputs = model_of(name, form)
    examples = [draw_example(inputs, length, seed=seed + number) for number, length in enumerate(lengths)]
    found = difference(model, form, examples, more)
    assert found.apart <= 1e-5 + 1e-4 * found.size


class Mean(nn.Module):
    """A mean over all places, padded ones too; or of all tokens in the batch."""

    def __init__(self, form):
        super().__init__()
        self.form = form
        self.embedding = nn.Embedding(40, 3)

    def forward(self, tokens):
        states = self.embedding(tokens)
        if self.form is Form.ROW:
            return states.mean(1)
        if self.form is Form.MATCH:
            return {"left": states[:, 0], "right": states.mean(1)}
        return states + states.mean((0, 1))


@pytest.mark.parametrize("form", [Form.ROW, Form.TOKEN, Form.NEXT, Form.MATCH])
@pytest.mark.parametrize(("lengths", "more"), [([3, 9], 0), ([3], 4)])
def test_a_model_that_reads_padding_is_found_out(form, lengths, more):
    inputs = Inputs(vocabulary=40, longest=LONGEST, texts=1)
    torch.manual_seed(0)
    examples = [draw_example(inputs, length, seed=length) for length in lengths]
    found = difference(Mean(form), form, examples, more)
    assert found.apart > 0.01 * found.size


def test_examples_are_of_the_sizes_that_were_asked_for():
    inputs = Inputs(
        vocabulary=40,
        longest=LONGEST,
        texts=2,
        characters=30,
        answers=40,
        numbers=3,
        categories=(2, 5),
        image=(3, 4, 5),
    )
    example = draw_example(inputs, 7, seed=0)
    assert set(example) == set(inputs.names)
    assert example["segments"].tolist() == [0, 0, 0, 0, 1, 1, 1]
    again = draw_example(inputs, 7, seed=0)
    assert all(torch.equal(tensor, again[name]) for name, tensor in example.items())
    assert example["image"].shape == (3, 4, 5)


def test_a_batch_is_padded_to_the_right_with_zeros():
    examples = [{"tokens": torch.tensor(ids), "numbers": torch.ones(2)} for ids in ([1, 2, 3], [4])]
    batch = padded(examples, 1)
    assert batch["tokens"].tolist() == [[1, 2, 3, 0], [4, 0, 0, 0]]
    assert batch["numbers"].shape == (2, 2)
