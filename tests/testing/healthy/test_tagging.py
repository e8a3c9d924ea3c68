import pytest

from kilter.metrics.tags import Scheme, broken, recognise, spans
from kilter.testing.healthy.datasets import HEALTHY_DATASETS
from kilter.testing.healthy.tagging import HEALTHY_TAGGING, tagged


@pytest.mark.parametrize("scheme", Scheme)
def test_tags_keep_to_their_scheme_and_say_the_same_spans_in_each(scheme):
    made, plain = tagged(60, scheme=scheme), tagged(60)
    for split in made:
        rows = made[split].columns["tags"].tolist()
        assert [broken(tags, scheme) for tags in rows] == [()] * len(rows)
        assert [spans(tags) for tags in rows] == [spans(tags) for tags in plain[split].columns["tags"].tolist()]
    assert recognise(made["train"].columns["tags"].tolist()) is scheme


def test_they_are_among_the_healthy_data_sets():
    assert set(HEALTHY_TAGGING) <= set(HEALTHY_DATASETS)
