"""Every malformed file: what the command line says of it, and with which exit code; never a traceback."""

import json
from dataclasses import dataclass

import pytest

from kilter.cli.main import main
from kilter.project.guess import guess
from kilter.values.errors import DataError


@dataclass
class Ended:
    code: int
    out: str
    err: str

    @property
    def said(self):
        return " ".join((self.out + self.err).split())  # as one line, since lines are wrapped

    @property
    def findings(self):
        return {finding["name"]: finding for finding in json.loads(self.out)["findings"]}


@pytest.fixture
def kilter(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.chdir(tmp_path)

    def call(*words):
        capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            main([str(word) for word in words])
        said = capsys.readouterr()
        ended = Ended(left.value.code, said.out, said.err)
        assert "Traceback" not in ended.said
        assert "mistake of kilter" not in ended.said
        return ended

    return call


REFUSED = {
    "01_latin1.jsonl": ("01_latin1.jsonl:1 byte 0xF9 at offset 11", "is not UTF-8", "cp1252", "data.encoding=cp1252"),
    "04_ragged.csv": (
        "04_ragged.csv:3 3 fields instead of 4",
        "04_ragged.csv:4 5 fields instead of 4",
        "04_ragged.csv:7 a quote is opened and never closed",
    ),
    "10_empty_texts.jsonl": (
        "4 blank texts (line 3, 5, 7, 9)",
        "1 blank line skipped: 61",
        "missing in 1 row (line 62)",
        "null in 1 row (line 63)",
        "10_empty_texts.jsonl:64 column 'text': the number 42 among texts",
        "10_empty_texts.jsonl:65:1 no JSON: expecting value at column 1",
    ),
    "12_truncated.jsonl.gz": ("truncated", "95 whole rows could be read", "half of it"),
    "17_one_class.jsonl": ("'label'", "one value only, 'X' in 50 rows", "nothing to learn"),
    "22_empty.csv": ("22_empty.csv is empty (0 bytes)",),
    "23_header_only.csv": ("a header (text, label) but no rows",),
    "25_pickled.npz": ("25_pickled.npz:x a pickled array of objects", "could run code"),
}


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_what_cannot_be_read_is_refused_with_all_that_is_wrong(kilter, dirty, tmp_path, name):
    path = dirty(name)
    target = {"22_empty.csv": "y", "25_pickled.npz": "y", "04_ragged.csv": "y"}.get(name, "label")
    project = f"task: classification\ndata:\n  train: {json.dumps(str(path))}\n  target: {target}\n"
    (tmp_path / "own.yaml").write_text(project, "utf-8")
    begun = kilter("init", path)
    with pytest.raises(DataError) as caught:
        guess(path)

    assert begun.code == 3
    assert not (tmp_path / "kilter.yaml").exists()
    for words in REFUSED[name]:
        assert words in begun.said
        assert words in " ".join(str(caught.value).split())
    for command in ("audit", "run"):
        ended = kilter(command, "own.yaml")
        if name == "17_one_class.jsonl":  # it can be read; what is wrong with it is a finding
            assert (ended.code, "D118" in ended.said) == (1, True)
            assert "have the target X" in ended.said
        else:
            assert ended.code == 3
            assert all(words in ended.said for words in REFUSED[name])


AUDITED = {
    "02_utf16_bom.csv": (0, {"as-read": "a byte-order mark says UTF-16-LE"}),
    "03_utf8_bom_crlf_mixed.csv": (0, {"as-read": "line ends are mixed (CR LF 11, LF 10, CR 10)"}),
    "05_nan_inf.csv": (
        0,
        {
            "as-read": "'x2': infinite in 2 rows (line 9, 11); column 'x3': '1e400' is beyond double precision",
            "missing-values": "4 cells of 2 input columns hold no value",
            "infinite-values": "3 numbers of 'x2' and 'x3' are not finite",
        },
    ),
    "06_label_typos.jsonl": (
        1,
        {
            "label-spelling": "'LOC ' (1) for 'LOC', 'Loc' (1) for 'LOC', 'num' (1) for 'NUM'",
            "missing-values": "1 row of 200 has no target",
        },
    ),
    "09_conflicting_labels.jsonl": (None, {"contradicting-targets": "16 rows of 58 (28 %)"}),
    "14_leak_constant_id.csv": (0, {"target-leak": "'approved_flag' is right on 100 %"}),
    "18_class_below_split.csv": (
        0,
        {"rare-labels": "the rarest 1 row: 'ABBR'", "as-read": "'ABBR' (1 row) cannot be in each of the 3 splits"},
    ),
    "20_decimal_comma_semicolon.csv": (0, {"as-read": "parted by semicolons; numbers have decimal commas"}),
}


@pytest.mark.parametrize("name", sorted(AUDITED))
def test_what_is_odd_is_found(kilter, dirty, name):
    code, expected = AUDITED[name]
    assert kilter("init", dirty(name)).code == 0
    ended = kilter("audit", "--json")

    assert ended.code == (code if code is not None else ended.code)
    for finding, words in expected.items():
        assert words in ended.findings[finding]["seen"]
        assert ended.findings[finding]["advice"]


def test_a_byte_order_mark_is_no_part_of_a_name_and_every_line_end_is_one(kilter, dirty):
    guessed = guess(dirty("03_utf8_bom_crlf_mixed.csv"))

    assert (guessed.target, list(guessed.inputs)) == (("label",), ["text"])
    assert "30 rows" in guessed.described["train"]


def test_counts_of_each_column_and_an_error_where_it_is_asked(kilter, dirty):
    kilter("init", dirty("05_nan_inf.csv"))
    ended = kilter("audit", "--json", "--set", "gate.fail_on=warning")

    assert ended.code == 1
    assert ended.findings["infinite-values"]["evidence"] == {"numbers": {"x2": 2, "x3": 1}}
    missing = json.dumps(ended.findings["missing-values"]["evidence"])
    assert '"x0"' in missing
    assert '"x1"' in missing


def test_what_names_rows_and_says_nothing_is_left_out_and_said(kilter, dirty):
    said = kilter("init", dirty("14_leak_constant_id.csv")).said

    assert "row_id numbers the rows" in said
    assert "const is the same in every row" in said
    assert "all_missing holds no value" in said


def test_an_own_file_keeps_them_and_the_audit_says_it(kilter, dirty, tmp_path):
    path = json.dumps(str(dirty("14_leak_constant_id.csv")))
    (tmp_path / "own.yaml").write_text(f"task: classification\ndata: {{train: {path}, target: y}}\n", "utf-8")
    findings = kilter("audit", "own.yaml", "--json").findings

    assert "'all_missing' has no value at all" in findings["constant-columns"]["seen"]
    assert "row_id" in findings["identifier-columns"]["seen"]


def test_rows_in_two_files_are_counted(kilter, dirty):
    assert kilter("init", dirty("08_leak")).code == 0
    ended = kilter("audit", "--json", "--set", "data.split.valid=0")

    assert ended.code == 1
    assert "40 of 100 in test (40 %)" in ended.findings["split-overlap"]["seen"]
    assert "with and without them" in " ".join(ended.findings["split-overlap"]["advice"].split())
    assert ended.findings["split-overlap"]["severity"] == "failure"
    assert "1 row repeats an earlier row" in ended.findings["duplicate-rows"]["seen"]
    assert "but for case and spaces: 1 of 241 in train" in ended.findings["duplicate-rows"]["seen"]
    put_aside = kilter("audit", "--json")
    assert put_aside.code == 1
    assert "32 of 100 in test (32 %); 8 more of test in valid" in put_aside.findings["split-overlap"]["seen"]


def test_labels_that_training_never_shows_are_counted_and_nothing_breaks(kilter, dirty):
    kilter("init", dirty("16_unseen_test_label"), "--set", "model=bag", "--set", "train.length=1ep")
    ended = kilter("audit", "--json")

    assert ended.code == 1
    (lost,) = [f for f in json.loads(ended.out)["findings"] if f["name"] == "unseen-labels" and "wrongly" in f["seen"]]
    assert "1 label of test never occurs in train: 'LOC'; 18 rows of 100 (18 %)" in lost["seen"]
    assert kilter("run").code == 1
    scored = kilter("run", "--json", "--set", "gate.fail_on=off")
    assert scored.code == 0
    assert json.loads(scored.out)["scores"]["accuracy"]["n"] == 100


def test_labels_that_mean_nothing_are_no_success(kilter, dirty):
    kilter("init", dirty("27_shuffled_labels.jsonl"), "--set", "model=bag", "--set", "train.length=1ep")
    ended = kilter("run", "--json", "--set", "baselines=[majority]")

    assert "no-better-than-chance" in ended.findings, sorted(ended.findings)
