import numpy as np
from sklearn.metrics.pairwise import cosine_similarity

from kilter.models.baselines import make_baseline
from kilter.models.lesson import Lesson
from kilter.models.tfidf import Tfidf
from kilter.values.table import Field, Kind, Schema, Table

SCHEMA = Schema(inputs=(Field(name="question", kind=Kind.TEXT),), target="answer", target_kind=Kind.TEXT)


def texts(values):
    column = np.empty(len(values), dtype=object)
    column[:] = values
    return column


QUESTIONS = ["where is the red bridge", "who sold the old lamp", "where is it", None, "the lamp and the bridge"]
ANSWERS = ["the red bridge is here", "an old lamp was sold", "the red bridge is here", "nothing", "a lamp, a bridge"]
TABLE = Table(
    columns={"question": texts(QUESTIONS), "answer": texts(ANSWERS)}, ids=tuple(f"t.csv:{row}" for row in range(5))
)


def fitted(name):
    baseline = make_baseline(name, SCHEMA, (), seed=0)
    baseline.fit(Lesson(TABLE, np.array([0, 1, 0, 3, 4])))
    return baseline


def test_similarities_are_cosines_with_the_distinct_answers_in_order():
    answer = fitted("tfidf-match").answer(TABLE)

    given = ["" if text is None else text for text in QUESTIONS]
    features = Tfidf().fit([*given, *ANSWERS])
    expected = cosine_similarity(features.transform(given), features.transform([ANSWERS[row] for row in (0, 1, 3, 4)]))
    assert np.allclose(answer, expected)
    assert answer[0].argmax() == 0
    assert answer[1].argmax() == 1
    assert (answer[3] == 0).all()


def test_without_preference_all_answers_are_alike():
    assert fitted("no-preference").answer(TABLE).tolist() == [[0.0] * 4] * 5
