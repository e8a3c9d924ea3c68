import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kilter.data.normalisation import Normalisation
from kilter.data.tokens import EDGE, Tokenisation


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("Hello, world!", ["hello", ",", "world", "!"]),
        ("It isn’t 1,234.50 €.", ["it", "isn’t", "1,234.50", "€", "."]),
        ("3rd  x_1\n", ["3rd", "x_1"]),
        ("你好 мир", ["你好", "мир"]),
        ("'quoted'", ["'", "quoted", "'"]),
        ("", []),
        (" \t", []),
    ],
)
def test_words(text, tokens):
    assert Tokenisation().tokens(text) == tokens


def test_case_is_kept_where_asked():
    assert Tokenisation(normalisation=Normalisation(lower=False)).tokens("Ab C") == ["Ab", "C"]


@given(st.text())
def test_words_leave_out_nothing_but_white_space(text):
    composed = unicodedata.normalize("NFC", text)
    assert "".join(Tokenisation(normalisation=Normalisation(lower=False)).tokens(text)) == "".join(composed.split())


@given(st.text())
def test_characters_are_the_text(text):
    assert "".join(
        Tokenisation(unit="character", normalisation=Normalisation(lower=False)).tokens(text)
    ) == unicodedata.normalize("NFC", text)


@pytest.mark.parametrize("unit", ["word", "character"])
def test_composed_and_decomposed_letters_are_one(unit):
    tokenisation = Tokenisation(unit=unit)
    assert tokenisation.tokens("e\u0301te\u0301") == tokenisation.tokens("été")


def test_a_text_that_is_cut_already_stays_cut():
    assert Tokenisation().tokens(("New York", "Is")) == ["new york", "is"]
    assert Tokenisation(unit="character").tokens(("a", "bc")) == list("a bc")


def naive_ngrams(text, words, characters):
    parts = Tokenisation().tokens(text)
    spans = [(start, stop) for start in range(len(parts)) for stop in range(start + 1, len(parts) + 1)]
    bag = [" ".join(parts[start:stop]) for start, stop in spans if words[0] <= stop - start <= words[1]]
    for part in parts:
        marked = EDGE + part + EDGE
        spans = [(start, stop) for start in range(len(marked)) for stop in range(start + 1, len(marked) + 1)]
        bag += [EDGE + marked[start:stop] for start, stop in spans if characters[0] <= stop - start <= characters[1]]
    return sorted(bag)


@given(st.text(st.sampled_from("ab c.")), st.sampled_from([(1, 1), (1, 3), (2, 2)]), st.sampled_from([(1, 2), (3, 5)]))
def test_a_bag_is_the_naive_one(text, words, characters):
    tokenisation = Tokenisation(unit="ngrams", word_ngrams=words, character_ngrams=characters)
    assert sorted(tokenisation.tokens(text)) == naive_ngrams(text, words, characters)


def test_either_kind_of_ngrams_may_be_left_out():
    assert Tokenisation(unit="ngrams", character_ngrams=None).tokens("a b") == ["a", "b", "a b"]
    only = Tokenisation(unit="ngrams", word_ngrams=None, character_ngrams=(4, 4)).tokens("ab abc")
    assert [token.replace(EDGE, "|") for token in only] == ["||ab|", "||abc", "|abc|"]


def test_words_and_character_ngrams_are_told_apart():
    tokenisation = Tokenisation(unit="ngrams", word_ngrams=(1, 1), character_ngrams=(3, 3))
    assert len(set(tokenisation.tokens("abc b"))) == len(tokenisation.tokens("abc b"))


def test_only_bags_lack_an_order():
    assert [Tokenisation(unit=unit).ordered for unit in ("word", "character", "ngrams")] == [True, True, False]


@pytest.mark.parametrize("unit", ["word", "character", "bpe", "ngrams"])
def test_what_is_special_stays_whole(unit):
    tokenisation = Tokenisation(unit=unit, special=("<SEP>", "@user")).fitted(["a b"], largest=99, minimum_count=1)
    parts = tokenisation.parts("A <SEP> @user's b<SEP>")
    assert [part for part in parts if part in {"<SEP>", "@user"}] == ["<SEP>", "@user", "<SEP>"]
    assert tokenisation.inside("<SEP>") == []
    assert tokenisation.parts(("a", "<SEP>")).count("<SEP>") == 1


def test_the_longest_special_string_wins():
    assert Tokenisation(special=("<a", "<a>", "c++")).parts("x <a> c++ <a") == ["x", "<a>", "c++", "<a"]


def test_only_learnt_pieces_are_learnt():
    for unit in ("word", "character", "ngrams"):
        assert Tokenisation(unit=unit).fitted(["a"], largest=9, minimum_count=1) == Tokenisation(unit=unit)
    assert Tokenisation(unit="bpe").fitted(["a", None, ("b", "c")], largest=9, minimum_count=1).pieces
