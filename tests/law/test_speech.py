import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MACHINE_PATH = re.compile(r"(?<![\w.:/~-])/(?:work|root|home|Users)/")
REGISTRY = re.compile(
    r"pypi\.org|pythonhosted|download\.pytorch|artifactory|nexus\.|jfrog|index-url[ =]+https?:"
)


def foreign(text):
    """Lines that speak of one machine or of where packages are kept."""
    return [
        line for line in text.splitlines() if MACHINE_PATH.search(line) or REGISTRY.search(line)
    ]


def test_project_speaks_of_itself_only():
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("not a git clone: the project's files cannot be told from others")
    answer = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, encoding="utf-8"
    )
    found = []
    for name in filter(None, answer.stdout.split("\0")):
        path = ROOT / name
        if path == Path(__file__) or not path.is_file():
            continue
        # Pictures, clips and weights are read too: their descriptions are text.
        text = path.read_bytes().decode("utf-8", errors="replace")
        found += [f"{name}: {line[:100]}" for line in foreign(text)]
    assert not found


@pytest.mark.parametrize(
    "line",
    [
        # Put together here, so that the tree itself stays free of them.
        "python -m lmsfa train --data " + "/".join(["", "home", "somebody", "larynx"]),
        "DATA = '" + "/".join(["", "root", "data"]) + "'",
        "pip install torch --index-url https://packages.example/simple",
    ],
)
def test_foreign_words_would_be_seen(line):
    assert foreign(line)


@pytest.mark.parametrize(
    "line",
    ["https://example.org/home/page", "../work/x", "pip install torch --index-url ADDRESS"],
)
def test_own_words_pass(line):
    assert not foreign(line)
