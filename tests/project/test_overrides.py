import pytest

from kilter.project.overrides import lay_over, read_overrides


def laid(data, *said):
    overrides, faults = read_overrides(said)
    assert faults == ()
    result, faults = lay_over(data, overrides)
    assert faults == ()
    return result


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("a=1", 1),
        ("a=1e-4", 1e-4),
        ("a=10ep", "10ep"),
        ("a=true", True),
        ("a=", None),
        ("a=null", None),
        ("a=[x, y]", ["x", "y"]),
        ("a=x=y", "x=y"),
        ("a='1'", "1"),
    ],
)
def test_values_are_typed_as_in_the_file(said, value):
    assert read_overrides([said])[0][0].value == value


@pytest.mark.parametrize("said", ["a", "=1", "a..b=1", ".=1", "a=[1"])
def test_what_sets_nothing_is_a_fault(said):
    overrides, (fault,) = read_overrides([said])

    assert overrides == ()
    assert fault.where == f"--set {said}"


def test_a_key_that_is_set_twice_is_a_fault():
    _, (fault,) = read_overrides(["a.b=1", "a.b=2"])

    assert "set twice" in str(fault)


def test_the_data_stay_as_they_are():
    data = {"train": {"seed": 1}}

    assert laid(data, "train.seed=2", "train.length=3ep") == {"train": {"seed": 2, "length": "3ep"}}
    assert data == {"train": {"seed": 1}}


def test_sections_are_made_where_there_are_none():
    assert laid({"train": None}, "train.seed=2", "stop.patience=3") == {"train": {"seed": 2}, "stop": {"patience": 3}}


def test_a_name_alone_is_a_section():
    assert laid({"optimizer": "sgd"}, "optimizer.momentum=0.5") == {"optimizer": {"name": "sgd", "momentum": 0.5}}


def test_another_name_drops_the_keys_of_the_old_one_and_keeps_those_that_are_set_with_it():
    data = {"optimizer": {"name": "adamw", "beta1": 0.5}}

    assert laid(data, "optimizer.momentum=0.5", "optimizer.name=sgd") == {"optimizer": {"name": "sgd", "momentum": 0.5}}
    assert laid(data, "optimizer.name=adamw") == data


def test_the_name_of_something_else_drops_nothing():
    assert laid({"data": {"name": "a", "b": 1}}, "data.name=c") == {"data": {"name": "c", "b": 1}}


def test_size_takes_the_place_of_tokens():
    assert laid({"batch": {"tokens": 100, "accumulate": 2}}, "batch.size=8") == {"batch": {"size": 8, "accumulate": 2}}


def test_what_has_no_keys_inside_is_a_fault():
    overrides, _ = read_overrides(["task.name.x=1"])
    _, (fault,) = lay_over({"task": "regression"}, overrides)

    assert str(fault) == "--set task.name.x=1 task = 'regression': it has no keys inside."
