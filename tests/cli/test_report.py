import random
import shutil

import pytest


def test_the_report_is_shown_and_its_page_written_anew(kilter, trained, tmp_path):
    folder = tmp_path / "copy"
    shutil.copytree(trained.path, folder)
    (folder / "report.html").unlink()
    ended = kilter("report", folder)

    assert ended.code == 0
    assert trained.name not in ended.out or "copy" in ended.out
    assert (folder / "report.html").exists()
    assert "\x1b" not in ended.out


def test_a_run_that_was_stopped_has_a_report_and_showing_it_is_no_failure(kilter, trained, tmp_path):
    import json

    folder = tmp_path / "copy"
    shutil.copytree(trained.path, folder)
    state = json.loads((folder / "run.json").read_text("utf-8"))
    (folder / "run.json").write_text(json.dumps({**state, "status": "gated"}), "utf-8")
    ended = kilter("report", folder, "--json")

    assert ended.code == 0
    assert ended.document["status"] == "gated"


def test_nothing_can_be_set(kilter, trained):
    assert kilter("report", trained.path, "--gate", "off").code == 2


FILMS = """\
data: {train: films.csv, target: label, inputs: {text: text, town: category, stars: number}}
task: classification
model: {name: bag}
train: {length: 3ep}
gate: {fail_on: "off"}
slices: {columns: [town, stars, text], tokens: [film], minimum: 8}
"""
RARE = ("zyzzyva", "quokkaville")


@pytest.fixture(scope="module")
def films(tmp_path_factory):
    """A rare word in many texts and a rare value, among copies, contradictions, an enormous text and mistakes."""
    draw, folder = random.Random(0), tmp_path_factory.mktemp("films")
    words = {"good": ("lovely", "fine", "great"), "bad": ("awful", "sad", "dull")}
    others = ("the", "film", "was", "and", "it", "plot", "of", "actor", "scene")
    rows = []
    for row in range(300):
        label = draw.choice(["good", "bad"])
        said = draw.choices(others, k=draw.randrange(4, 12))
        said += [draw.choice(words[label if draw.random() < 0.8 else "good"])] + ["zyzzyva"] * (row % 3 == 0)
        rows.append((" ".join(said), draw.choice(["quokkaville", "otherton"]), draw.randrange(9), label))
    rows[7] = ("zyzzyva " * 2000, "quokkaville", 3, "bad")
    rows += rows[:9] + [(*row[:3], "good" if row[3] == "bad" else "bad") for row in rows[30:39]]
    (folder / "films.csv").write_text(
        "\n".join(["text,town,stars,label", *(",".join(map(str, r)) for r in rows)]), "utf-8"
    )
    (folder / "kilter.yaml").write_text(FILMS, "utf-8")
    return folder


def told(ended, run):
    """Everything that somebody reads of a run."""
    return ended.out + ended.err + (run / "report.html").read_text("utf-8")


def test_a_project_that_hides_texts_quotes_none_on_page_terminal_or_json(kilter, films, tmp_path):
    ended = kilter("run", films, "--runs", tmp_path, "--set", "report.hide_texts=true")
    (run,) = tmp_path.iterdir()
    assert ended.code == 0
    for said in (told(ended, run), told(kilter("report", run, "--json"), run), told(kilter("report", run), run)):
        assert not any(word in said for word in RARE)
    assert "characters)" in ended.out
    assert "films.csv:" in ended.out
    for command in (("audit", films), ("check", films), ("slices", run), ("slices", run, "--by", "town", "--json")):
        settings = () if command[0] == "slices" else ("--set", "report.hide_texts=true")
        ended = kilter(*command, *settings)
        assert ended.out
        assert not any(word in ended.out + ended.err for word in RARE)


def test_texts_are_hidden_where_a_report_is_asked_to_and_shown_where_not(kilter, films, tmp_path):
    shown = kilter("run", films, "--runs", tmp_path)
    (run,) = tmp_path.iterdir()
    assert all(word in told(shown, run) for word in RARE)
    assert "zyzzyva" in kilter("report", run, "--json").out  # an example of a confused pair
    hidden = kilter("report", run, "--hide-texts")
    assert not any(word in told(hidden, run) for word in RARE)
    assert not any(word in kilter("report", run, "--hide-texts", "--json").out for word in RARE)
    assert "zyzzyva" in told(kilter("report", run), run)
