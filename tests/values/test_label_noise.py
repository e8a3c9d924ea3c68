"""Suspicious labels."""

from kilter.values.json_form import from_json, to_json
from kilter.values.label_noise import LabelNoise, Suspect
from kilter.values.score import Score

SUSPECT = Suspect(
    id="train.jsonl:7", inputs="Who?", given="NUM", likely="HUM", given_probability=0.01, likely_probability=0.9
)
NOISE = LabelNoise(
    suspects=(SUSPECT,),
    rate=Score(name="wrong labels", value=0.02, low=0.01, high=0.04, n=500),
    agreement=Score(name="agreement", value=0.9, low=0.87, high=0.92, n=500),
    answered_by="linear",
    found_by="confident learning",
    folds=5,
    unjudged=(("LOC", 2),),
)


def test_it_says_everything_on_a_line():
    assert str(NOISE) == (
        "1 of 500 labels are suspect; wrong labels 0.02 [0.01, 0.04], n = 500; agreement 0.9 [0.87, 0.92], n = 500"
    )


def test_it_survives_json():
    assert from_json(LabelNoise, to_json(NOISE)) == NOISE
