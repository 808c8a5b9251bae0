#!/usr/bin/env bash
# OpenVINO's CPU device leaves a thread with a freed stack for its signals.
#
# Versions: openvino 2026.4.1, CPython 3.11, Linux x86-64.
# Expected: objects of a library may be released in any order; afterwards the thread's alternate
#   signal stack (sigaltstack) is what it was before, or another that exists.
# Behaviour: the CPU device gives the thread that first asks for it an alternate signal stack of its
#   own, and puts back the former one when the last user of its core goes. With two cores, released
#   in the order in which they were made, the second puts back the stack of the first, whose memory
#   is returned already. Python handles signals on the alternate stack, so the process then ends
#   without a message, faulthandler's included, at the next signal that it wanted to handle: an
#   interrupt, a timer, the end of a child process. This program looks at the stack and sends none.
# Remedy: one openvino.Core for the process, kept until it ends.
# Output seen:
#   before: none
#   two cores: there
#   first released: there
#   both released: freed
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet "openvino==2026.4.1" "numpy<3"
cat > "$folder/look.py" <<'PYTHON'
import ctypes
import gc

import openvino


class Stack(ctypes.Structure):
    _fields_ = [("start", ctypes.c_void_p), ("flags", ctypes.c_int), ("size", ctypes.c_size_t)]


def stack():
    """Whether this thread's alternate signal stack lies in memory that the process has."""
    found = Stack()
    ctypes.CDLL(None).sigaltstack(None, ctypes.byref(found))
    if not found.start:
        return "none"
    with open("/proc/self/maps") as maps:
        for line in maps:
            first, last = (int(end, 16) for end in line.split()[0].split("-"))
            if first <= found.start < last:
                return "there"
    return "freed"


print("before:", stack())
cores = [openvino.Core() for _ in range(2)]
for core in cores:
    core.get_property("CPU", "FULL_DEVICE_NAME")
print("two cores:", stack())
for words in ("first released:", "both released:"):
    core = None
    del cores[0]
    gc.collect()
    print(words, stack())
PYTHON
"$folder/venv/bin/python" "$folder/look.py" | tee "$folder/seen"
diff "$folder/seen" - <<'SEEN'
before: none
two cores: there
first released: there
both released: freed
SEEN
