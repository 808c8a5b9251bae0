"""`info`: parameters and operations of a network."""

from __future__ import annotations

import argparse
import json
from copy import deepcopy
from pathlib import Path

from lmsfa.card import check_input_size
from lmsfa.tables import info_line


def add(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments."""
    parser.set_defaults(run=_run)
    parser.add_argument(
        "--model", default="lmsfa", help="lmsfa, lmsfa_small, or yolo_baseline, the control"
    )
    parser.add_argument("--weights", type=Path, help="instead of a default network")
    parser.add_argument("--size", type=int, default=640, help="side of the network input, pixels")
    parser.add_argument("--json", action="store_true")


def _run(options: argparse.Namespace) -> None:
    from lmsfa.backends.graph import load_network
    from lmsfa.complexity import gflops, parameters
    from lmsfa.models.families import family_of
    from lmsfa.rewrites.rewritten import rewrite

    if options.weights:
        network, card = load_network(options.weights)
        model = card.system
    else:
        model, family = options.model, family_of(options.model)
        network = family.make(family.config)
    check_input_size(options.size, network.input_multiple_px)
    network.fuse()
    run = rewrite(deepcopy(network))
    report = {
        "model": model,
        "parameters": parameters(network),
        "gflops": round(gflops(network, options.size), 3),
        "gflops_as_run": round(gflops(run, options.size), 3),
        "size": options.size,
        "classes": network.config.classes,
    }
    print(json.dumps(report, indent=2) if options.json else info_line(report))
