"""`train`: from annotated pictures to weights, resumable after every epoch."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path
from typing import TYPE_CHECKING

from lmsfa.commands.data_options import add_activities, add_data, open_activities, open_data
from lmsfa.errors import InputError
from lmsfa.evaluation.tables import evaluation_table

if TYPE_CHECKING:
    from lmsfa.card import ModelCard
    from lmsfa.data.annotated import AnnotatedSet
    from lmsfa.data.splits.record import Splits
    from lmsfa.training.loop import Trainer

_log = logging.getLogger(__name__)


def add(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments."""
    parser.set_defaults(
        run=_run,
        after_stop="; the same command with --resume goes on after the last finished epoch",
    )
    add_data(parser)
    add_activities(parser)
    parser.add_argument("--splits", type=Path, metavar="FILE", help="instead of the set's own")
    parser.add_argument(
        "--force-leak", action="store_true", help="accept leaks; the model card will name them"
    )
    parser.add_argument("--output", type=Path, required=True, help="folder for state and weights")
    parser.add_argument(
        "--preset", default="best", help="quick, best, or a paper's: peld, hrmedseg, endoarss"
    )
    _add_changes(parser)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seeds", type=int, metavar="N", help="train seeds 0 to N - 1 in turn")
    parser.add_argument(
        "--init",
        type=Path,
        help="weights to start from, of any classes, of this model or of a larger one",
    )
    parser.add_argument(
        "--teacher",
        type=Path,
        metavar="WEIGHTS",
        help="trained weights of the same classes, whose answers are learned besides the truth",
    )
    parser.add_argument(
        "--features-of",
        dest="features",
        metavar="TEACHER",
        help="an .onnx encoder or module:callable: hrmedseg's encoder learns its features, and "
        "nothing else; the weights are for --init",
    )
    parser.add_argument(
        "--encoder",
        type=Path,
        metavar="FILE",
        help="DINOv2's weights (.safetensors) for endoarss; they stay as they are",
    )
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:N")
    parser.add_argument(
        "--part-size", type=int, metavar="N", help="pictures at a time, where memory is short"
    )
    parser.add_argument("--record", type=Path, metavar="FILE", help="add a line of figures to it")
    parser.add_argument(
        "--variant", default="", metavar="TEXT", help="what was tried, for --record"
    )
    parser.add_argument("--resume", action="store_true", help="go on where OUTPUT was left")


def _add_changes(parser: argparse.ArgumentParser) -> None:
    """What may differ from the preset."""
    changes = parser.add_argument_group("instead of the preset's")
    changes.add_argument(
        "--model", help="lmsfa, lmsfa_small, hrmedseg, endoarss, or yolo_baseline, the control"
    )
    changes.add_argument("--size", dest="size_px", type=int, help="side of the input, pixels")
    changes.add_argument("--epochs", type=int)
    changes.add_argument("--batch", type=int, help="pictures a step")
    changes.add_argument("--optimizer", choices=("adam", "adamw", "sgd"))
    changes.add_argument("--lr", dest="learning_rate", type=float, help="peak learning rate")
    changes.add_argument(
        "--spoil",
        dest="spoil_chance",
        type=float,
        metavar="CHANCE",
        help="of a picture being spoilt by made smoke, blood, glare, blur, noise or low light",
    )
    changes.add_argument(
        "--learn",
        dest="learns",
        choices=("all", "activity"),
        help="activity: from --init on, only what tells it learns, and of every patient each "
        "activity is seen as often as any other",
    )
    changes.add_argument(
        "--patience",
        dest="patience_epochs",
        type=int,
        metavar="N",
        help="stop when the validation loss has not fallen for N epochs",
    )


CHANGES = (
    "model",
    "size_px",
    "epochs",
    "batch",
    "optimizer",
    "learning_rate",
    "spoil_chance",
    "patience_epochs",
    "learns",
)


def _run(options: argparse.Namespace) -> None:
    from lmsfa.training.loop import Trainer
    from lmsfa.training.presets import preset
    from lmsfa.training.processes import Processes

    changes = {name: getattr(options, name) for name in CHANGES}
    given = {name: value for name, value in changes.items() if value is not None}
    processes = Processes(options.device)
    dataset, splits = _split_data(options)
    activities = open_activities(options, dataset)

    def train(seed: int, output: Path) -> None:
        trainer = Trainer(
            dataset,
            output,
            preset(options.preset, seed=seed, **given),
            processes,
            command=options.command_line,
            init=options.init,
            teacher=options.teacher,
            features=options.features,
            encoder=options.encoder,
            splits=splits,
            activities=activities,
            part_size=options.part_size,
        )
        card = trainer.train(resume=options.resume)
        if processes.first:
            print(f"{trainer.weights} {card.sha256}")
            _conclude(options, trainer, card)

    # A call a seed: pictures and optimiser of one are gone before the next one's come.
    for seed, output in _seeds(options):
        train(seed, output)


def _conclude(options: argparse.Namespace, trainer: Trainer, card: ModelCard) -> None:
    from lmsfa.training.conclusion import VALIDATION, conclude
    from lmsfa.training.experiments import experiment_row, record

    dataset = trainer.dataset
    if trainer.features:
        _log.info(
            "only features were learned, and nothing was judged: train on from these weights by "
            "--init"
        )
        return
    if not dataset.splits.get(VALIDATION):
        _log.warning("note: no pictures in a split %r: the weights were not judged", VALIDATION)
        return
    report = conclude(trainer, card)
    print(evaluation_table({"data": dataset.name, "split": VALIDATION, **report}))
    if options.record:
        protocol = ", ".join([options.preset, *_changed(options), dataset.name, VALIDATION])
        command = options.command_line
        record(
            experiment_row(trainer.recipe, options.variant, protocol, report, command),
            options.record,
        )


def _changed(options: argparse.Namespace) -> list[str]:
    """What makes a training another one than its preset's, but for model and seed."""
    names = [
        name
        for name in (*CHANGES, "init", "teacher", "features", "encoder", "splits", "activities")
        if name != "model"
    ]
    given = {name: getattr(options, name) for name in names}
    return [f"{name} {value}" for name, value in given.items() if value is not None]


def _split_data(options: argparse.Namespace) -> tuple[AnnotatedSet, Splits]:
    from lmsfa.data.splits.own import own_splits
    from lmsfa.data.splits.record import apply, read_splits, without_leaks

    dataset = open_data(options)
    if options.splits:
        splits = read_splits(options.splits)
        splits = without_leaks(dataset, splits, force=options.force_leak)
    elif dataset.splits:
        splits = own_splits(dataset, force=options.force_leak)
    else:
        raise InputError(
            f"{options.data}: says of no picture whether it is for training; "
            "write a file by `python -m lmsfa data split` and give it as --splits"
        )
    for warning in splits.warnings:
        _log.warning("note: %s", warning)
    return apply(dataset, splits), splits


def _seeds(options: argparse.Namespace) -> list[tuple[int, Path]]:
    if options.seeds is None:
        return [(options.seed, options.output)]
    if options.seeds < 1:
        raise InputError(f"--seeds must be at least 1, got {options.seeds}")
    return [(seed, options.output / f"seed-{seed}") for seed in range(options.seeds)]
