import numpy as np

from kilter.values.evaluation import Evaluation, Measures
from kilter.values.outcome import Outcome
from kilter.values.predictions import Predictions
from kilter.values.score import Score


def test_a_model_may_stand_alone():
    one = np.ones(1)
    predictions = Predictions(ids=("a",), target=one, answer=one, decided=one, cost=one, merit=one, weight=one)
    measures = Measures(scores=(Score(name="r2", value=1.0, low=None, high=None, n=1),))
    outcome = Outcome(predictions=predictions, evaluation=Evaluation(model="m", split="test", measures=measures))

    assert outcome.baselines == outcome.comparisons == ()
