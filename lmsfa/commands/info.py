"""`info`: parameters and operations of a network."""

from __future__ import annotations

import argparse
import json
from copy import deepcopy
from pathlib import Path

from lmsfa.card import check_input_size
from lmsfa.commands.runtime_options import weights_of
from lmsfa.registry import SYSTEMS
from lmsfa.tables import info_line

DEFAULT = "lmsfa"


def add(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments."""
    parser.set_defaults(run=_run)
    parser.add_argument("--model", help=f"one of {', '.join(SYSTEMS)}; {DEFAULT} by default")
    parser.add_argument("--weights", type=Path, help="instead of a default network")
    parser.add_argument(
        "--size", type=int, help="side of the network input, pixels; the model's usual by default"
    )
    parser.add_argument("--json", action="store_true")


def _run(options: argparse.Namespace) -> None:
    from lmsfa.backends.graph import load_network
    from lmsfa.complexity import costs, gflops
    from lmsfa.models.families import family_of
    from lmsfa.palette import colour_lines
    from lmsfa.rewrites.rewritten import rewrite

    if options.weights:
        network, card = load_network(weights_of(options))
        model, family, colours = card.system, family_of(card.system), colour_lines(card)
    else:
        model = options.model or DEFAULT
        family = family_of(model)
        network, colours = family.make(family.config), ()
    size_px = family.size_px if options.size is None else options.size
    check_input_size(size_px, network.input_multiple_px)
    report = {
        "model": model,
        **costs(network, size_px),
        "gflops_as_run": round(gflops(rewrite(deepcopy(network)), size_px), 3),
        "size": size_px,
        "classes": network.config.classes,
        "colours": colours,
    }
    lines = [info_line(report), *colours]
    print(json.dumps(report, indent=2) if options.json else "\n".join(lines))
