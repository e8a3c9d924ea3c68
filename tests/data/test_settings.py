import json

import pytest
from pydantic import ValidationError

from kilter.data.settings import PreprocessingSettings
from kilter.data.tokens import Tokenisation


def test_it_comes_back_from_json():
    settings = PreprocessingSettings(unit="ngrams", character_ngrams=[2, 4], word_ngrams=None, numbers="standard")
    data = json.loads(json.dumps(settings.model_dump(mode="json")))
    assert PreprocessingSettings.model_validate(data) == settings


def test_its_tokenisation():
    settings = PreprocessingSettings(unit="character", lower=False)
    assert settings.tokenisation == Tokenisation(unit="character", lower=False)


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
    ],
)
def test_illegal_settings_are_refused(wrong):
    with pytest.raises(ValidationError):
        PreprocessingSettings(**wrong)
