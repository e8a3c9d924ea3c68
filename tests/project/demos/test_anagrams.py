from collections import Counter

import numpy as np
import pytest

from kilter.data.reading import read_table
from kilter.project.demos.anagrams import OTHERS, ROWS, double_one, draw_anew, pairs, rearrange, replace_one, write_data


@pytest.fixture(scope="module")
def made():
    return pairs()


def apart(a, b):
    one, other = Counter(a.split()), Counter(b.split())
    return (one - other).total()


def test_the_answer_is_right_in_every_row(made):
    for rows in made.values():
        for a, b, answer, _ in rows:
            assert len(a) == len(b)
            assert answer == ("no" if apart(a, b) else "yes")
            assert a != b


def test_half_are_anagrams_and_the_others_are_of_each_hardness(made):
    for split, rows in made.items():
        assert len(rows) == ROWS[split]
        counts = Counter(how for _, _, _, how in rows)
        assert counts["rearranged"] == len(rows) // 2
        assert all(abs(counts[how] - len(rows) / 6) < 1 for how in OTHERS)


def test_hardness_is_how_many_letters_differ(made):
    for a, b, _, how in made["test"]:
        expected = {"rearranged": 0, "one letter replaced": 1, "one letter doubled": 1}.get(how, len(a.split()))
        assert apart(a, b) == expected


def test_no_letters_of_one_split_occur_together_in_another(made):
    letters = {split: {"".join(sorted(word)) for a, b, _, _ in rows for word in (a, b)} for split, rows in made.items()}
    assert not letters["train"] & letters["test"]
    assert not letters["train"] & letters["valid"]
    assert not letters["valid"] & letters["test"]


def test_another_seed_gives_other_pairs(made):
    assert pairs(seed=1)["valid"] != made["valid"]
    assert pairs()["valid"] == made["valid"]


def test_words_are_changed_as_their_names_say():
    draw = np.random.default_rng(0)
    for _ in range(200):
        assert sorted(rearrange("abcd", draw)) == list("abcd") != list(rearrange("abcd", draw))
        assert len(set("abcd") & set(replace_one("abcd", draw))) == 3
        assert sorted(Counter(double_one("abcd", draw)).values()) == [1, 1, 2]
        assert not set("abcd") & set(draw_anew("abcd", draw))


def test_the_files_hold_the_rows(tmp_path, made):
    write_data(tmp_path)
    table = read_table(tmp_path / "valid.csv")

    columns = (table.columns[name].tolist() for name in ("a", "b", "anagram", "how"))
    assert list(zip(*columns, strict=True)) == made["valid"]
