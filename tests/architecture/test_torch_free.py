"""Half of the house runs without torch, and the door opens without anything heavy."""

import json
import subprocess
import sys

import pytest

from rules.source import Source, forbid
from rules.torch_free import breaches, is_torch_free

PROBE = """
import json, sys
from importlib import import_module
guilty = []
for number, name in enumerate(json.loads(sys.argv[1])):
    import_module(name)
    if "torch" in sys.modules:
        guilty = [number, name]
        break
json.dump(guilty, sys.stdout)
"""
LOADED = "; import json, sys; json.dump(sorted({name.split('.')[0] for name in sys.modules}), sys.stdout)"
HEAVY = {"torch", "numpy", "pydantic", "scipy", "sklearn", "plotly", "pyarrow", "pandas"}


def run(code, *arguments, cwd):
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, cwd=cwd, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def guilty_of(modules, cwd):
    """Modules whose import brings torch, each in a process that had none before it."""
    guilty = []
    while modules and (found := json.loads(run(PROBE, json.dumps(modules), cwd=cwd))):
        number, name = found
        guilty.append(name)
        modules = modules[number + 1 :]
    return guilty


def test_the_package_names_torch_only_where_it_may(package):
    forbid(breaches(package))


def test_the_torch_free_half_is_really_imported_without_it(package, root):
    modules = [source.module for source in package if is_torch_free(source.module)]

    assert "kilter.values.finding" in modules
    assert guilty_of(modules, root / "src") == []


def test_the_probe_finds_each_module_that_brings_torch(tmp_path):
    for name, text in {"light": "", "heavy": "import torch", "heavier": "import heavy", "after": ""}.items():
        (tmp_path / f"{name}.py").write_text(text)

    assert guilty_of(["light", "heavy", "after", "heavier"], tmp_path) == ["heavy", "heavier"]


@pytest.mark.parametrize(
    "code",
    [
        "import kilter",
        "import kilter; dir(kilter)",
        "from kilter.cli.main import main",
    ],
)
def test_the_door_opens_without_anything_heavy(code, root):
    loaded = set(json.loads(run(code + LOADED, cwd=root / "src")))

    assert loaded & HEAVY == set()


HELP = """
import io, sys
from contextlib import redirect_stdout
from kilter.cli.main import main
sys.argv = ["kilter", *sys.argv[1:]]
said = io.StringIO()
try:
    with redirect_stdout(said):
        main()
except SystemExit as end:
    assert not end.code, said.getvalue()
assert "Usage" in said.getvalue(), said.getvalue()
"""


@pytest.mark.parametrize(
    ("arguments", "absent"),
    [
        (["--help"], HEAVY),
        (["report", "--help"], {"torch"}),
        (["find", "--help"], HEAVY),
        (["find", "batch-size", "--help"], HEAVY),
    ],
)
def test_help_starts_without_anything_heavy(arguments, absent, root):
    loaded = set(json.loads(run(HELP + LOADED.removeprefix("; "), *arguments, cwd=root / "src")))

    assert "kilter" in loaded
    assert loaded & absent == set()


@pytest.mark.parametrize(
    "text",
    [
        "import torch",
        "import torch.nn.functional as F",
        "from torch import Tensor",
        "from safetensors.torch import load_file",
        "try:\n    import torch\nexcept ImportError:\n    torch = None",
        "class Curve:\n    import torch",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    pass\nelse:\n    import torch",
    ],
)
def test_a_planted_breach_is_caught(text):
    assert len(list(breaches([Source("kilter/checks/curves/plateau.py", text)]))) == 1


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("kilter/values/task.py", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from torch import Tensor"),
        ("kilter/report/environment.py", "def versions():\n    import torch"),
        ("kilter/engine/step.py", "import torch"),
        ("kilter/checks/preflight/gradients.py", "import torch"),
        ("kilter/metrics/scores.py", "import torchless\nfrom safetensors.numpy import load"),
    ],
)
def test_what_does_not_run_at_import_is_let_through(path, text):
    assert list(breaches([Source(path, text)])) == []
