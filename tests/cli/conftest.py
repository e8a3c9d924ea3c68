"""The command line as a function."""

import json
from dataclasses import dataclass

import pytest

from kilter.cli.main import main


@dataclass
class Ended:
    code: int
    out: str
    err: str

    @property
    def document(self):
        return json.loads(self.out)


@pytest.fixture
def kilter(capsys, monkeypatch):
    """Runs a command line as the shell would: exit code, stdout, stderr."""
    monkeypatch.setenv("NO_COLOR", "1")

    def call(*words):
        capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            main([str(word) for word in words])
        said = capsys.readouterr()
        return Ended(left.value.code, said.out, said.err)

    return call
