import shutil
import subprocess
import sys
from dataclasses import replace

from kilter.project.folder import load_run
from kilter.project.reporting import write_report


def test_the_report_is_written_from_the_folder_alone(ran, tmp_path):
    folder = tmp_path / ran.name
    shutil.copytree(ran.path, folder, ignore=shutil.ignore_patterns("checkpoints", "predictions", "report.html"))
    path = write_report(load_run(folder))

    assert path == folder / "report.html"
    page = path.read_text("utf-8")
    assert ran.evaluation("test").primary.name in page
    assert "majority" in page
    assert len(page) == len((ran.path / "report.html").read_text("utf-8"))


def test_the_page_for_a_person_is_made_once_and_what_it_says_is_shown(ran, tmp_path):
    folder = tmp_path / ran.name
    shutil.copytree(ran.path, folder, ignore=shutil.ignore_patterns("checkpoints", "predictions"))
    page = folder / "interpretation.md"
    blank = page.read_text("utf-8")
    assert "## Is the gain real?" in blank
    assert load_run(folder).interpretation == {}

    page.write_text(blank.replace("## What next?\n", "Hardly: three seeds disagree.\n\n## What next?\n"), "utf-8")
    written = page.read_text("utf-8")
    report = write_report(load_run(folder)).read_text("utf-8")
    assert page.read_text("utf-8") == written
    assert "Written: Hardly: three seeds disagree." in report
    assert report.count("Not answered yet.") == 4

    page.unlink()
    write_report(load_run(folder))
    assert page.read_text("utf-8") == blank


def test_a_run_that_was_not_evaluated_asks_nothing(ran, tmp_path):
    write_report(replace(ran, path=tmp_path, evaluations=(), comparisons=()))
    assert not (tmp_path / "interpretation.md").exists()


def test_writing_it_needs_no_torch(ran, tmp_path):
    code = (
        "import sys\nfrom kilter.project.folder import load_run\nfrom kilter.project.reporting import write_report\n"
        "from dataclasses import replace\nfrom pathlib import Path\n"
        f"write_report(replace(load_run({str(ran.path)!r}), path=Path({str(tmp_path)!r})))\n"
        "print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "False"
    assert (tmp_path / "report.html").exists()
