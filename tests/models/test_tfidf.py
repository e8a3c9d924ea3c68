import numpy as np

from kilter.models.tfidf import Tfidf, Weighed


def test_rows_have_unit_length_and_rare_words_weigh_more():
    weighed = Weighed().fit(["common rare", "common rare", "common other", "common"])
    row = weighed.transform(["common rare"]).toarray()[0]
    assert np.linalg.norm(row) == 1.0
    assert row[1] > row[0]  # columns stand in the order of the alphabet: common, rare


def test_what_stands_in_one_text_alone_does_not_count():
    assert Weighed().fit(["a1 b1", "b1 c1"]).transform(["a1 b1 c1"]).shape == (1, 1)


def test_nothing_in_common_is_no_feature():
    assert Weighed().fit(["aa", "bb"]).transform(["aa", "cc", "dd"]).shape == (3, 0)


def test_pieces_of_words_see_capitals_and_words_do_not():
    tfidf = Tfidf().fit(["Ab", "Ab", "ab", "ab"])
    upper, lower = tfidf.transform(["Ab", "ab"]).toarray()
    assert (upper != lower).any()
    assert upper[0] == lower[0] == 1.0  # the word
