"""Settings of every test run: windows are drawn into memory, nothing is reported."""

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
# A test that imports ONNX Runtime before the program does must not report to its maker either.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
