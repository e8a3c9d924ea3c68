import builtins
from collections import Counter

import pytest

from kilter.data.reading import read_table
from kilter.metrics.tags import Scheme, broken, spans
from kilter.project.demos.transcripts import ROWS, TEMPLATES, TYPES, templates_of, turns, write_data
from kilter.values.errors import MissingDependency


@pytest.fixture(scope="module")
def made():
    return turns()


def test_no_template_of_one_split_stands_in_another(made):
    written = {split: {turn.template for turn in rows} for split, rows in made.items()}

    assert not written["train"] & written["test"]
    assert not written["train"] & written["valid"]
    assert not written["valid"] & written["test"]
    assert sum(map(len, written.values())) == len(TEMPLATES) == 96
    for split, templates in written.items():
        assert templates == set(templates_of(split))


def test_every_type_is_in_every_split(made):
    for split, rows in made.items():
        assert len(rows) == ROWS[split]
        kinds = Counter(span.type for turn in rows for span in spans(turn.tags))
        assert set(kinds) == set(TYPES)
        assert min(kinds.values()) > 0.05 * kinds.total()


def test_tags_are_legal_and_say_what_the_slots_are(made):
    for turn in made["test"]:
        assert broken(turn.tags, Scheme.IOB2) == ()
        found = [span.type for span in spans(turn.tags)]
        slots = [part.split("}")[0] for part in turn.template.split("{")[1:]]
        assert found == [slot for slot in slots if slot in TYPES]


def test_some_turns_are_in_small_letters(made):
    small = sum(all(word == word.lower() for word in turn.words) for turn in made["train"])
    assert 0.2 < small / len(made["train"]) < 0.35


def test_turns_are_the_same_for_a_seed(made):
    assert turns()["valid"] == made["valid"]
    assert turns(seed=1)["valid"] != made["valid"]


def test_the_files_hold_the_turns(tmp_path, made):
    write_data(tmp_path)
    for split, rows in made.items():
        table = read_table(tmp_path / f"{split}.conll")
        assert table.columns["tokens"].tolist() == [turn.words for turn in rows]
        assert table.columns["tags"].tolist() == [turn.tags for turn in rows]


def test_without_faker_it_says_what_to_install(tmp_path, monkeypatch):
    real = builtins.__import__

    def without(name, *arguments, **options):
        if name == "faker":
            raise ImportError(name)
        return real(name, *arguments, **options)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MissingDependency, match=r"pip install 'kilter\[demo\]'") as caught:
        write_data(tmp_path)
    assert caught.value.exit_code == 5
