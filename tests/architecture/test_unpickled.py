"""Nothing is pickled."""

import pytest

from rules.source import Source, forbid
from rules.unpickled import breaches


def test_the_package_pickles_nothing(package):
    forbid(breaches(package))


@pytest.mark.parametrize(
    "text",
    [
        "import pickle",
        "def save():\n    from pickle import dumps",
        "import cloudpickle",
        "import shelve",
        "import yaml",
        "from yaml import safe_load",
        "import torch\ntorch.save(model.state_dict(), path)",
        "import torch\ntorch.load(path)",
        "import torch\ntorch.load(path, weights_only=False)",
        "from torch import load",
        "from torch import save",
        "import joblib\njoblib.dump(model, path)",
        "import numpy as np\nnp.load(path, allow_pickle=True)",
        "import numpy as np\nnp.load(path, allow_pickle=trusting)",
        "from ruamel.yaml import YAML\nYAML(typ='unsafe')",
    ],
)
def test_a_planted_breach_is_caught(text):
    assert len(list(breaches([Source("kilter/training/checkpoints.py", text)]))) == 1


def test_what_a_child_process_is_handed_is_let_through_there_alone():
    handing = "import cloudpickle\ncloudpickle.dumps(subject)"

    assert list(breaches([Source("kilter/finders/nursery.py", handing)])) == []
    assert len(list(breaches([Source("kilter/finders/nursery.py", "import pickle")]))) == 1


@pytest.mark.parametrize(
    "text",
    [
        "import torch\ntorch.load(path, weights_only=True)",
        "import numpy as np\nnp.load(path, allow_pickle=False)",
        "from ruamel.yaml import YAML\nyaml = YAML(typ='rt')\nyaml.load(text)",
        "from joblib import Parallel",
        "import json\njson.load(file)",
    ],
)
def test_safe_reading_is_let_through(text):
    assert list(breaches([Source("kilter/project/reading.py", text)])) == []
