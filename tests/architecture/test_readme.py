"""What the README shows exists."""

import ast
import re

import pytest
from ruamel.yaml import YAML

import kilter
from kilter.project.schema import ProjectFile

BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


@pytest.fixture(scope="module")
def blocks(root):
    found = BLOCK.findall((root / "README.md").read_text(encoding="utf-8"))
    return {language: [text for kind, text in found if kind == language] for language, _ in found}


def test_the_project_file_is_read_without_a_fault(blocks):
    (text,) = blocks["yaml"]
    read = ProjectFile.model_validate(YAML(typ="safe", pure=True).load(text))

    assert read.optimizer.learning_rate == 3e-4


def test_the_names_come_from_the_front_door(blocks):
    (text,) = blocks["python"]
    used = {
        node.attr
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "kilter"
    }

    assert used
    assert used <= set(kilter.__all__)


def test_the_commands_are_targets_of_make(blocks, root):
    promised = set(re.findall(r"^\$ make (\w+)", "\n".join(blocks["console"]), re.MULTILINE))
    targets = set(re.findall(r"^(\w+):", (root / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))

    assert promised == {"demo", "test"}
    assert promised <= targets


def test_the_links_lead_somewhere(root):
    links = re.findall(r"\]\(([^)#]+)\)", (root / "README.md").read_text(encoding="utf-8"))

    assert links
    assert [link for link in links if not (root / link).exists()] == []
