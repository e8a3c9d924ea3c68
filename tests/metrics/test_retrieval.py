import math

import numpy as np
import pytest
from sklearn import metrics

from kilter.metrics.retrieval import ranks, retrieval_scores


def naive_rank(row, own):
    return 1 + sum(each > row[own] for each in row) + sum(each == row[own] for each in row) / 2 - 0.5


def test_ranks_count_what_is_more_similar_and_half_of_what_is_as_similar():
    generator = np.random.default_rng(0)
    similarity = generator.integers(0, 6, (40, 9)).astype(float)
    own = generator.integers(0, 9, 40)

    assert ranks(similarity, own).tolist() == [
        naive_rank(row, at) for row, at in zip(similarity.tolist(), own.tolist(), strict=True)
    ]


def test_scores_are_those_of_scikit_learn():
    generator = np.random.default_rng(1)
    similarity, own = generator.normal(size=(60, 25)), generator.integers(0, 25, 60)
    scores = retrieval_scores(ranks(similarity, own))

    assert scores["mrr"].value == pytest.approx(
        metrics.label_ranking_average_precision_score(np.eye(25)[own], similarity)
    )
    for k in (1, 10):
        by_sklearn = metrics.top_k_accuracy_score(own, similarity, k=k, labels=range(25))
        assert scores[f"recall_at_{k}"].value == pytest.approx(by_sklearn)
    assert all(score.low < score.value < score.high for score in scores.values())


def test_what_is_not_finite_has_no_rank_and_no_score():
    rank = ranks([[1.0, math.nan], [1.0, 0.0]], [0, 0])

    assert math.isnan(rank[0])
    assert rank[1] == 1
    with pytest.raises(ValueError, match="not-a-number"):
        retrieval_scores(rank)


def test_shapes_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="one row a query"):
        ranks([[1.0, 2.0]], [0, 1])


def test_without_rows_there_are_no_scores():
    assert all(score.undefined == "no examples" for score in retrieval_scores([]).values())


def test_ranks_below_1_are_refused():
    with pytest.raises(ValueError, match="a rank of 0: 1, for the best, or more is legal"):
        retrieval_scores([1.0, 0.0])
