import pytest

from kilter.values.inputs import Inputs


@pytest.mark.parametrize(
    ("inputs", "names"),
    [
        (Inputs(), ()),
        (Inputs(vocabulary=10, longest=5), ("tokens", "mask")),
        (Inputs(numbers=3, categories=(4, 2)), ("numbers", "categories")),
        (Inputs(image=(1, 8, 8)), ("image",)),
    ],
)
def test_names_are_those_of_the_tensors(inputs, names):
    assert inputs.names == names
