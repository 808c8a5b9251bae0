"""The loop that trains LMSF-A: resumable after every epoch, the same result for the same recipe."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, replace
from pathlib import Path

import torch
from torch import Tensor
from torch.utils.data import DataLoader
from tqdm import tqdm

from lmsfa.card import ClassSpec, ModelCard
from lmsfa.checkpoint import save_weights
from lmsfa.data.annotated import AnnotatedSet
from lmsfa.data.dataset import Example, TrainingSet, collate
from lmsfa.errors import InputError
from lmsfa.models.detection import INPUT_MULTIPLE_PX
from lmsfa.models.families import family_of
from lmsfa.training.batch import Batch
from lmsfa.training.interrupt import Interrupt, ignore_in_worker
from lmsfa.training.losses import losses
from lmsfa.training.optimizer import make_average, make_optimizer, make_schedule
from lmsfa.training.recipe import Recipe
from lmsfa.training.state import load_state, save_state

STATE_FILE = "last.safetensors"
WEIGHTS_FILE = "weights.safetensors"
RESULTS_FILE = "results.jsonl"

_log = logging.getLogger(__name__)


class TrainingError(InputError):
    """A training cannot go on. One line with what to do."""


class Trainer:
    """One training: data, network and optimiser, from the first epoch to weights and card.

    Args:
        dataset: what to learn; its classes become the model's, in the set's order.
        output: folder of state, results and weights.
        recipe: how.
        device: "auto" (a GPU where torch finds one), "cpu", "cuda" or "cuda:N".
        command: the command line that started this, for the card.
    """

    def __init__(
        self, dataset: AnnotatedSet, output: Path, recipe: Recipe, device: str, command: str
    ) -> None:
        torch.manual_seed(recipe.seed)
        self.dataset, self.output, self.recipe, self.command = dataset, output, recipe, command
        self.device = _usable(device)
        self.family = family_of(recipe.model)
        config = self.family.config(classes=len(dataset.classes))
        self.network = self.family.make(config).to(self.device)
        self.network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch's stub lacks it
        # What a card would refuse is refused now, not after the last epoch.
        self._card()
        samples = dataset.in_split("train")
        self.set = TrainingSet(dataset, samples, recipe.size_px, recipe.seed)
        self.steps_per_epoch = max(1, len(self.set) // recipe.batch)
        self.optimizer = make_optimizer(self.network, recipe)
        self.average = make_average(self.network, recipe)

    def train(self, *, resume: bool) -> ModelCard:
        """Trains to the end; writes weights and card, which is returned.

        Raises:
            TrainingError: a loss is not a number, or the folder holds another training.
            KeyboardInterrupt: Ctrl-C, between two steps; the last whole epoch's state is on disk.
            CheckpointError: the state to resume is of another recipe.
        """
        self._claim_output(resume=resume)
        state = self.output / STATE_FILE
        done = 0
        if resume and state.is_file():
            done = load_state(state, self.network, self.average, self.optimizer, self.recipe)
        schedule = make_schedule(
            self.optimizer, self.recipe, self.steps_per_epoch, done * self.steps_per_epoch
        )
        self._keep_results(done)
        with Interrupt() as interrupt:
            for epoch in range(done, self.recipe.epochs):
                started = time.monotonic()
                figures = self._epoch(epoch, schedule, interrupt)
                self._log_epoch(epoch, figures, time.monotonic() - started)
                save_state(
                    state,
                    self.network,
                    self.average,
                    self.optimizer,
                    recipe=self.recipe,
                    epoch=epoch + 1,
                )
        return save_weights(self.average.module, self._card(), self.output / WEIGHTS_FILE)

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

    def _epoch(
        self, epoch: int, schedule: torch.optim.lr_scheduler.LambdaLR, interrupt: Interrupt
    ) -> dict[str, float]:
        plain = epoch >= self.recipe.epochs - self.recipe.plain_epochs
        self.set.start_epoch(epoch, 0.0 if plain else self.recipe.mosaic_chance)
        self.network.train()
        sums: dict[str, Tensor] = {}
        label = f"epoch {epoch + 1}/{self.recipe.epochs}"
        for batch in tqdm(self._batches(epoch), label, self.steps_per_epoch, leave=False):
            interrupt.check()
            parts = self._step(batch.to(self.device))
            schedule.step()
            for name, value in parts.items():
                sums[name] = sums.get(name, torch.zeros((), device=self.device)) + value
        figures = {name: float(value) / self.steps_per_epoch for name, value in sums.items()}
        rate = float(schedule.get_last_lr()[0])
        return figures | {"loss": sum(figures.values()), "learning_rate": rate}

    def _batches(self, epoch: int) -> Iterator[Batch]:
        order = torch.Generator().manual_seed(self.recipe.seed * 100_003 + epoch)
        loader: DataLoader[Example] = DataLoader(
            self.set,
            self.recipe.batch,
            shuffle=True,
            generator=order,
            drop_last=len(self.set) >= self.recipe.batch,
            num_workers=1,
            collate_fn=collate,
            worker_init_fn=ignore_in_worker,
            pin_memory=self.device.type == "cuda",
        )
        yield from loader

    def _step(self, batch: Batch) -> dict[str, Tensor]:
        self.optimizer.zero_grad(set_to_none=True)
        rgb = batch.rgb.to(memory_format=torch.channels_last).float() / 255
        with self._autocast():
            logits = self.network.training_logits(rgb)
        parts = losses(logits, batch, self.recipe.weights)
        loss = torch.stack(list(parts.values())).sum()
        if not torch.isfinite(loss):
            shown = ", ".join(
                f"{name} {float(value.detach()):.3g}" for name, value in parts.items()
            )
            raise TrainingError(f"the loss is not a number ({shown}); lower the learning rate")
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), self.recipe.clip_norm)
        self.optimizer.step()
        self.average.update_parameters(self.network)
        return {name: value.detach() for name, value in parts.items()}

    def _autocast(self) -> AbstractContextManager[object]:
        # bf16 needs no loss scaling; processors without it would only be slowed down.
        if self.device.type == "cuda" or torch.cpu.get_capabilities().get("avx512_bf16"):
            return torch.autocast(self.device.type, torch.bfloat16)
        return nullcontext()

    def _keep_results(self, done: int) -> None:
        path = self.output / RESULTS_FILE
        kept = path.read_text(encoding="utf-8").splitlines()[:done] if path.is_file() else []
        path.write_text("".join(f"{line}\n" for line in kept), encoding="utf-8")

    def _log_epoch(self, epoch: int, figures: dict[str, float], took_s: float) -> None:
        row = {"epoch": epoch + 1, **{key: round(value, 6) for key, value in figures.items()}}
        row["seconds"] = round(took_s, 1)
        with (self.output / RESULTS_FILE).open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")
        _log.info("epoch %d: loss %.3f in %.0f s", epoch + 1, figures["loss"], took_s)

    def _card(self) -> ModelCard:
        names = tuple(entry.name for entry in self.dataset.classes)
        return ModelCard(
            system=self.recipe.model,
            name=f"{self.family.title} {self.dataset.name}",
            classes=tuple(
                ClassSpec(entry.name, entry.colour, entry.role) for entry in self.dataset.classes
            ),
            draw_priority=names,
            input_size_px=self.recipe.size_px,
            input_multiple_px=INPUT_MULTIPLE_PX,
            score_threshold=0.4,
            nms_iou=0.6,
            training_domain=self.dataset.name,
            architecture=asdict(self.network.config),
            metrics={},
            licence=self.dataset.licence,
            attribution=self.dataset.attribution,
            command=self.command,
        )


def _usable(device: str) -> torch.device:
    """The device, if this machine has it; an InputError in one line if not."""
    kind, _, number = device.partition(":")
    if device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if device == "cpu":
        return torch.device(device)
    if kind != "cuda" or not (number.isdecimal() or device == "cuda"):
        raise InputError(f"device must be auto, cpu, cuda or cuda:N, got {device!r}")
    if int(number or 0) >= torch.cuda.device_count():
        raise InputError(f"device {device}: torch finds no such CUDA device here; use cpu")
    return torch.device(device)


def scaled(recipe: Recipe, **changes: int | str | float) -> Recipe:
    """`recipe` with fields replaced; short trainings keep half their epochs with mosaic."""
    changed = replace(recipe, **changes)  # type: ignore[arg-type]
    return replace(changed, plain_epochs=min(changed.plain_epochs, changed.epochs // 2))
