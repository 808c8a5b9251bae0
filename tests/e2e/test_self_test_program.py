"""`python main.py --self-test` as a process: what its table says is what its exit code says.

It is let measure for a second where it takes eight, and take as long as a busy machine needs.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PATIENT_S = 300
PROGRAM = f"""
import sys, main
from app.core import inference
from app.core.supervision import engine
from app.ui.self_test import checks, run
run.MEASURED_S = run.SIXTY_S = 1.0
run.WHOLE_S = run.HUNG_S = {PATIENT_S}
engine.ANSWER_S = engine.SILENT_S = inference.ANSWER_S = checks.LOADING_S = {PATIENT_S}
sys.exit(main.main(sys.argv[1:]))
"""
TRIED = (
    "recording cut off",
    "added video delay",
    "overlay age",
    "availability",
    "longest stall",
    "pixels outside",
    "signal stalled",
    "picture size changed",
    "AI OFF",
    "model killed",
    "60 pictures a second: delay",
    "60 pictures a second: stall named",
)


def self_test(*more, **environment):
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, "--self-test", *more],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        check=False,
        text=True,
        timeout=PATIENT_S + 20,
    )


@pytest.mark.slow
def test_every_promise_is_tried_and_the_exit_code_says_what_the_table_does() -> None:
    program = self_test()
    rows = [line for line in program.stdout.splitlines() if "  pass  " in line or "  FAIL " in line]
    for name in TRIED:
        assert any(row.startswith(name) for row in rows), program.stdout
    failed = [row for row in rows if "  FAIL " in row]
    assert program.returncode == (1 if failed else 0)
    assert ("self-test FAILED" if failed else "self-test passed") in program.stdout


@pytest.mark.slow
def test_without_a_model_it_fails_at_once_also_where_nothing_can_be_kept(tmp_path: Path) -> None:
    no_folder = tmp_path / "file"
    no_folder.touch()
    missing = tmp_path / "missing.safetensors"
    program = self_test("--weights", str(missing), XDG_STATE_HOME=str(no_folder))
    assert program.returncode == 1
    assert "self-test FAILED on no engine" in program.stdout
    assert str(missing) in program.stdout
    said = [line for line in program.stderr.splitlines() if "cannot be written" in line]
    assert len(said) == 1
    assert "Traceback" not in program.stderr
