import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kilter.data.normalisation import Normalisation


@pytest.mark.parametrize(
    ("settings", "text", "spelled"),
    [
        ({}, "E\u0301 A", "é a"),
        ({}, "ﬁn ²", "ﬁn ²"),
        ({"form": "NFKC"}, "ﬁn ²", "fin 2"),
        ({"lower": False}, "Ab", "Ab"),
        ({"accents": False}, "Ünïcödé ñ", "unicode n"),
        ({"accents": False}, "й 가", "и 가"),
        ({"spaces": False}, " a\t\nb  c ", "a b c"),
        ({}, " a\t\nb ", " a\t\nb "),
    ],
)
def test_each_setting(settings, text, spelled):
    assert Normalisation(**settings)(text) == spelled


@given(st.text(), st.sampled_from(["NFC", "NFKC"]))
def test_composed_and_decomposed_texts_become_one(text, form):
    spell = Normalisation(form=form)
    assert spell(unicodedata.normalize("NFD", text)) == spell(text)


@given(st.text(), st.booleans(), st.booleans())
def test_without_lowering_twice_is_once(text, accents, spaces):
    spell = Normalisation(form="NFKC", accents=accents, spaces=spaces, lower=False)
    assert spell(spell(text)) == spell(text)
