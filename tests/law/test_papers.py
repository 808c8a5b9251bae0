import re
from pathlib import Path

import pytest

from app.core.display import QT_PACKAGES
from app.ui.keyboard import OVERVIEW

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAPERS = ["README.md", "CONTRIBUTING.md"]


def test_readme_names_the_libraries_that_the_program_asks_for():
    command = README.split("sudo apt-get install", 1)[1].split("```", 1)[0]
    assert command.replace("\\", " ").split() == QT_PACKAGES.split()


def test_ci_installs_the_libraries_that_the_program_asks_for():
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    names = script.split("qt_libraries=(", 1)[1].split(")", 1)[0]
    assert names.split() == QT_PACKAGES.split()


@pytest.mark.parametrize(("keys", "does"), OVERVIEW)
def test_readme_tells_every_key(keys, does):
    rows = [line.strip("|").split("|") for line in README.splitlines() if line.startswith("| ")]
    told = {_bare(row[0]): row[1].strip() for row in rows}
    assert told[_bare(keys)] == does


@pytest.mark.parametrize("paper", PAPERS)
def test_links_lead_somewhere(paper):
    text = (ROOT / paper).read_text(encoding="utf-8")
    targets = [link for link in re.findall(r"\[[^\]]*\]\(([^)#]+)\)", text) if "://" not in link]
    missing = [link for link in targets if not ((ROOT / paper).parent / link).exists()]
    assert targets
    assert not missing


def _bare(keys):
    return re.sub(r"[,\s]", "", keys)
