"""Semantic networks in the training loop: what they lose, what their card says, what is refused."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from tiny_semantic import TinyConfig, TinySemantic, TinyWatchingConfig

from lmsfa.card import read_card, sha256_of
from lmsfa.checkpoint import CheckpointError, read_tensors
from lmsfa.cli import main
from lmsfa.data.activities import activities_from
from lmsfa.data.annotated import AnnotatedSet, Annotation, Sample
from lmsfa.data.dataset import TrainingSet, collate
from lmsfa.data.opening import open_dataset
from lmsfa.data.splits.lists import splits_from_lists
from lmsfa.errors import InputError
from lmsfa.models import families
from lmsfa.models.dinov2 import Dinov2, Dinov2Config
from lmsfa.models.dinov2_files import TIMM, read_dinov2
from lmsfa.models.families import Family
from lmsfa.models.semantic import SemanticLogits
from lmsfa.training.batch import Batch
from lmsfa.training.first_card import DERIVED, STAND_IN
from lmsfa.training.loop import Trainer
from lmsfa.training.losses import LossWeights, semantic_truth
from lmsfa.training.optimizer import make_optimizer, make_schedule
from lmsfa.training.presets import PRESETS, preset
from lmsfa.training.processes import Processes
from lmsfa.training.semantic_losses import semantic_losses

WATCHED = "present:dark disc"


@pytest.fixture(autouse=True)
def _tiny_systems(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, config in (("tiny", TinyConfig()), ("tiny_watching", TinyWatchingConfig())):
        monkeypatch.setitem(families.FAMILIES, name, Family(name, config, TinySemantic))


def _batch(root: Path) -> Batch:
    dataset = open_dataset(root)
    pictures = TrainingSet(dataset, dataset.in_split("train"), 96, 0)
    pictures.start_epoch(0, 0.0, augment=False)
    batch = collate([pictures[0], pictures[1]])
    # Whole cells, so that right maps can be exactly right.
    return replace(batch, masks=(batch.masks >= 128) * 255)


def _right(batch: Batch) -> torch.Tensor:
    return (semantic_truth(batch, 2) - 0.5) * 40


def test_right_maps_lose_nearly_nothing_and_wrong_ones_much(shapes_dataset: Path) -> None:
    batch = _batch(shapes_dataset)
    right = semantic_losses(SemanticLogits(_right(batch)), batch, LossWeights())
    wrong = semantic_losses(SemanticLogits(-_right(batch)), batch, LossWeights())
    assert set(right) == {"dice", "focal"}
    for name in right:
        assert right[name] < 0.02 * wrong[name], name


def test_void_and_unknown_activities_carry_no_loss(shapes_dataset: Path) -> None:
    batch = _batch(shapes_dataset)
    void = replace(batch, known=batch.known * 0)
    logits = SemanticLogits(torch.randn(2, 2, 24, 24), torch.randn(2, 3))
    parts = semantic_losses(logits, void, LossWeights())
    assert [parts[name].item() for name in ("dice", "focal", "activity")] == [0, 0, 0]
    one = replace(batch, activities=torch.tensor([-1, 2]))
    expected = -logits.activities.log_softmax(1)[1, 2]
    assert semantic_losses(logits, one, LossWeights())["activity"] == pytest.approx(expected)


def test_one_class_and_pictures_without_it_train(shapes_dataset: Path) -> None:
    batch = _batch(shapes_dataset)
    nothing = replace(batch, classes=torch.full_like(batch.classes, -1))
    maps = torch.zeros(2, 1, 24, 24, requires_grad=True)
    parts = semantic_losses(SemanticLogits(maps), nothing, LossWeights())
    torch.stack(list(parts.values())).sum().backward()
    assert parts["dice"] == 0
    assert maps.grad.isfinite().all()
    assert (maps.grad.sum((1, 2, 3)) > 0).all()


def _every_other_disc(root: Path) -> AnnotatedSet:
    dataset = open_dataset(root)

    def load(sample: Sample) -> Annotation:
        found = dataset.load(sample)
        squares = tuple(shape for shape in found.shapes if shape.class_id == 0)
        return replace(found, shapes=squares) if sample.name[-5] in "13579" else found

    return replace(dataset, load=load)


def _trainer(root: Path, output: Path, model: str, rule: str | None = None, **more) -> Trainer:
    dataset = _every_other_disc(root)
    recipe = preset("quick", model=model, size_px=96, epochs=more.pop("epochs", 2), batch=4)
    return Trainer(
        dataset,
        output,
        recipe,
        Processes("cpu"),
        command="test",
        splits=splits_from_lists(dataset, dataset.splits),
        activities=activities_from(rule, dataset) if rule else None,
        **more,
    )


def _losses(output: Path) -> list[float]:
    lines = (output / "results.jsonl").read_text().splitlines()
    return [json.loads(line)["loss"] for line in lines]


def test_a_stopped_training_goes_on_to_the_same_weights(
    shapes_dataset: Path, tmp_path: Path
) -> None:
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    _trainer(shapes_dataset, whole, "tiny_watching", WATCHED).train(resume=False)

    class Stopped(Trainer):
        def save(self, epoch: int) -> None:
            super().save(epoch)
            raise KeyboardInterrupt

    trainer = _trainer(shapes_dataset, broken, "tiny_watching", WATCHED)
    trainer.__class__ = Stopped
    with pytest.raises(KeyboardInterrupt):
        trainer.train(resume=False)
    card = _trainer(shapes_dataset, broken, "tiny_watching", WATCHED).train(resume=True)
    assert _losses(broken) == pytest.approx(_losses(whole), rel=1e-4)
    assert _losses(whole)[1] < _losses(whole)[0]
    assert card.system == "tiny_watching"
    assert card.activities == ("dark disc in view", "no dark disc in view")
    assert card.demonstration == DERIVED
    assert (card.nms_iou, card.score_threshold, card.input_multiple_px) == (1.0, 0.5, 16)
    assert read_card(broken / "weights.json") == card


def test_a_stopped_training_does_not_go_on_with_other_activities(
    shapes_dataset: Path, tmp_path: Path
) -> None:
    _trainer(shapes_dataset, tmp_path, "tiny_watching", WATCHED, epochs=1).train(resume=False)
    (tmp_path / "a.csv").write_text("train/000.png,cut\ntrain/001.png,burn\n")
    table = str(tmp_path / "a.csv")
    other = _trainer(shapes_dataset, tmp_path, "tiny_watching", table, epochs=1)
    with pytest.raises(CheckpointError, match="on other pictures"):
        other.train(resume=True)


def test_weights_start_those_of_other_activities(shapes_dataset: Path, tmp_path: Path) -> None:
    first = _trainer(shapes_dataset, tmp_path / "first", "tiny_watching", WATCHED, epochs=1)
    first.train(resume=False)
    table = tmp_path / "activities.csv"
    lines = ["train/000.png,cut", "train/001.png,burn", "train/002.png,dark disc in view"]
    table.write_text("\n".join(lines) + "\n")
    second = _trainer(
        shapes_dataset, tmp_path / "second", "tiny_watching", str(table), init=first.weights
    )
    assert second.activities.names == ("burn", "cut", "dark disc in view")
    assert second.start.activities == ("dark disc in view",)
    theirs = read_tensors(first.weights)["activities.weight"]
    ours = second.network.activities.weight
    assert torch.equal(ours[2], theirs[0])
    assert ours.shape == (3, 16)
    assert second._card().demonstration == ""


@pytest.mark.parametrize(
    ("model", "rule", "said"),
    [
        ("tiny", WATCHED, "tiny tells no activities; leave --activities out"),
        ("tiny_watching", None, "say which there are by --activities"),
        # The folders are the splits: training sees one of them.
        ("tiny_watching", "folders", "the training pictures show only 'train'"),
    ],
)
def test_activities_that_nothing_can_be_learned_from_are_refused_in_one_line(
    shapes_dataset: Path, tmp_path: Path, model: str, rule: str | None, said: str
) -> None:
    with pytest.raises(InputError, match=said) as caught:
        _trainer(shapes_dataset, tmp_path, model, rule)
    assert "\n" not in str(caught.value)


def test_one_activity_in_a_table_is_refused_in_one_line(
    shapes_dataset: Path, tmp_path: Path
) -> None:
    (tmp_path / "a.csv").write_text("train/000.png,cut\n")
    with pytest.raises(InputError, match="only cut; two or more"):
        _trainer(shapes_dataset, tmp_path, "tiny_watching", str(tmp_path / "a.csv"))


def test_pictures_without_activity_are_counted(
    shapes_dataset: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "a.csv").write_text("train/000.png,cut\ntrain/001.png,burn\n")
    _trainer(shapes_dataset, tmp_path, "tiny_watching", str(tmp_path / "a.csv"))
    assert "6 of 8 training pictures have no activity" in caplog.text


def test_pictures_that_show_no_class_teach_nothing(shapes_dataset: Path, tmp_path: Path) -> None:
    dataset = open_dataset(shapes_dataset)
    bare = replace(dataset, load=lambda sample: replace(dataset.load(sample), shapes=()))
    splits = splits_from_lists(dataset, dataset.splits)
    recipe = preset("quick", model="tiny", size_px=96, epochs=1)
    with pytest.raises(InputError, match="no training picture shows any of the classes"):
        Trainer(bare, tmp_path, recipe, Processes("cpu"), command="test", splits=splits)


def test_a_teacher_of_instances_cannot_teach_classes_a_cell(
    shapes_dataset: Path, tmp_path: Path, weights: Path
) -> None:
    with pytest.raises(InputError, match="no instances that a teacher could tell"):
        _trainer(shapes_dataset, tmp_path / "run", "tiny", teacher=weights)


def test_weights_of_another_system_are_no_start(
    shapes_dataset: Path, tmp_path: Path, weights: Path
) -> None:
    with pytest.raises(CheckpointError, match="cannot be started from"):
        _trainer(shapes_dataset, tmp_path / "run", "tiny", init=weights)


def test_an_odd_size_is_refused_in_one_line(
    shapes_dataset: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["train", "--data", str(shapes_dataset), "--output", str(tmp_path)]
    assert main([*command, "--model", "endoarss", "--size", "320"]) == 2
    assert "multiple of 28" in capsys.readouterr().err


def test_endoarss_is_trained_and_judged_from_the_command_line(
    shapes_dataset: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "activities.csv"
    rows = [
        f"{split}/00{n}.png,{'cut' if n % 2 else 'burn'}"
        for split in ("train", "val")
        for n in range(4)
    ]
    table.write_text("\n".join(rows) + "\n")
    run, data = tmp_path / "run", ["--data", str(shapes_dataset), "--activities", str(table)]
    command = ["train", *data, "--output", str(run), "--preset", "endoarss", "--size", "84"]
    command += ["--record", str(tmp_path / "experiments.jsonl")]
    assert main([*command, "--epochs", "1", "--batch", "4"]) == 0
    told = capsys.readouterr().out
    assert "accuracy" in told
    assert "mIoU" in told
    card = read_card(run / "weights.json")
    assert card.demonstration == STAND_IN
    assert card.activities == ("burn", "cut")
    assert {"miou", "dice", "activity_accuracy", "activity_macro_f1"} <= set(card.metrics)
    row = json.loads((tmp_path / "experiments.jsonl").read_text())
    assert row["activity_accuracy"] == round(card.metrics["activity_accuracy"], 4)
    weights = ["--weights", str(run / "weights.safetensors"), "--runtime", "torch-cpu"]
    assert main(["evaluate", *data, *weights, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["activity"]["frames"] == 4
    assert found["activity"]["accuracy"] == card.metrics["activity_accuracy"]
    assert main(["evaluate", *data[:3], "folders", *weights]) == 2
    assert "the labels say 'val'" in capsys.readouterr().err


def test_a_report_says_that_no_validation_picture_has_an_activity(
    shapes_dataset: Path, tmp_path: Path
) -> None:
    table = tmp_path / "activities.csv"
    table.write_text("train/000.png,burn\ntrain/001.png,cut\n")
    command = ["train", "--data", str(shapes_dataset), "--activities", str(table)]
    command += ["--output", str(tmp_path / "run"), "--preset", "endoarss", "--size", "84"]
    assert main([*command, "--epochs", "1", "--batch", "4"]) == 0
    page = (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    assert "activities.csv tells the activity of no judged picture" in page


def test_the_presets_of_the_papers_say_what_the_papers_say() -> None:
    hrmedseg, endoarss = PRESETS["hrmedseg"], PRESETS["endoarss"]
    assert (hrmedseg.size_px, hrmedseg.epochs, hrmedseg.batch) == (1024, 200, 16)
    assert (endoarss.optimizer, endoarss.epochs) == ("adam", 200)
    schedule = make_schedule(make_optimizer(torch.nn.Linear(2, 2), hrmedseg), hrmedseg, 5)
    rates = []
    for _ in range(15):
        rates.append(schedule.get_last_lr()[0])
        schedule.optimizer.step()
        schedule.step()
    assert rates[0] == rates[4] == pytest.approx(1e-4)
    assert rates[5] == pytest.approx(0.98e-4)
    assert rates[14] == pytest.approx(0.98**2 * 1e-4)


def _published(path: Path, width: int) -> Path:
    """A DINOv2 of the published names, as small as heads of 64 channels allow."""
    encoder = Dinov2(Dinov2Config(width, 1, width // 64, 3)).state_dict()
    stored = {}
    for theirs, ours in TIMM.names(1).items():
        stored[theirs] = torch.cat([encoder[name] for name in ours]).contiguous()
    save_file(stored, path)
    return path


def test_a_published_encoder_stays_as_it_is_and_is_no_demonstration(
    shapes_dataset: Path, tmp_path: Path
) -> None:
    file = _published(tmp_path / "dinov2.safetensors", 64)
    (tmp_path / "a.csv").write_text("train/000.png,cut\ntrain/001.png,burn\n")
    dataset = open_dataset(shapes_dataset)
    trainer = Trainer(
        dataset,
        tmp_path / "run",
        preset("endoarss", size_px=84, epochs=1, batch=4, learning_rate=1e-3),
        Processes("cpu"),
        command="test",
        splits=splits_from_lists(dataset, dataset.splits),
        activities=activities_from(str(tmp_path / "a.csv"), dataset),
        encoder=file,
    )
    card = trainer.train(resume=False)
    assert card.demonstration == ""
    assert card.started_from == f"encoder of dinov2.safetensors, {sha256_of(file)}"
    assert "DINOv2" in card.attribution
    learned = read_tensors(trainer.weights)
    published = read_dinov2(file).tensors
    for name, tensor in published.items():
        assert torch.equal(learned[f"tesla.encoder.{name}"], tensor), name


def test_an_encoder_for_a_network_without_one_is_refused(
    shapes_dataset: Path, tmp_path: Path
) -> None:
    file = _published(tmp_path / "dinov2.safetensors", 64)
    with pytest.raises(InputError, match="leave --encoder out"):
        _trainer(shapes_dataset, tmp_path / "run", "tiny", encoder=file)
