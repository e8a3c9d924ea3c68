import pickle

import pytest

from kilter.values import errors
from kilter.values.errors import DataError, Fault, KilterError, RecipeError


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({"met": "x"}, "x."),
        ({"met": "x", "legal": "y"}, "x: y."),
        ({"met": "x", "remedy": "z"}, "x: z."),
        ({"met": "x", "legal": "y", "remedy": "z", "where": "f:1:2"}, "f:1:2 x: y; z."),
        ({"met": "x", "legal": "did you mean 'y'?"}, "x: did you mean 'y'?"),
        ({"met": "done!"}, "done!"),
    ],
)
def test_a_fault_speaks_in_three_parts(parts, said):
    assert str(Fault(**parts)) == said


def test_an_error_says_its_faults_below_its_summary():
    error = RecipeError("2 faults in kilter.yaml", faults=[Fault(met="a"), Fault(met="b", where="kilter.yaml:2:1")])

    assert str(error) == "2 faults in kilter.yaml.\n  a.\n  kilter.yaml:2:1 b."


def test_the_exit_codes_are_those_of_the_manual():
    codes = {
        kind.__name__: kind.exit_code
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, KilterError)
    }

    assert codes == {
        "KilterError": 1,
        "UsageError": 2,
        "RecipeError": 2,
        "DataError": 3,
        "TrainingError": 4,
        "MissingDependency": 5,
        "Interrupted": 130,
    }


def test_the_tree_in_the_docstring_is_the_tree():
    for line in errors.__doc__.splitlines():
        if "──" in line:
            name, code = line.replace("─", " ").replace("├", " ").replace("└", " ").split()[:2]
            assert getattr(errors, name).exit_code == int(code)


def test_an_error_comes_whole_out_of_another_process():
    error = DataError("met", legal="legal", remedy="remedy", faults=[Fault(met="inner", where="f:1")])
    received = pickle.loads(pickle.dumps(error))

    assert type(received) is DataError
    assert str(received) == str(error)
    assert received.faults == error.faults
