"""Settings of every test run: windows are drawn into memory, nothing is reported."""

import os
import tempfile

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
# A test that imports ONNX Runtime before the program does must not report to its maker either.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
# What a self-test of this user once found must not appear in a window under test, nor be replaced.
os.environ["XDG_STATE_HOME"] = tempfile.mkdtemp(prefix="lmsfa-state-")
