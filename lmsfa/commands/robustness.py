"""`robustness`: mask AP under made glare, blood, smoke, blur, noise and low light."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from lmsfa.commands.data_options import add_data, open_data
from lmsfa.commands.runtime_options import add_runtime
from lmsfa.errors import InputError

if TYPE_CHECKING:
    from lmsfa.evaluation.robustness import Robustness


def add(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments."""
    parser.set_defaults(run=_run)
    add_data(parser)
    parser.add_argument("--split", default="val")
    parser.add_argument("--splits", type=Path, metavar="FILE", help="instead of the set's own")
    parser.add_argument("--weights", type=Path, required=True)
    add_runtime(parser)
    parser.add_argument(
        "--every", type=int, default=1, metavar="N", help="take each N-th picture; 31 answers each"
    )
    parser.add_argument(
        "--sheet", type=Path, metavar="FILE", help="PNG: the first picture in every corruption"
    )
    parser.add_argument("--json", action="store_true")


def _run(options: argparse.Namespace) -> None:
    from lmsfa.data.splits.record import apply, read_splits
    from lmsfa.evaluation.answers import load_whole_curve
    from lmsfa.evaluation.robustness import judge_robustness

    if options.every < 1:
        raise InputError(f"--every must be at least 1, got {options.every}")
    dataset = open_data(options)
    if options.splits:
        dataset = apply(dataset, read_splits(options.splits))
    samples = dataset.in_split(options.split)[:: options.every]
    if options.sheet:
        _draw_sheet(samples[0].frame_path, options.sheet)
    engine = load_whole_curve(options.weights, options.runtime, options.threads)
    found = judge_robustness(engine, dataset, samples)
    engine.close()
    report = {"data": dataset.name, "split": options.split, **found.as_json()}
    print(json.dumps(report, indent=2) if options.json else _table(dataset.name, found))


def _draw_sheet(picture: Path, output: Path) -> None:
    import cv2

    from lmsfa.data.pictures import read_rgb
    from lmsfa.evaluation.robustness import contact_sheet

    sheet = cv2.cvtColor(contact_sheet(read_rgb(picture)), cv2.COLOR_RGB2BGR)
    try:
        output.write_bytes(cv2.imencode(".png", sheet)[1].tobytes())
    except OSError as error:
        raise InputError(f"{output}: cannot be written ({error.strerror})") from None


def _table(name: str, found: Robustness) -> str:
    from lmsfa.data.corruptions import CORRUPTIONS, LEVELS
    from lmsfa.evaluation.tables import columns, share

    rows = [["AP50 / AP", *(f"level {level}" for level in LEVELS), "AP kept"]]
    for corruption in CORRUPTIONS:
        cells = [f"{share(row.mask_ap50)} / {share(row.mask_ap)}" for row in found.of(corruption)]
        rows.append([corruption, *cells, share(found.retention(corruption))])
    return (
        f"{name}, {found.images} pictures; clean: AP50 {share(found.clean_ap50)}, "
        f"AP {share(found.clean_ap)}\n{columns(rows)}\n"
        f"AP kept, mean over all: {share(found.retention())}"
    )
