import pytest

from kilter.project.column_names import TARGET_NAMES, is_like, words_of


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("medianHouse_value", ["median", "house", "value"]),
        ("ID", ["id"]),
        ("", [""]),
        ("--", [""]),
        ("y-2", ["y", "2"]),
    ],
)
def test_the_words_of_a_name(name, words):
    assert words_of(name) == words


@pytest.mark.parametrize("name", ["score", "Score2", "relatedness_score", "fineLabel", "label_3"])
def test_names_like_targets(name):
    assert is_like(name, TARGET_NAMES)


@pytest.mark.parametrize("name", ["scores_of_it", "text", "", "3", "labelled_by"])
def test_other_names(name):
    assert not is_like(name, TARGET_NAMES)
