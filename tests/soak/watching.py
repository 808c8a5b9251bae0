"""The sender as a program, and the window that watches it."""

import json
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil

ROOT = Path(__file__).parents[2]
PATIENCE_S = 60.0


class SenderProgram:
    """A `tests.soak.sender` in a process of its own. `events` are what it has said."""

    def __init__(self, *arguments):
        self._program = subprocess.Popen(
            [sys.executable, "-m", "tests.soak.sender", *arguments],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        first = json.loads(self._program.stdout.readline())
        self.url = f"tcp://127.0.0.1:{first['port']}"
        self.start_s, self.rate_fps = first["start_s"], first["rate_fps"]
        self.events = []
        self._reading = threading.Thread(target=self._read, daemon=True)
        self._reading.start()

    def _read(self):
        for line in self._program.stdout:
            self.events.append(json.loads(line))

    def do(self, do, **more):
        """Gives a command and returns when it has been begun, monotonic clock, seconds."""
        known = len(self.events)
        self._program.stdin.write(json.dumps({"do": do, **more}) + "\n")
        self._program.stdin.flush()
        give_up_s = time.monotonic() + PATIENCE_S
        while time.monotonic() < give_up_s:
            for event in self.events[known:]:
                if event.get("begun") == do:
                    return event["at_s"]
            time.sleep(0.001)
        raise TimeoutError(f"the sender did not begin to {do}")

    def due_s(self, number):
        """When the picture with this number was due."""
        return self.start_s + number / self.rate_fps

    def close(self):
        self._program.stdin.close()
        self._program.kill()
        self._program.wait(10)
        self._reading.join(10)
        self._program.stdout.close()


class Footprint:
    """Memory, threads and file handles of this program and the processes that it has started."""

    def __init__(self, without=()):
        self._without = set(without)
        self.samples = []

    def take(self):
        this = psutil.Process()
        programs = [this, *self._others(this)]
        self.samples.append(
            {
                "at_s": time.monotonic(),
                "memory_mb": sum(program.memory_info().rss for program in programs) / 2**20,
                "threads": sum(program.num_threads() for program in programs),
                "files": sum(program.num_fds() for program in programs),
            }
        )

    def _others(self, this):
        return [one for one in this.children(recursive=True) if one.pid not in self._without]

    def report(self):
        """How much there was early and late, and what counts were seen between."""
        names = ("memory_mb", "threads", "files")
        return {
            **{f"{name}_early_late": self._ends(name) for name in names},
            "threads_seen": self._seen("threads"),
            "files_seen": self._seen("files"),
        }

    def _ends(self, name):
        """Its middle in the second tenth of the time and in the last."""
        tenth = max(1, len(self.samples) // 10)
        values = [sample[name] for sample in self.samples]
        parts = values[tenth : 2 * tenth] or values, values[-tenth:]
        return [round(sorted(part)[len(part) // 2], 1) for part in parts]

    def _seen(self, name):
        """The least and the most after the first tenth: a count that looks opens a file itself."""
        values = [sample[name] for sample in self.samples[len(self.samples) // 10 :]]
        return [min(values), max(values)]
