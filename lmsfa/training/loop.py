"""The loop that trains a network: resumable after every epoch, the same recipe the same result."""

from __future__ import annotations

import hashlib
import json
import logging
import time
from collections.abc import Iterator
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.optim.lr_scheduler import LambdaLR
from torch.utils.data import DataLoader
from tqdm import tqdm

from lmsfa.card import ModelCard
from lmsfa.checkpoint import save_weights
from lmsfa.data.activities import Activities
from lmsfa.data.annotated import AnnotatedSet
from lmsfa.data.dataset import Example, TrainingSet, collate
from lmsfa.data.splits.grouping import BY_SEQUENCE
from lmsfa.data.splits.record import Splits
from lmsfa.models.blocks import MIN_BATCH_FOR_STATISTICS
from lmsfa.models.detection import InstanceNetwork
from lmsfa.models.endoarss import Endoarss, take_encoder
from lmsfa.models.families import family_of
from lmsfa.models.hrmedseg import Hrmedseg
from lmsfa.models.network import Network
from lmsfa.training.batch import Batch
from lmsfa.training.features import FeatureLoss, read_feature_teacher
from lmsfa.training.first_card import DERIVED, PRETRAINED, STAND_IN, Source, first_card
from lmsfa.training.initial import start_from
from lmsfa.training.interrupt import Interrupt, ignore_in_worker
from lmsfa.training.journal import Journal
from lmsfa.training.lessons import check_lessons
from lmsfa.training.optimizer import make_average, make_optimizer, make_schedule
from lmsfa.training.patience import Patience
from lmsfa.training.processes import Processes
from lmsfa.training.recipe import Recipe
from lmsfa.training.sampling import SharedBatches, balanced_shares
from lmsfa.training.shape import read_encoder, shape_for
from lmsfa.training.state import load_state, save_state
from lmsfa.training.step import LossModule, Stepper, TrainingError
from lmsfa.training.teacher import read_teacher

STATE_FILE = "last.safetensors"
WEIGHTS_FILE = "weights.safetensors"

_log = logging.getLogger(__name__)


