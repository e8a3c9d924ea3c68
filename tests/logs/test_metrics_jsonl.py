import math
import subprocess
import sys

import pytest

from kilter.logs.metrics_jsonl import read_log
from kilter.values.errors import DataError


@pytest.fixture
def log(tmp_path):
    def write(text):
        path = tmp_path / "metrics.jsonl"
        path.write_text(text, "utf-8")
        return path

    return write


def test_rows_become_curves(log):
    read = read_log(log('{"step": 1, "a": 0.5}\n{"step": 2, "a": 1}\n\n{"step": 2, "b": -3e-5}\n'))

    assert list(read.history.rows()) == [(1, {"a": 0.5}), (2, {"a": 1.0}), (2, {"b": -3e-5})]
    assert read.notes == ()


def test_words_for_numbers_that_are_none(log):
    history = read_log(log('{"step": 1, "a": "nan", "b": "inf", "c": "-inf"}\n')).history

    assert math.isnan(history.last("a"))
    assert (history.last("b"), history.last("c")) == (math.inf, -math.inf)


@pytest.mark.parametrize("cut", ['{"step": 2, "a": 0.', '{"step"', "\x00\x00\x00", '{"step": 2}garbage'])
def test_a_last_line_that_a_kill_cut_short_is_left_out_and_said(log, cut):
    read = read_log(log('{"step": 1, "a": 0.5}\n' + cut))

    assert list(read.history.rows()) == [(1, {"a": 0.5})]
    assert read.notes == ("metrics.jsonl:2 was cut short and is left out",)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "metrics.jsonl:2 it is no JSON"),
        ('{"a": 1}', "metrics.jsonl:2 there is no step"),
        ('{"step": true}', "metrics.jsonl:2 there is no step"),
        ("[]", "metrics.jsonl:2 there is no step"),
        ('{"step": 2, "a": "x"}', "metrics.jsonl:2 a is no number"),
        ('{"step": 2, "a": null}', "metrics.jsonl:2 a is no number"),
        ('{"step": 2, "a": true}', "metrics.jsonl:2 a is no number"),
    ],
)
def test_a_broken_line_before_the_last_is_an_error_with_its_number(log, line, said):
    with pytest.raises(DataError) as caught:
        read_log(log('{"step": 1}\n' + line + '\n{"step": 3}\n'))

    assert said in str(caught.value)


def test_a_file_that_is_not_there_is_said(tmp_path):
    with pytest.raises(DataError, match="No such file"):
        read_log(tmp_path / "metrics.jsonl")


def test_reading_needs_no_torch():
    code = "import sys, kilter.logs.metrics_jsonl; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "False"
