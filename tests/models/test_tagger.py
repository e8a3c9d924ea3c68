from itertools import pairwise, product

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from kilter.models.catalogue import make_factory, resolve
from kilter.models.tagger import Chain, Spelling, Tagger
from kilter.values.errors import RecipeError
from kilter.values.inputs import Inputs
from kilter.values.recipe import ModelChoice
from kilter.values.task import Form

INPUTS = Inputs(vocabulary=20, longest=9, texts=1, characters=12)
K = 3


def batch_of(lengths, padded=0, seed=0):
    draw = torch.Generator().manual_seed(seed)
    longest = max(lengths)
    tokens = torch.randint(2, 20, (len(lengths), longest), generator=draw)
    letters = torch.randint(1, 12, (len(lengths), longest, 6), generator=draw)
    letters[:, :, 4:] = 0
    mask = torch.arange(longest) < torch.tensor(lengths)[:, None]
    tokens, letters = tokens * mask, letters * mask.unsqueeze(-1)
    more = (0, padded)
    return {
        "tokens": torch.nn.functional.pad(tokens, more),
        "mask": torch.nn.functional.pad(mask, more),
        "characters": torch.nn.functional.pad(letters, (0, 0, *more)),
    }


def made(**arguments):
    torch.manual_seed(0)
    model = make_factory(ModelChoice(name="tagger", **arguments), INPUTS, K, form=Form.TOKEN)()
    if model.chain is not None:
        torch.nn.init.normal_(model.chain.follow)
        torch.nn.init.normal_(model.chain.begin)
    return model.eval()


def test_it_is_what_auto_takes_for_tags():
    assert resolve(ModelChoice(), INPUTS, form=Form.TOKEN).name == "tagger"


@pytest.mark.parametrize("arguments", [{}, {"chain": False}, {"cell": "gru", "layers": 2}])
@settings(max_examples=15)
@given(st.lists(st.integers(1, 6), min_size=1, max_size=4), st.integers(0, 3), st.integers(0, 99))
def test_answers_depend_on_no_padding_and_on_no_other_row(arguments, lengths, padded, seed):
    model = made(**arguments)
    with torch.no_grad():
        together = model(**batch_of(lengths, padded, seed))
        alone = batch_of(lengths, 0, seed)
        for row, length in enumerate(lengths):
            own = model(**{name: tensor[row : row + 1, :length] for name, tensor in alone.items()})
            torch.testing.assert_close(together[row, :length], own[0], atol=1e-5, rtol=1e-5)
    assert together.shape == (len(lengths), max(lengths) + padded, K)
    assert together.isfinite().all()


def test_each_answer_sees_the_words_on_both_sides_and_the_letters():
    model, batch = made(chain=False), batch_of([5])
    with torch.no_grad():
        before = model(**batch)[0, 2]
        for name, place in (("tokens", 0), ("tokens", 4), ("characters", 2)):
            changed = {**batch, name: batch[name].clone()}
            changed[name][0, place] = 1
            assert not torch.allclose(model(**changed)[0, 2], before)


def test_training_takes_some_words_for_unknown_ones():
    model = Tagger(INPUTS, K, dropout=0.0, word_dropout=0.9, chain=False)
    batch = batch_of([6, 6])
    torch.manual_seed(0)
    hidden = model.train()(**batch)
    unknown = {**batch, "tokens": torch.ones_like(batch["tokens"])}
    with torch.no_grad():
        assert not torch.allclose(hidden, model.eval()(**batch))
        model.word_dropout = 1.0
        torch.testing.assert_close(model.train()(**batch), model.eval()(**unknown))


def test_it_reads_words_alone_where_they_are_not_spelled_out():
    model = Tagger(Inputs(vocabulary=20, longest=9, texts=1), K)
    batch = batch_of([4, 2])
    assert model(tokens=batch["tokens"], mask=batch["mask"]).shape == (2, 4, K)


def test_letters_behind_a_word_do_not_count():
    spelling = Spelling(12, 5, 7)
    letters = torch.tensor([[[3, 4, 0, 0]]])
    torch.testing.assert_close(spelling(letters), spelling(torch.tensor([[[3, 4, 0, 0, 0, 0]]])))
    assert spelling(torch.zeros(1, 2, 4, dtype=torch.int64)).abs().sum() == 0


@settings(max_examples=25)
@given(st.integers(1, 4), st.integers(0, 99))
def test_a_chain_gives_the_marginals_of_all_sequences(length, seed):
    torch.manual_seed(seed)
    chain, scores = Chain(K), torch.randn(1, length, K)
    torch.nn.init.normal_(chain.begin)
    torch.nn.init.normal_(chain.follow)
    shares = torch.zeros(length, K)
    for path in product(range(K), repeat=length):
        said = chain.begin[path[0]] + sum(scores[0, place, label] for place, label in enumerate(path))
        said = said + sum(chain.follow[a, b] for a, b in pairwise(path))
        for place, label in enumerate(path):
            shares[place, label] += said.exp().item()

    answers = chain(scores, torch.ones(1, length, dtype=torch.bool))
    torch.testing.assert_close(answers[0].exp(), shares / shares.sum(dim=1, keepdim=True), atol=1e-5, rtol=1e-4)


def test_a_chain_begins_with_what_each_word_says_for_itself():
    scores = torch.randn(2, 4, K, generator=torch.Generator().manual_seed(0))
    answers = Chain(K)(scores, torch.ones(2, 4, dtype=torch.bool))
    torch.testing.assert_close(answers, scores.log_softmax(-1))


def test_other_forms_are_refused():
    with pytest.raises(RecipeError):
        resolve(ModelChoice(name="tagger"), INPUTS)
