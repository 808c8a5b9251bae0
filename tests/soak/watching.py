"""The sender as a program, and the window that watches it."""

import json
import subprocess
import sys
import threading
import time
from pathlib import Path
from statistics import median

import psutil

ROOT = Path(__file__).parents[2]
PATIENCE_S = 60.0
WARM_UP = 0.1
"""Share of the time in which caches fill and whatever is needed only at the start is let go."""


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
                "own_threads": threading.active_count(),
                "files": sum(program.num_fds() for program in programs),
            }
        )

    def _others(self, this):
        return [one for one in this.children(recursive=True) if one.pid not in self._without]

    def report(self):
        """Memory early and late, and the least and the most threads and files, all once warm."""
        warm = self.samples[max(1, round(WARM_UP * len(self.samples))) :] or self.samples
        tenth = max(1, len(warm) // 10)
        memory_mb = [sample["memory_mb"] for sample in warm]
        return {
            "memory_mb_early_late": [
                round(median(part), 1) for part in (memory_mb[:tenth], memory_mb[-tenth:])
            ],
            "threads_least_most": _ends(warm, "threads"),
            "own_threads_least_most": _ends(warm, "own_threads"),
            "files_least_most": _ends(warm, "files"),
        }


def _ends(samples, name):
    values = [sample[name] for sample in samples]
    return [min(values), max(values)]
