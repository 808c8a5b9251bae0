import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SHIPPED = sorted(
    [
        ROOT / "main.py",
        *(path for part in ("app", "lmsfa", "resources") for path in (ROOT / part).rglob("*.py")),
    ]
)
EVERY = sorted([*SHIPPED, *(ROOT / "tests").rglob("*.py")])
UNPICKLERS = {"pickle", "cPickle", "dill", "joblib", "shelve", "marshal"}


def unpickling(code):
    """What in `code` could run what stands in a file: names, in order."""
    found = []
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            found += [entry.name for entry in node.names if entry.name in UNPICKLERS]
        elif isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{entry.name}" for entry in node.names]
            found += [name for name in names if node.module in UNPICKLERS or name == "torch.load"]
        elif isinstance(node, ast.Attribute) and ast.unparse(node) == "torch.load":
            found.append("torch.load")
        elif isinstance(node, ast.keyword) and node.arg == "allow_pickle":
            found.append("allow_pickle")
    return found


def test_the_code_is_found():
    assert ROOT / "app" / "ui" / "window.py" in SHIPPED
    assert Path(__file__) in EVERY


@pytest.mark.parametrize("path", EVERY, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_file_stays_short(path):
    most = 200 if path == ROOT / "app" / "ui" / "window.py" else 400
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines < most, f"{lines} lines; a file of more than {most} has more than one purpose"


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_nothing_is_unpickled(path):
    assert unpickling(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "code",
    [
        "import pickle",
        "from pickle import loads",
        "import torch\ntorch.load('weights')",
        "from torch import load",
        "numpy.load('a.npy', allow_pickle=True)",
    ],
)
def test_unpickling_would_be_seen(code):
    assert unpickling(code)
