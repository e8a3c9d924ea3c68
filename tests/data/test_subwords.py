import json
import os
import random

from hypothesis import given
from hypothesis import strategies as st

from kilter.data.subwords import SPACE, STRANGE, cut_into_pieces, learn_pieces, names_of

TEXTS = ["the cat sat on the mat", "the cat is on the hat", "that is that"]
LEARNT = learn_pieces(TEXTS, size=60, minimum_count=2)


def test_frequent_words_are_one_piece_and_rare_ones_are_several():
    assert cut_into_pieces(LEARNT, "the cat")[0] == f"{SPACE}the"
    assert len(cut_into_pieces(LEARNT, "mathat")) > 1


@given(st.lists(st.text(st.sampled_from("acehimnost"), min_size=1)))
def test_pieces_are_the_text(words):
    text = " ".join(words)
    assert "".join(cut_into_pieces(LEARNT, text)).replace(SPACE, " ").strip() == text


def test_unseen_letters_are_strange_one_by_one():
    assert cut_into_pieces(LEARNT, "zéz").count(STRANGE) == 3
    assert STRANGE not in names_of(LEARNT)


def test_the_same_texts_give_the_same_pieces():
    draw = random.Random(0)
    texts = ["".join(draw.choices("abcdef ", k=200)) for _ in range(50)]
    assert learn_pieces(texts, size=300, minimum_count=2) == learn_pieces(texts, size=300, minimum_count=2)


def test_pieces_do_not_cross_signs():
    learnt = learn_pieces(["a,b a,b a,b"], size=50, minimum_count=1)
    assert all(len(name) == 1 or "," not in name for name in names_of(learnt))


def test_what_is_learnt_is_json_and_no_more_than_asked_for():
    assert json.loads(LEARNT)["model"]["type"] == "BPE"
    assert len(names_of(learn_pieces(TEXTS, size=20, minimum_count=1))) < 20


def test_the_environment_stays_as_it_was(monkeypatch):
    monkeypatch.delenv("TOKENIZERS_PARALLELISM", raising=False)
    learn_pieces(TEXTS, size=20, minimum_count=1)
    assert "TOKENIZERS_PARALLELISM" not in os.environ
    monkeypatch.setenv("TOKENIZERS_PARALLELISM", "true")
    learn_pieces(TEXTS, size=20, minimum_count=1)
    assert os.environ["TOKENIZERS_PARALLELISM"] == "true"