class Trainer:
    """One training: data, network and optimiser, from the first epoch to weights and card.

    Args:
        dataset: what to learn; its classes become the model's, in the set's order.
        output: folder of state, results and weights; of several processes all must see it.
        recipe: how.
        processes: who trains together, and where.
        command: the command line that started this, for the card.
        splits: what `dataset` is split by, for the card.
        init: weights to start from; they may know other classes.
        teacher: weights whose answers are learned besides the truth; they know the same classes.
        features: what `read_feature_teacher` takes; nothing else is learned then.
        encoder: DINOv2's weights, frozen; without them a stand-in learns in its place.
        activities: what is being done in the pictures, for a network that tells it.
        part_size: pictures that go through the network at a time; the whole batch without it.
    """

    def __init__(
        self,
        dataset: AnnotatedSet,
        output: Path,
        recipe: Recipe,
        processes: Processes,
        *,
        command: str,
        splits: Splits,
        init: Path | None = None,
        teacher: Path | None = None,
        features: str | None = None,
        encoder: Path | None = None,
        activities: Activities | None = None,
        part_size: int | None = None,
    ) -> None:
        if part_size is not None and part_size < 1:
            raise TrainingError(f"the part size must be at least 1, got {part_size}")
        torch.manual_seed(recipe.seed)
        self.dataset, self.output, self.recipe, self.command = dataset, output, recipe, command
        self.processes, self.splits, self.activities = processes, splits, activities
        self.family = family_of(recipe.model)
        names = tuple(entry.name for entry in dataset.classes)
        self.encoder = read_encoder(encoder) if encoder else None
        self.network = self.family.make(
            shape_for(self.family, len(names), activities, self.encoder)
        )
        told = activities.names if activities else ()
        self.start = start_from(self.network, self.family, names, init, told) if init else None
        if self.start:
            shared = ", ".join((*self.start.classes, *self.start.activities)) or "none"
            _log.info("starts from %s; classes that both know: %s", init, shared)
        if self.encoder and isinstance(self.network, Endoarss):
            take_encoder(self.network, self.encoder.file)
        if recipe.learns == "activity":
            if not (init and isinstance(self.network, Endoarss)):
                raise TrainingError(
                    "the activity alone is learned from trained weights of endoarss on: give them "
                    "by --init"
                )
            self.network.leave_all_but_activity()
        if teacher and not isinstance(self.network, InstanceNetwork):
            raise TrainingError(
                f"{self.family.title} answers no instances that a teacher could tell"
            )
        self.teacher = read_teacher(teacher, names, processes.device) if teacher else None
        self.features = (
            read_feature_teacher(features, self.network, recipe.size_px, processes.device)
            if features
            else None
        )
        if recipe.batch < MIN_BATCH_FOR_STATISTICS and not init:
            _log.warning(
                "fewer than %d pictures a step teach the norms nothing: start from trained "
                "weights by --init, or take more",
                MIN_BATCH_FOR_STATISTICS,
            )
        self.network.to(processes.device, memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch's stub lacks it
        # What a card would refuse is refused now, not after the last epoch.
        self._card()
        self.set = TrainingSet(
            dataset,
            dataset.in_split("train"),
            recipe.size_px,
            recipe.seed,
            spoil_chance=recipe.spoil_chance,
            activities=activities,
        )
        # Features are learned from pictures that nobody has labelled, too.
        for note in () if self.features else check_lessons(self.set, activities):
            _log.warning("note: %s", note)
        self.shares = self._shares()
        self.patience = Patience.of(dataset, recipe, self._losses, activities)
        self.steps_per_epoch = max(1, len(self.set) // recipe.batch)
        self.optimizer = make_optimizer(self.network, recipe)
        self.average = make_average(self.network, recipe)
        teaching = self.teacher.network if self.teacher else None
        module = processes.join(self._losses(self.network, teaching))
        self.stepper = Stepper(module, processes, output, part_size or recipe.batch)

    @property
    def origin(self) -> dict[str, str]:
        """What it learns from, for the state: hashes of pictures' names and other weights."""
        names = {split: list(found) for split, found in self.dataset.splits.items()}
        digest = hashlib.sha256(json.dumps(names).encode()).hexdigest()
        origin = {"splits": digest}
        origin |= {part: source.weights for part, source in self._sources.items()}
        if self.activities:
            origin["activities"] = self.activities.digest
        return origin

    @property
    def _sources(self) -> dict[str, Source]:
        """Weights that have a part in it, by a key of `first_card.PARTS`."""
        known: dict[str, Source | None] = {
            "start": self.start,
            "teacher": self.teacher,
            "features": self.features,
            "encoder": self.encoder,
        }
        return {part: source for part, source in known.items() if source}

    @property
    def weights(self) -> Path:
        """The file that a finished training leaves."""
        return self.output / WEIGHTS_FILE

    def train(self, *, resume: bool) -> ModelCard:
        """Trains to the end; writes weights and card, which is returned.

        Raises:
            TrainingError: a loss is not a number, memory ran out, or the folder holds another
                training.
            KeyboardInterrupt: Ctrl-C, between two steps; the last whole epoch's state is on disk.
            CheckpointError: the state to resume is of another recipe, or the disk is full; the
                state of the epoch before is on disk.
        """
        if self.processes.count > 1 and self.processes.first:
            _log.info("%d processes train together", self.processes.count)
        self._claim_output(resume=resume)
        state = self.output / STATE_FILE
        done = 0
        if resume and state.is_file():
            done = load_state(
                state,
                self.network,
                self.average,
                self.optimizer,
                recipe=self.recipe,
                origin=self.origin,
            )
        schedule = make_schedule(
            self.optimizer, self.recipe, self.steps_per_epoch, done * self.steps_per_epoch
        )
        with Interrupt() as interrupt, Journal(self.output, done, self.processes) as journal:
            self.patience.remember(journal.rows)
            for epoch in range(done, self.recipe.epochs):
                if self.processes.as_the_first(self.patience.is_over()):
                    _log.info("stopped early: validation losses have not fallen any further")
                    break
                started = time.monotonic()
                figures = self._epoch(epoch, schedule, interrupt)
                figures |= self.patience.judge(
                    self.average.module, self.processes.device, self.stepper.part_size
                )
                journal.write(epoch + 1, figures, time.monotonic() - started)
                self.save(epoch + 1)
                # Asked for in the last step, too: nothing is lost by stopping here.
                interrupt.check()
        card = self._card()
        if self.processes.first:
            card = save_weights(self.average.module, card, self.weights)
        self.processes.wait()
        return card

    def save(self, epoch: int) -> None:
        """Writes the state after `epoch` epochs. Raises as `train`; the former state then stays."""
        if self.processes.first:
            save_state(
                self.output / STATE_FILE,
                self.network,
                self.average,
                self.optimizer,
                recipe=self.recipe,
                origin=self.origin,
                epoch=epoch,
            )

    def _claim_output(self, *, resume: bool) -> None:
        found = [name for name in (STATE_FILE, WEIGHTS_FILE) if (self.output / name).exists()]
        if found and not resume:
            raise TrainingError(
                f"{self.output}: holds another training ({found[0]}); "
                "go on with it by --resume, or choose another folder"
            )
        if found == [WEIGHTS_FILE]:
            raise TrainingError(
                f"{self.output}: holds weights but no {STATE_FILE} to resume from; "
                "choose another folder"
            )
        try:
            self.output.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise TrainingError(
                f"{self.output}: no folder to write to ({error.strerror})"
            ) from None
        # No process writes before every one has looked.
        self.processes.wait()

    def _epoch(self, epoch: int, schedule: LambdaLR, interrupt: Interrupt) -> dict[str, float]:
        plain = epoch >= self.recipe.epochs - self.recipe.plain_epochs
        self.set.start_epoch(epoch, 0.0 if plain else self.recipe.mosaic_chance)
        self.network.train()
        sums: dict[str, Tensor] = {}
        label = f"epoch {epoch + 1}/{self.recipe.epochs}"
        hidden = None if self.processes.first else True
        batches = tqdm(
            self._batches(epoch), label, self.steps_per_epoch, leave=False, disable=hidden
        )
        for batch in batches:
            interrupt.check()
            parts = self._step(batch.to(self.processes.device))
            schedule.step()
            for name, value in parts.items():
                sums[name] = sums.get(name, 0) + value
        figures = {name: float(value) / self.steps_per_epoch for name, value in sums.items()}
        rate = float(schedule.get_last_lr()[0])
        return figures | {"loss": sum(figures.values()), "learning_rate": rate}

    def _batches(self, epoch: int) -> Iterator[Batch]:
        order = torch.Generator().manual_seed(self.recipe.seed * 100_003 + epoch)
        loader: DataLoader[Example] = DataLoader(
            self.set,
            batch_sampler=SharedBatches(
                len(self.set), self.recipe.batch, order, self.processes, self.shares
            ),
            generator=order,
            num_workers=1,
            collate_fn=collate,
            worker_init_fn=ignore_in_worker,
            pin_memory=self.processes.device.type == "cuda",
        )
        yield from loader

    def _step(self, batch: Batch) -> dict[str, Tensor]:
        parts = self.stepper.gather(batch)
        norm = torch.nn.utils.clip_grad_norm_(self.network.parameters(), self.recipe.clip_norm)
        if not torch.isfinite(norm):
            self.stepper.give_up(batch, parts)
        self.optimizer.step()
        self.average.update_parameters(self.network)
        return parts

    def _losses(self, network: nn.Module, teacher: InstanceNetwork | None = None) -> nn.Module:
        """What `network`, this training's or an average of it, is judged by."""
        if self.features and isinstance(network, Hrmedseg):
            return FeatureLoss(network, self.features.encode)
        assert isinstance(network, Network)
        return LossModule(network, self.recipe.weights, teacher)

    def _shares(self) -> Tensor | None:
        """How often each picture is drawn; None where each comes once an epoch."""
        if self.recipe.learns != "activity":
            return None
        groups = [
            self.splits.groups.get(sample.name, "") for sample in self.dataset.in_split("train")
        ]
        if self.splits.grouped_by == BY_SEQUENCE:
            # Sequences are named by the patient first.
            groups = [group.partition("/")[0] for group in groups]
        return balanced_shares([activity for _, activity in self.set.contents], groups)

    def _shows_only(self) -> Iterator[str]:
        """Why the weights will only show how such a system works, a sentence each."""
        if self.features:
            yield PRETRAINED
        if isinstance(self.network, Endoarss) and not self.encoder:
            yield STAND_IN
        if self.activities and self.activities.derived:
            yield DERIVED

    def _card(self) -> ModelCard:
        return first_card(
            self.network,
            self.recipe,
            self.dataset,
            self.splits,
            command=self.command,
            sources=self._sources,
            activities=self.activities,
            shows_only=self._shows_only(),
        )
