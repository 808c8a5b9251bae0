"""OpenVINO itself, which a process has once."""

from __future__ import annotations

import openvino

CORE = openvino.Core()
"""Kept to the process's end; any thread may use it.

OpenVINO's CPU device gives the thread that first asks for it another stack for signals, and puts
back the one before when its core goes. Of two cores that go in the order in which they came the
second puts back the first one's, which is freed by then: the next signal that Python handles there,
an interrupt or a child's end, kills the process without a word. With one core nothing is put back.
"""
