import json

import pytest
from pydantic import ValidationError

from kilter.data.normalisation import Normalisation
from kilter.data.settings import OF_TEXTS, PreprocessingSettings
from kilter.data.tokens import Tokenisation
from kilter.values.task import Form


def test_it_comes_back_from_json():
    settings = PreprocessingSettings(unit="ngrams", character_ngrams=[2, 4], word_ngrams=None, numbers="standard")
    data = json.loads(json.dumps(settings.model_dump(mode="json")))
    assert PreprocessingSettings.model_validate(data) == settings


def test_its_tokenisation():
    settings = PreprocessingSettings(unit="character", lower=False)
    assert settings.tokenisation == Tokenisation(unit="character", normalisation=Normalisation(lower=False))


def test_each_setting_of_texts_reaches_the_tokenisation():
    settings = PreprocessingSettings(unit="bpe", normalise="NFKC", accents=False, spaces=False, special="<sep>")
    spelling = Normalisation(form="NFKC", accents=False, spaces=False)
    assert settings.tokenisation == Tokenisation(unit="bpe", normalisation=spelling, special=("<sep>",))


@pytest.mark.parametrize(
    ("said", "given", "unit"),
    [
        ({}, {"texts": 1}, "ngrams"),
        ({}, {"texts": 2, "model": "bag"}, "ngrams"),
        ({}, {"texts": 2}, "word"),
        ({}, {"texts": 1, "model": "textcnn"}, "word"),
        ({}, {"texts": 1, "form": Form.TEXT}, "word"),
        ({}, {"texts": 1, "form": Form.NEXT, "stream": True}, "character"),
        ({"separator": "<sep>"}, {"texts": 1}, "word"),
        ({"unit": "word"}, {"texts": 1}, "word"),
        ({"unit": "bpe"}, {"texts": 1, "model": "bag"}, "bpe"),
    ],
)
def test_a_single_text_is_a_bag_where_nothing_else_is_said(said, given, unit):
    form = given.pop("form", Form.ROW)
    assert PreprocessingSettings(**said).suited(form, **given).unit == unit


def test_what_is_said_of_a_bag_stays():
    said = PreprocessingSettings(character_ngrams=[2, 3], minimum_count=2)
    suited = said.suited(Form.ROW, texts=1)
    assert (suited.unit, suited.character_ngrams, suited.minimum_count) == ("ngrams", (2, 3), 2)
    asked = PreprocessingSettings(unit="ngrams").suited(Form.ROW, texts=1)
    assert asked == PreprocessingSettings(unit="ngrams")


def test_all_settings_of_texts_are_listed():
    others = {"numbers", "levels"}
    assert set(OF_TEXTS) == set(PreprocessingSettings.model_fields) - others


@pytest.mark.parametrize(
    "wrong",
    [
        {"unit": "sentence"},
        {"longst": 3},
        {"longest": 3},
        {"word_ngrams": [2, 1]},
        {"character_ngrams": [0, 3]},
        {"minimum_count": 0},
        {"unit": "ngrams", "word_ngrams": None, "character_ngrams": None},
        {"normalise": "NFX"},
        {"special": ["a", "a"]},
        {"special": " "},
        {"separator": ""},
        {"truncation": "middle"},
    ],
)
def test_illegal_settings_are_refused(wrong):
    with pytest.raises(ValidationError):
        PreprocessingSettings(**wrong)
