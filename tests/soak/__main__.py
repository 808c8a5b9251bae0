"""Runs the long trials and writes what they found as JSON.

    python -m tests.soak --output docs/measurements [--larynx FOLDER] [--share 1]

Whole they take forty minutes; `--share 0.02` runs a fiftieth of each. Where there is no display
windows are drawn into memory.
"""

import argparse
import json
import time
from pathlib import Path

from lmsfa import __version__
from lmsfa.notice import RESEARCH_NOTICE
from tests.off_screen import draw_into_memory_without_display
from tests.soak.alarms import false_alarms
from tests.soak.faults import suffer_faults
from tests.soak.steady import steady

STEADY_S = ALARMS_S = 20 * 60
FAULTS = 200


def main():
    """Reads the arguments; exits with 1 where a bound was not kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--larynx", type=Path, help="folder of the larynx set, for false alarms")
    parser.add_argument("--share", type=float, default=1.0)
    parser.add_argument("--only", choices=("steady", "faults", "alarms"))
    options = parser.parse_args()
    draw_into_memory_without_display()
    trials = {
        "steady": lambda: steady(STEADY_S * options.share),
        "faults": lambda: suffer_faults(max(1, round(FAULTS * options.share))),
        "alarms": lambda: false_alarms(ALARMS_S * options.share, options.larynx),
    }
    if options.larynx is None:
        print("alarms: left out, --larynx names no folder")
        del trials["alarms"]
    kept = [
        run(name, trials[name], options.output) for name in trials if options.only in (None, name)
    ]
    raise SystemExit(0 if all(kept) else 1)


def run(name, trial, output):
    """Runs one trial, writes its figures and says whether every bound was kept."""
    found = trial()
    kept = found["kept"] if isinstance(found["kept"], bool) else all(found["kept"].values())
    said = {
        "finished": time.strftime("%Y-%m-%d"),
        "version": __version__,
        "notice": RESEARCH_NOTICE,
    }
    output.mkdir(parents=True, exist_ok=True)
    (output / f"soak-{name}.json").write_text(json.dumps({**said, **found}, indent=2) + "\n")
    print(f"{name}: {'kept' if kept else 'NOT KEPT'}, {output / f'soak-{name}.json'}", flush=True)
    return kept


if __name__ == "__main__":
    main()
