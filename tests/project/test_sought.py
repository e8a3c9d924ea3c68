import pytest

from kilter.project.sought import BATCH_SIZE, RATE, left_open, take_out, without
from kilter.values.recipe import Recipe


@pytest.mark.parametrize(
    ("data", "paths", "kept"),
    [
        ({"batch": "auto"}, (BATCH_SIZE,), {"batch": {}}),
        ({"batch": {"size": "auto", "accumulate": 2}}, (BATCH_SIZE,), {"batch": {"accumulate": 2}}),
        ({"lr": "auto"}, (RATE,), {}),
        ({"optimizer": {"name": "sgd", "learning_rate": "auto"}}, (RATE,), {"optimizer": {"name": "sgd"}}),
        ({"optimizer": "sgd", "lr": "auto"}, (RATE,), {"optimizer": "sgd"}),
        ({"optimizer": {"learning_rate": "auto"}, "lr": "auto"}, (RATE,), {"optimizer": {}}),
        ({"lr": "auto", "batch": "auto"}, (BATCH_SIZE, RATE), {"batch": {}}),
        ({"batch": {"size": 8}, "optimizer": None}, (), {"batch": {"size": 8}, "optimizer": None}),
        ({"model": "auto"}, (), {"model": "auto"}),
    ],
)
def test_each_spelling_is_taken_out_and_the_rest_stays(data, paths, kept):
    before = repr(data)

    parted = take_out(data)

    assert (parted.paths, parted.data, parted.faults) == (paths, kept, ())
    assert repr(data) == before


@pytest.mark.parametrize(
    ("data", "keys", "said"),
    [
        ({"lr": 0.01}, ("lr",), "a rate that is known stands under optimizer, as learning_rate"),
        ({"lr": "auto", "optimizer": {"learning_rate": 0.1}}, ("lr",), "beside optimizer.learning_rate"),
        ({"batch": {"size": "auto", "tokens": 512}}, ("batch", "tokens"), "batch.size: auto beside batch.tokens"),
    ],
)
def test_what_cannot_be_meant_is_a_fault_where_it_stands(data, keys, said):
    ((where, fault),) = take_out(data).faults

    assert where == keys
    assert said in str(fault)


def test_a_path_is_taken_out_of_data_wherever_it_stands_with_what_would_decide_it():
    data = {"batch": {"tokens": 64, "size": 3, "pool": 2}, "optimizer": "sgd"}

    assert without(data, [BATCH_SIZE, RATE]) == {"batch": {"pool": 2}, "optimizer": "sgd"}


def test_what_is_open_says_its_default():
    batch, rate = left_open((BATCH_SIZE, RATE), Recipe())
    assert (batch.name, rate.name) == ("batch-size", "learning-rate")
    assert batch.reason.endswith("until then its default: batches of 64 rows")
    assert rate.reason.endswith("until then its default: a learning rate of 0.001")
    (batch,) = left_open((BATCH_SIZE,), Recipe().replace("batch.tokens", 512))
    assert batch.reason.endswith("batches of 512 tokens")
