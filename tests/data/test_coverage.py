import pytest
from hypothesis import given
from hypothesis import strategies as st

from kilter.data.coverage import coverage
from kilter.data.tokens import Tokenisation
from kilter.data.vocabulary import RESERVED, UNKNOWN, Vocabulary

TEXTS = st.lists(st.none() | st.text(st.sampled_from("ab c.")), min_size=1, max_size=6)


def fitted(train, room=512, **settings):
    return Vocabulary.fit(train, Tokenisation(**settings), minimum_count=1, room=room)


def test_what_is_cut_and_what_is_unknown():
    vocabulary = fitted([["a b c d e f"]], room=8)
    said = coverage(vocabulary, [["a b", "a b c d e f a x", "x y x", None, ""]])
    assert (said.rows, said.cut, said.parts, said.lost, said.unknown) == (5, 1, 13, 2, 4)
    assert said.most_unknown == (("x", 3), ("y", 1))
    assert said.cut_rows == (1,)
    assert said.cut_share == 0.2
    assert said.lost_share == pytest.approx(2 / 13)
    assert said.unknown_share == pytest.approx(4 / 13)


@pytest.mark.parametrize("unit", ["word", "character"])
@given(left=TEXTS, right=TEXTS, room=st.integers(8, 14))
def test_it_says_what_the_encoding_does(unit, left, right, room):
    columns = [left[: len(right)], right[: len(left)]]
    vocabulary = fitted([["a b a b a b a b a"], ["a a ."]], room=room, unit=unit)
    rows = vocabulary.encode(columns)
    missing = sum(text is None for column in columns for text in column)
    said = coverage(vocabulary, columns)
    there = sum(int((ids >= RESERVED).sum() + (ids == UNKNOWN).sum()) for ids in (rows[r] for r in range(said.rows)))
    assert said.parts - said.lost == there - missing


def test_a_word_of_a_bag_is_known_by_a_piece_of_it():
    vocabulary = fitted([["walking"]], unit="ngrams", word_ngrams=(1, 1), character_ngrams=(3, 4))
    said = coverage(vocabulary, [["talking xyz walking"]])
    assert said.most_unknown == (("xyz", 1),)


def test_letters_that_training_did_not_have_are_unknown_pieces():
    said = coverage(fitted([["to be or not to be"]], unit="bpe"), [["to z"]])
    assert said.unknown == 1


def test_nothing_has_no_shares():
    said = coverage(fitted([["a"]]), [[]])
    assert (said.cut_share, said.lost_share, said.unknown_share) == (0.0, 0.0, 0.0)
