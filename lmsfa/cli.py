"""`python -m lmsfa train | evaluate | predict | info | export`."""

from __future__ import annotations

import argparse
import json
import logging
import shlex
import sys
from pathlib import Path

from lmsfa.card import check_input_size
from lmsfa.data.opening import open_dataset
from lmsfa.errors import InputError
from lmsfa.tables import evaluation_table, info_line, instance_lines

INTERRUPTED = 130
"""What shells report for a program that Ctrl-C ended."""


def main(arguments: list[str] | None = None) -> int:
    """Runs one command; bad input ends with one line on stderr and exit code 2."""
    given = sys.argv[1:] if arguments is None else arguments
    options = _parser().parse_args(given)
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    options.command_line = shlex.join(["python", "-m", "lmsfa", *given])
    try:
        options.run(options)
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"stopped{options.after_stop}", file=sys.stderr)
        return INTERRUPTED
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m lmsfa", description=__doc__)
    parser.set_defaults(after_stop="")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_train(commands.add_parser("train", help="train from scratch, or go on after a stop"))
    _add_info(commands.add_parser("info", help="parameters and operations"))
    _add_predict(commands.add_parser("predict", help="answer one picture"))
    _add_evaluate(commands.add_parser("evaluate", help="COCO mask metrics of a split"))
    _add_export(commands.add_parser("export", help="write a network for OpenVINO"))
    return parser


def _add_evaluate(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run=_evaluate)
    parser.add_argument("--data", type=Path, required=True, help="folder with dataset.json")
    parser.add_argument("--split", default="val")
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--runtime", default="auto")
    parser.add_argument(
        "--without", action="append", default=[], metavar="CLASS", help="also mean over the others"
    )
    parser.add_argument("--json", action="store_true")


def _evaluate(options: argparse.Namespace) -> None:
    from lmsfa.evaluate import EVALUATION_SCORE_THRESHOLD, evaluate
    from lmsfa.registry import load_engine

    dataset = open_dataset(options.data)
    samples = dataset.in_split(options.split)
    unknown = set(options.without) - {entry.name for entry in dataset.classes}
    if unknown:
        raise InputError(f"--without: {dataset.name} has no class {sorted(unknown)[0]!r}")
    engine = load_engine(options.weights, options.runtime, EVALUATION_SCORE_THRESHOLD)
    figures = evaluate(engine, dataset, samples)
    engine.close()
    report = {"data": dataset.name, "split": options.split, **figures.as_json()}
    if options.without:
        report["without"] = {"classes": options.without, **figures.without(options.without)}
    print(json.dumps(report, indent=2) if options.json else evaluation_table(report))


def _add_info(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run=_info)
    _add_model(parser)
    parser.add_argument("--weights", type=Path, help="instead of a default network")
    parser.add_argument("--size", type=int, default=640, help="side of the network input, pixels")
    parser.add_argument("--json", action="store_true")


def _info(options: argparse.Namespace) -> None:
    from lmsfa.backends.graph import load_network
    from lmsfa.complexity import gflops, parameters
    from lmsfa.models.detection import INPUT_MULTIPLE_PX
    from lmsfa.models.families import family_of

    check_input_size(options.size, INPUT_MULTIPLE_PX)
    if options.weights:
        network, card = load_network(options.weights)
        model = card.system
    else:
        model, family = options.model, family_of(options.model)
        network = family.make(family.config())
    network.fuse()
    report = {
        "model": model,
        "parameters": parameters(network),
        "gflops": round(gflops(network, options.size), 3),
        "size": options.size,
        "classes": network.config.classes,
    }
    print(json.dumps(report, indent=2) if options.json else info_line(report))


def _add_predict(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run=_predict)
    parser.add_argument("image", type=Path)
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True, help="PNG with the overlay")
    parser.add_argument("--runtime", default="auto")
    parser.add_argument("--overwrite", action="store_true", help="replace OUTPUT where it exists")
    parser.add_argument("--json", action="store_true", help="print the instances")


def _predict(options: argparse.Namespace) -> None:
    from lmsfa.picture import predict_picture

    report = predict_picture(
        options.image, options.weights, options.output, options.runtime, replace=options.overwrite
    )
    print(json.dumps(report, indent=2) if options.json else instance_lines(report))


def _add_export(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run=_export)
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True, help="file ending in .xml")
    parser.add_argument("--overwrite", action="store_true", help="replace OUTPUT where it exists")


def _export(options: argparse.Namespace) -> None:
    from lmsfa.export import export_openvino

    export_openvino(options.weights, options.output, replace=options.overwrite)


def _add_train(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(
        run=_train,
        after_stop="; the same command with --resume goes on after the last finished epoch",
    )
    parser.add_argument("--data", type=Path, required=True, help="folder with dataset.json")
    parser.add_argument("--output", type=Path, required=True, help="folder for state and weights")
    _add_model(parser)
    parser.add_argument("--size", type=int, default=320, help="side of the network input, pixels")
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--optimizer", choices=("adamw", "sgd"), default="adamw")
    parser.add_argument("--lr", type=float, default=1e-3, help="peak learning rate")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:N")
    parser.add_argument("--resume", action="store_true", help="go on where OUTPUT was left")


def _add_model(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", default="lmsfa", help="lmsfa, or yolo_baseline, the control")


def _train(options: argparse.Namespace) -> None:
    from lmsfa.training.loop import Trainer, scaled
    from lmsfa.training.recipe import Recipe

    recipe = scaled(
        Recipe(),
        model=options.model,
        size_px=options.size,
        epochs=options.epochs,
        batch=options.batch,
        optimizer=options.optimizer,
        learning_rate=options.lr,
        seed=options.seed,
    )
    dataset = open_dataset(options.data)
    trainer = Trainer(dataset, options.output, recipe, options.device, options.command_line)
    card = trainer.train(resume=options.resume)
    print(f"{options.output / 'weights.safetensors'} {card.sha256}")
