import re

from kilter.values.causes import CAUSE_NAMES, CAUSES


def test_a_name_stands_in_one_family():
    names = [name for family in CAUSES.values() for name in family]

    assert len(names) == len(set(names)) == len(CAUSE_NAMES)


def test_names_are_words_joined_by_underscores():
    assert [name for name in CAUSE_NAMES if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", name)] == []


def test_they_are_those_of_the_shared_list(shared):
    text = (shared / "causes.md").read_text(encoding="utf-8")
    families = re.findall(r"^\*\*.*?\*\*(.*?)(?=^\*\*|\Z)", text, re.DOTALL | re.MULTILINE)
    listed = {name for family in families for name in re.findall(r"`([a-z0-9_]+)`", family)} - {"zero_grad"}

    assert listed == CAUSE_NAMES
