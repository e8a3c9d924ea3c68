from hypothesis import given
from hypothesis import strategies as st

from kilter.data.spelling import HEAD, RESERVED, TAIL, UNKNOWN, Alphabet
from kilter.values.json_form import from_json, to_json

WORDS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=40)


@given(st.lists(st.lists(WORDS, max_size=5), min_size=1, max_size=6))
def test_every_word_is_spelled_with_the_letters_it_has(rows):
    alphabet = Alphabet.fit(rows, longest=3)
    spelled = alphabet.encode(rows)

    for row, words in enumerate(rows):
        numbers = spelled.words[row].tolist()
        assert len(numbers) == max(1, len(words[:3]))
        for word, number in zip(words[:3], numbers, strict=False):
            letters = [alphabet.entries[i - RESERVED] for i in spelled.letters[number].tolist() if i]
            short = word if len(word) <= HEAD + TAIL else word[:HEAD] + word[-TAIL:]
            assert "".join(letters) == short


def test_a_letter_that_training_did_not_have_is_unknown():
    spelled = Alphabet.fit([["ab"]], longest=9).encode([["az"]])

    assert spelled.letters[spelled.words[0][0], :3].tolist() == [2, UNKNOWN, 0]


def test_missing_and_empty_rows_have_one_word_without_letters():
    spelled = Alphabet.fit([["ab"], None], longest=9).encode([None, [], ["ab"]])

    assert [spelled.words[row].tolist() for row in range(3)] == [[0], [0], [1]]
    assert not spelled.letters[0].any()


def test_it_comes_back_from_json():
    alphabet = Alphabet.fit([["word", "é"]], longest=4)

    assert from_json(Alphabet, to_json(alphabet)) == alphabet
