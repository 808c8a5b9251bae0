"""main.py as people start it: exit codes and the one line for bad input."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from made_clips import index_picture, write_clip
from made_screens import needs_screen, virtual_screen

import main
from app.core import display
from lmsfa import __version__

ROOT = Path(main.__file__).parent


def start(*arguments, **environment):
    kept = {
        key: value
        for key, value in os.environ.items()
        if key not in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    }
    return subprocess.run(
        [sys.executable, str(ROOT / "main.py"), *map(str, arguments)],
        env=kept | environment,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def refusal(run):
    assert run.returncode == 2, run.stderr
    assert run.stdout == ""
    lines = run.stderr.splitlines()
    assert len(lines) == 1, run.stderr
    return lines[0]


def test_the_version_is_told():
    run = start("--version")
    assert run.returncode == 0
    assert run.stdout == f"main.py {__version__} (research use only)\n"


def test_without_a_display_the_way_without_a_window_is_named():
    assert "--headless --output" in refusal(start())


def test_the_program_without_a_window_needs_no_qt(tmp_path):
    arguments = ["--headless", "--report", str(tmp_path / "r.json"), "--source", "none.mkv"]
    code = (
        f"import sys; sys.modules['PySide6'] = None; import main; sys.exit(main.main({arguments}))"
    )
    run = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert run.returncode == 2
    assert "none.mkv: no such file" in run.stderr


def broken_inputs(folder):
    corrupt, empty, nothing = folder / "corrupt.mkv", folder / "empty.mkv", folder / "nothing"
    corrupt.write_bytes(b"no video " * 100)
    empty.touch()
    nothing.mkdir()
    yield ["--source", folder / "missing.mkv"], "no such file"
    yield ["--source", empty], "the file is empty"
    yield ["--source", corrupt], "not a video that can be read"
    yield ["--source", nothing], "a folder without pictures"
    yield ["--source", "camera:97"], "camera 97: is not there"
    yield ["--source", "tcp://127.0.0.1:9"], "nobody serves a video stream there"
    yield ["--source", "ftp://x"], "not a known kind of stream"
    yield ["--source", "~nobody-of-this-name/x.mkv"], "no such file"
    yield ["--source", "x" * 5000], "File name too long"
    yield ["--source", "/dev/video97"], "camera /dev/video97: is not there"
    yield ["--max-frames", "0"], "a whole number from 1 on is expected, got '0'"
    yield ["--report", folder / "no" / "r.json"], "its folder does not exist"
    yield ["--output", folder / "o.mp4", "--source", made_clip(folder)], "ending in .mkv"
    yield ["--source", made_clip(folder), "--weights", "none.safetensors"], "no such weights file"


def made_clip(folder):
    path = folder / "clip.mkv"
    if not path.exists():
        write_clip(path, [index_picture(0)] * 3)
    return path


def test_every_bad_input_is_one_line_and_exit_code_2(tmp_path, capsys):
    for arguments, line in broken_inputs(tmp_path):
        report = tmp_path / "report.json"
        given = ["--headless", "--report", str(report), *map(str, arguments)]
        try:
            code = main.main(given)
        except SystemExit as ending:
            code = ending.code
        told = capsys.readouterr()
        assert code == 2
        assert line in told.err
        assert len(told.err.splitlines()) == 1, told.err
        assert told.out == ""
        assert not report.exists()


@pytest.mark.parametrize(
    "option", ["--output", "--report", "--max-frames", "--live", "--overwrite"]
)
def test_options_of_headless_runs_do_nothing_silently_in_the_window(option, capsys):
    values = {"--output": ["x.mkv"], "--report": ["r.json"], "--max-frames": ["5"]}
    with pytest.raises(SystemExit) as ending:
        main.main([option, *values.get(option, [])])
    assert ending.value.code == 2
    assert f"{option} goes with --headless" in capsys.readouterr().err


def test_headless_without_anything_to_write_is_refused(capsys):
    with pytest.raises(SystemExit) as ending:
        main.main(["--headless"])
    assert ending.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_missing_qt_libraries_are_named_with_their_packages(monkeypatch, capsys):
    class NoLibrary:
        def find_spec(self, name, _path=None, _target=None):
            if name.startswith("app.ui"):
                raise ImportError("libEGL.so.1: cannot open shared object file")

    monkeypatch.setattr(sys, "meta_path", [NoLibrary(), *sys.meta_path])
    for name in [name for name in sys.modules if name.startswith("app.ui")]:
        monkeypatch.delitem(sys.modules, name)
    assert main.main([]) == 2
    line = capsys.readouterr().err
    assert "libEGL.so.1" in line
    assert "sudo apt-get install libegl1 libgl1 libxkbcommon0" in line
    assert line.count("\n") == 1


def test_a_missing_x11_library_is_found_before_qt_aborts(monkeypatch):
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.delenv("QT_QPA_PLATFORM", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setattr(display, "X11_LIBRARIES", ("libno-such-thing.so.7",))
    assert "libno-such-thing.so.7" in display.why_no_window()
    assert "libxcb-cursor0" in display.why_no_window()
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    assert display.why_no_window() == ""
    monkeypatch.delenv("QT_QPA_PLATFORM")
    monkeypatch.delenv("DISPLAY")
    assert display.why_no_window() == display.NO_DISPLAY


@needs_screen
def test_a_display_that_does_not_answer_is_found_before_qt_aborts(monkeypatch):
    monkeypatch.delenv("QT_QPA_PLATFORM", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setattr(display, "X11_LIBRARIES", ("libxcb.so.1",))
    with virtual_screen() as name:
        monkeypatch.setenv("DISPLAY", name)
        assert display.why_no_window() == ""
    assert f"the display '{name}' does not answer" in display.why_no_window()
    assert "--headless" in display.why_no_window()
