import pytest

from kilter.project.located import read_scalar, read_yaml


def faults(text):
    return [str(fault) for fault in read_yaml(text, "k.yaml").faults]


def test_it_is_plain_data_with_numbers_as_yaml_1_2_has_them():
    text = "a: 1e-4\nb: yes\nc: 0x1F\nd: ~\ne: 2020-01-01\nf: [1, two, 3.0]\ng: {h: .inf}\ni: 0777\nj: 'x'\n"

    assert read_yaml(text, "k.yaml").data == {
        "a": 1e-4,
        "b": "yes",
        "c": 31,
        "d": None,
        "e": "2020-01-01",
        "f": [1, "two", 3.0],
        "g": {"h": float("inf")},
        "i": 777,
        "j": "x",
    }


def test_every_key_and_item_has_its_place():
    located = read_yaml("a:\n  b: 1\n  c:\n    - x\n    - y\n", "k.yaml")

    assert located.where(("a",)) == "k.yaml:1:1"
    assert located.where(("a", "b")) == "k.yaml:2:3"
    assert located.where(("a", "c", 1)) == "k.yaml:5:7"


def test_what_is_not_there_has_the_place_of_what_is_around_it():
    located = read_yaml("a:\n  b: 1\n", "k.yaml")

    assert located.where(("a", "z", "y")) == "k.yaml:1:1"
    assert located.where(("z",)) == "k.yaml"


def test_a_key_given_twice_is_a_fault_and_the_first_one_stands():
    located = read_yaml("a: 1\nb: {c: 1, c: 2}\na: 3\n", "k.yaml")

    assert located.data == {"a": 1, "b": {"c": 1}}
    assert [str(fault) for fault in located.faults] == [
        "k.yaml:2:11 b.c: given twice, first at line 2; leave one of them out.",
        "k.yaml:3:1 a: given twice, first at line 1; leave one of them out.",
    ]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("a: [1\nb: 2", "k.yaml:2:2"),
        ("a: b: c", "k.yaml:1:5"),
        ("a:\n\tb: 1", "k.yaml:2:1"),
        ("a: 1\n---\nb: 2", "k.yaml:2:1"),
        ("a: 'x", "k.yaml:1:6"),
        ("a: *z", "k.yaml:1:4"),
        ("a: 1\nb: \x01", "k.yaml:2"),
        ("a: !!python/object:os.system x", "k.yaml:1:4"),
        ("a: !!set {x}", "k.yaml:1:4"),
        ("a: 1\n<<: {b: 2}", "k.yaml:2:1"),
        ("? [1]\n: 2", "k.yaml:1:3"),
        ("a: !!int x", "k.yaml:1:4"),
    ],
)
def test_what_is_no_plain_yaml_is_one_fault_with_its_place(text, place):
    (fault,) = faults(text)

    assert fault.startswith(f"{place} ")


@pytest.mark.parametrize("text", ["a: &x [*x, *x]", "[" * 5000, f"a: {'[' * 30}{']' * 30}"])
def test_what_unfolds_without_end_ends(text):
    (fault,) = faults(text)

    assert "it cannot be read" in fault


def test_an_alias_is_what_it_stands_for():
    assert read_yaml("a: &x {b: 1}\nc: *x\n", "k.yaml").data == {"a": {"b": 1}, "c": {"b": 1}}


def test_an_empty_text_holds_nothing():
    assert read_yaml("# nothing\n", "k.yaml").data is None
    assert faults("# nothing\n") == []


def test_a_value_that_is_no_yaml_is_refused():
    with pytest.raises(ValueError, match="flow sequence"):
        read_scalar("[1")


@pytest.mark.parametrize("said", [">= 0.9", "> 0.9"])
def test_a_relation_without_quotes_is_told_to_have_some(said):
    (fault,) = read_yaml(f"expect:\n  accuracy: {said}\n", "kilter.yaml").faults

    assert fault.where.startswith("kilter.yaml:2:")
    assert "quotes, such as '>= 0.9'" in fault.remedy
    assert all(not each.remedy for each in read_yaml("a: [1\n", "kilter.yaml").faults)
