import pkgutil
import subprocess
import sys

import pytest

import app.core

LIGHT = [
    "lmsfa",
    "lmsfa.card",
    "lmsfa.cli",
    "lmsfa.overlay",
    "lmsfa.prediction",
    "lmsfa.registry",
    "main",
]
QT = {"PySide6", "shiboken6", "pyqtgraph"}


def loaded_by(*modules):
    """Top-level packages that a fresh interpreter holds after importing `modules`."""
    code = (
        f"import sys, importlib; [importlib.import_module(name) for name in {modules!r}];"
        "print(*{name.partition('.')[0] for name in sys.modules})"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, encoding="utf-8"
    )
    return set(answer.stdout.split())


@pytest.mark.parametrize("module", LIGHT)
def test_import_waits_for_neither_torch_nor_a_window(module):
    loaded = loaded_by(module)
    assert module.partition(".")[0] in loaded
    assert not loaded & {"torch", "openvino", "onnxruntime", *QT}


def test_core_knows_neither_qt_nor_torch():
    modules = [found.name for found in pkgutil.walk_packages(app.core.__path__, "app.core.")]
    assert "app.core.pipeline" in modules
    assert not loaded_by(*modules) & {"torch", "openvino", "onnxruntime", *QT}
