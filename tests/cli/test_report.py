import shutil


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
