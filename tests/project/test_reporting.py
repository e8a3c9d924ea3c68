import shutil
import subprocess
import sys

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
