import json
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kilter.data.normalisation import Normalisation
from kilter.data.tokens import Tokenisation
from kilter.data.vocabulary import BEGIN, BETWEEN, END, RESERVED, UNKNOWN, Vocabulary, shared

WORDS = Tokenisation()
BAG = Tokenisation(unit="ngrams")

texts = st.lists(st.text(st.sampled_from("abc ")) | st.none(), min_size=1)


def encoded(vocabulary, *columns):
    ragged = vocabulary.encode(columns)
    return [ragged[row].tolist() for row in range(len(ragged))]


def test_ids_follow_frequency_and_rare_tokens_are_unknown():
    vocabulary = Vocabulary.fit([["b a a", "a b c"]], WORDS, minimum_count=2)
    assert vocabulary.entries == ("a", "b")
    assert len(vocabulary) == 7
    assert encoded(vocabulary, ["b c a"]) == [[BEGIN, 6, UNKNOWN, 5, END]]


def test_equally_frequent_tokens_stand_by_code_point():
    assert Vocabulary.fit(
        [["b a é A"]], Tokenisation(normalisation=Normalisation(lower=False)), minimum_count=1
    ).entries == ("A", "a", "b", "é")


def test_only_the_most_frequent_enter():
    assert Vocabulary.fit([["a a b b b c"]], WORDS, minimum_count=1, largest=2).entries == ("b", "a")


def test_blank_and_missing_texts_have_ids():
    vocabulary = Vocabulary.fit([["a a"]], WORDS)
    assert encoded(vocabulary, ["", " ", None]) == [[BEGIN, END], [BEGIN, END], [BEGIN, UNKNOWN, END]]
    bag = Vocabulary.fit([["a a"]], BAG)
    assert encoded(bag, ["", None, "zzz"]) == [[UNKNOWN]] * 3


def test_two_columns_of_a_row_are_one_sequence():
    vocabulary = Vocabulary.fit([["a", "b"], ["b", "a"]], WORDS)
    assert encoded(vocabulary, ["a"], ["b a"]) == [[BEGIN, 5, BETWEEN, 6, END]]


def test_long_rows_lose_the_end_of_their_longest_text():
    vocabulary = Vocabulary.fit([["a"], ["b b b b b b"]], WORDS, minimum_count=1, room=7)
    a, b = vocabulary.entries.index("a") + RESERVED, vocabulary.entries.index("b") + RESERVED
    assert encoded(vocabulary, ["a"], ["b b b b b b"]) == [[BEGIN, a, BETWEEN, b, b, b, END]]


@pytest.mark.parametrize("unit", ["word", "character", "ngrams"])
@given(texts, texts)
def test_no_row_is_longer_than_the_longest_of_training(unit, train, other):
    vocabulary = Vocabulary.fit([train], Tokenisation(unit=unit), minimum_count=1, room=8)
    lengths = vocabulary.encode([train]).lengths
    assert lengths.max() == vocabulary.longest
    assert vocabulary.encode([other]).lengths.max() <= vocabulary.longest
    if unit != "ngrams":
        assert vocabulary.longest <= 8


def test_marks_leave_no_row_too_long():
    vocabulary = Vocabulary.fit([["a"]] * 9, WORDS, minimum_count=1, room=8)
    assert vocabulary.longest == 8
    assert encoded(vocabulary, *[["a"]] * 9) == [[BEGIN, *[BETWEEN] * 7]]


def test_a_bag_is_cut_to_the_longest_of_training():
    vocabulary = Vocabulary.fit([["ab", "ba"]], BAG, minimum_count=1)
    assert len(encoded(vocabulary, ["ab ba ab ba"])[0]) == vocabulary.longest == len(BAG.tokens("ab"))


@given(texts, st.integers(1, 3))
def test_a_bag_is_the_naive_one(train, minimum_count):
    vocabulary = Vocabulary.fit([train], BAG, minimum_count=minimum_count)
    counts = Counter(token for text in train if text is not None for token in BAG.tokens(text))
    known = {token: count for token, count in counts.items() if count >= minimum_count}
    assert set(vocabulary.entries) == set(known)
    assert [known[token] for token in vocabulary.entries] == sorted(known.values(), reverse=True)
    index = {token: number for number, token in enumerate(vocabulary.entries, start=RESERVED)}
    for row, text in zip(encoded(vocabulary, train), train, strict=True):
        expected = sorted(index[token] for token in BAG.tokens(text or "") if token in index)
        assert sorted(row) == (expected or [UNKNOWN])


@pytest.mark.parametrize("unit", ["word", "character", "ngrams"])
def test_it_comes_back_from_json(unit):
    vocabulary = Vocabulary.fit([["Où est le café ?", None, "le \x1f\u2028café"]], Tokenisation(unit=unit))
    assert Vocabulary.from_json(json.loads(json.dumps(vocabulary.to_json()))) == vocabulary


def test_other_json_is_refused():
    data = dict(Vocabulary.fit([["a a"]], WORDS).to_json())
    with pytest.raises(ValueError, match="should be a valid"):
        Vocabulary.from_json({**data, "entries": [1]})


def test_repr_says_what_it_holds():
    assert repr(Vocabulary.fit([["a a b"]], WORDS)) == "Vocabulary(1 word entries, texts of at most 5)"


@given(st.lists(st.integers(0, 20), min_size=1, max_size=4).map(tuple), st.integers(0, 40))
def test_room_is_shared_evenly(lengths, room):
    shares = shared(lengths, room)
    assert sum(shares) == min(room, sum(lengths))
    cut = [share for share, length in zip(shares, lengths, strict=True) if share < length]
    assert all(share <= length for share, length in zip(shares, lengths, strict=True))
    if cut:
        assert max(shares) - min(cut) <= 1


@pytest.mark.parametrize(("kept", "ids"), [("head", "abcd"), ("tail", "efgh"), ("ends", "abgh")])
def test_a_text_that_is_too_long_keeps_what_is_asked_for(kept, ids):
    vocabulary = Vocabulary.fit([["a b c d e f g h"]], Tokenisation(), minimum_count=1, room=6, kept=kept)
    (row,) = [vocabulary.encode([["a b c d e f g h"]])[0]]
    assert "".join(vocabulary.entries[number - 5] for number in row[1:-1]) == ids
    assert Vocabulary.from_json(vocabulary.to_json()) == vocabulary


def test_both_ends_of_an_odd_room_and_of_none():
    vocabulary = Vocabulary.fit([["a"]], Tokenisation(), minimum_count=1, kept="ends")
    assert vocabulary.keep("abcdefg", 3) == ["a", "b", "g"]
    assert vocabulary.keep("abcdefg", 1) == ["a"]
    assert vocabulary.keep("abcdefg", 0) == []
    assert vocabulary.keep("ab", 2) == ["a", "b"]


def test_special_strings_come_first_however_rare_they_are():
    tokenisation = Tokenisation(special=("<sep>", "<never>"))
    vocabulary = Vocabulary.fit([["a a a b b <sep>"]], tokenisation, minimum_count=2)
    assert vocabulary.entries == ("<sep>", "a", "b")


def test_learnt_pieces_cover_what_is_rare():
    train = ["low lower lowest", "new newer newest", "wide"]
    vocabulary = Vocabulary.fit([train], Tokenisation(unit="bpe"), minimum_count=2)
    again = Vocabulary.from_json(vocabulary.to_json())
    rows = again.encode([["lowest wider", "slow", "z"]])
    assert again == vocabulary
    assert not (rows[0] == UNKNOWN).any()
    assert not (rows[1] == UNKNOWN).any()
    assert (rows[2] == UNKNOWN).sum() == 1
