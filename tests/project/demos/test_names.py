from collections import Counter

from kilter.data.reading import read_table
from kilter.project.demos.names import LANGUAGES, names, write_data


def test_it_is_about_as_large_as_the_manual_says():
    rows = names()
    languages = Counter(name for name, _, _ in rows)
    ambiguous = sum(languages[name] > 1 for name, _, _ in rows)

    assert 22_000 < len(rows) < 25_000
    assert 9_000 < ambiguous < 10_500


def test_a_name_stands_once_in_each_language():
    pairs = [(name, language) for name, language, _ in names()]

    assert len(set(pairs)) == len(pairs)
    assert {language for _, language in pairs} == set(LANGUAGES)
    assert names() == sorted(names())


def test_known_names():
    rows = set(names())

    assert ("Norwegen", "de", "territory") in rows
    assert ("suomi", "fi", "language") in rows


def test_the_file_holds_the_rows_whatever_stands_in_them(tmp_path):
    write_data(tmp_path)
    table = read_table(tmp_path / "names.csv")

    columns = (table.columns[name].tolist() for name in ("name", "language", "kind"))
    assert list(zip(*columns, strict=True)) == names()
