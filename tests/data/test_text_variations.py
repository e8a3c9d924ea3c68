import pickle

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from kilter.data.text_variations import Synonyms, with_swaps, with_synonyms, without_tokens
from kilter.data.tokens import Tokenisation
from kilter.data.vocabulary import BEGIN, BETWEEN, END, RESERVED, UNKNOWN, Vocabulary
from kilter.values.errors import RecipeError

from .varying import KEY, ROWS, depends_on_seed_and_epoch, is_the_same_in_any_company

WORDS = ("good", "fine", "bad", "film", "the")
GOOD, FINE, BAD, FILM, THE = range(RESERVED, RESERVED + 5)


def vocabulary(unit="word"):
    return Vocabulary(tokenisation=Tokenisation(unit=unit), entries=WORDS, room=100, longest=100)


def tokens():
    made = torch.randint(0, 50, (40, 30), generator=torch.Generator().manual_seed(0))
    made[:, 20:] = 0
    return made


def sentences(rows=500, length=24):
    """Rows of two texts with their marks, every word once, so that it can be told where it went."""
    made = torch.arange(RESERVED, RESERVED + length).expand(rows, -1).clone()
    made[:, 0], made[:, 9], made[:, 18], made[:, 19:] = BEGIN, BETWEEN, END, 0
    return made


def test_a_share_of_tokens_becomes_unknown_and_marks_stay():
    given_tokens = torch.randint(RESERVED, 50, (500, 60), generator=torch.Generator().manual_seed(0))
    made = without_tokens(given_tokens, share=0.3, rows=range(500), **KEY)
    assert ((made == given_tokens) | (made == UNKNOWN)).all()
    assert (made == UNKNOWN).float().mean() == pytest.approx(0.3, abs=0.01)
    marked = without_tokens(tokens(), share=0.9, rows=ROWS, **KEY)
    assert torch.equal(marked[tokens() < RESERVED], tokens()[tokens() < RESERVED])


def test_tokens_change_places_with_a_neighbour_and_marks_stay():
    before = sentences()
    made = with_swaps(before, share=0.4, rows=range(500), **KEY)
    marks = before < RESERVED
    assert torch.equal(made[marks], before[marks])
    assert torch.equal(made.sort(dim=1).values, before.sort(dim=1).values)
    moved = made - before
    assert set(moved[~marks].tolist()) == {-1, 0, 1}
    assert not moved[:, 1:9].sum(1).any()  # none went over the mark between the texts
    inner = moved[:, [3, 4, 5, 12, 13, 14]] != 0  # which have neighbours on both sides
    assert inner.float().mean() == pytest.approx(0.4, abs=0.03)


def test_unknown_words_are_words_and_move():
    before = torch.tensor([[BEGIN, UNKNOWN, GOOD, END]]).expand(400, -1)
    made = with_swaps(before, share=0.5, rows=range(400), **KEY)
    swapped = (made[:, 1] == GOOD).float().mean()
    assert swapped == pytest.approx(0.25, abs=0.06)  # every other row pairs these two


def test_synonyms_stand_in_for_a_share_of_the_tokens_that_have_any():
    synonyms = Synonyms.of({"good": ["fine", "bad"], "film": ["the"]}.get, vocabulary())
    before = torch.tensor([[BEGIN, GOOD, FILM, BAD, THE, UNKNOWN, END, 0]]).expand(2000, -1)
    made = with_synonyms(before, synonyms=synonyms, share=0.3, rows=range(2000), **KEY)
    unchanged = [0, 3, 4, 5, 6, 7]
    assert torch.equal(made[:, unchanged], before[:, unchanged])
    shares = {token: (made[:, 1] == token).float().mean().item() for token in (GOOD, FINE, BAD)}
    assert shares == pytest.approx({GOOD: 0.7, FINE: 0.15, BAD: 0.15}, abs=0.03)
    assert (made[:, 2] == THE).float().mean() == pytest.approx(0.3, abs=0.03)


def test_synonyms_are_what_the_vocabulary_has_whatever_their_order_and_spelling():
    asked = []

    def find(token):
        asked.append(token)
        return {"good": {"Fine", "unheard", "good", "bad"}}.get(token)

    synonyms = Synonyms.of(find, vocabulary())
    assert asked == list(WORDS)
    assert synonyms.ids.tolist() == [FINE, BAD]
    assert np.diff(synonyms.starts.tolist()).tolist() == [0] * RESERVED + [2, 0, 0, 0, 0]
    assert repr(synonyms) == "Synonyms(1 of 10 tokens have 2)"
    assert torch.equal(pickle.loads(pickle.dumps(synonyms)).ids, synonyms.ids)


def fails(token):
    raise KeyError(token)


@pytest.mark.parametrize(
    ("find", "met"),
    [
        (fails, r"augment\.synonyms: asked about 'good', it raises KeyError"),
        (lambda token: token, r"asked about 'good', it returns 'good'"),
        (lambda _token: [1], r"it returns \[1\]"),
        (lambda _token: 3, "it raises TypeError"),
        (lambda token: [token, "unheard"], "augment.synonyms decides nothing: it finds no token of the training texts"),
    ],
)
def test_what_finds_no_synonyms_is_refused(find, met):
    with pytest.raises(RecipeError, match=met):
        Synonyms.of(find, vocabulary())


def test_synonyms_are_of_words():
    with pytest.raises(RecipeError, match=r"augment\.synonyms with preprocessing\.unit = 'ngrams'"):
        Synonyms.of({"good": ["fine"]}.get, vocabulary("ngrams"))


SYNONYMS = Synonyms(ids=torch.arange(5, 60), starts=torch.tensor([0] * 5 + list(range(46))))  # one each
VARIATIONS = {
    "dropout": lambda rows, **key: without_tokens(tokens()[rows], share=0.5, rows=rows, **key),
    "swaps": lambda rows, **key: with_swaps(tokens()[rows], share=0.5, rows=rows, **key),
    "synonyms": lambda rows, **key: with_synonyms(
        (tokens() % 25)[rows],
        synonyms=Synonyms(ids=SYNONYMS.ids + 5, starts=SYNONYMS.starts),
        share=0.5,
        rows=rows,
        **key,
    ),
}


@pytest.mark.parametrize("name", VARIATIONS)
@given(order=st.permutations(ROWS), size=st.integers(1, 40))
def test_a_row_varies_alike_whenever_it_is_asked_for(name, order, size):
    is_the_same_in_any_company(VARIATIONS[name], order, size)


@pytest.mark.parametrize("name", VARIATIONS)
@given(width=st.integers(20, 30))
def test_padding_changes_nothing(name, width):
    rows = ROWS[:7]
    given_tokens = tokens()

    def vary(columns):
        wide = given_tokens[rows][:, :columns] % 25
        match name:
            case "dropout":
                return without_tokens(wide, share=0.5, rows=rows, **KEY)
            case "swaps":
                return with_swaps(wide, share=0.5, rows=rows, **KEY)
        return with_synonyms(wide, synonyms=SYNONYMS, share=0.5, rows=rows, **KEY)

    assert torch.equal(vary(width)[:, :20], vary(30)[:, :20])


@pytest.mark.parametrize("name", VARIATIONS)
def test_another_epoch_or_seed_varies_otherwise(name):
    depends_on_seed_and_epoch(VARIATIONS[name])
