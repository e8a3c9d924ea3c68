import math

from kilter.values.json_form import from_json, to_json
from kilter.values.sample import Sample, Sampled


def test_it_comes_back_from_json_also_without_a_cost_and_a_confidence():
    sure = Sample(id="a", inputs="x", target="1", decided="2", cost=0.5, confidence=0.25)
    unsure = Sample(id="b", inputs="y", target="1", decided="", cost=math.nan)
    back = from_json(Sampled, to_json(Sampled(step=3, samples=(sure, unsure))))

    assert (back.step, back.samples[0]) == (3, sure)
    assert back.samples[1].confidence is None
    assert math.isnan(back.samples[1].cost)
