"""A process that ran models still hears signals: an interrupt, the end of a child."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CODE = """
import gc, pathlib, signal, sys
from lmsfa.registry import load_engine

weights = pathlib.Path(sys.argv[1])
signal.signal(signal.SIGINT, lambda *_: print("heard"))
first, second = (load_engine(weights, "openvino-fp32") for _ in range(2))
first.close()
del first
gc.collect()
second.close()
del second
gc.collect()
signal.raise_signal(signal.SIGINT)
"""


@pytest.mark.slow
def test_an_interrupt_is_heard_after_two_models_went_in_the_order_in_which_they_came(
    weights: Path, tmp_path: Path
) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "XDG_CACHE_HOME": str(tmp_path)}
    ended = subprocess.run(
        [sys.executable, "-c", CODE, str(weights)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert ended.returncode != -signal.SIGSEGV
    assert (ended.returncode, ended.stdout) == (0, "heard\n")
