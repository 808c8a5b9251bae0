"""What tells the activity can be learned further by itself, whoever the patients are."""

from collections import Counter
from pathlib import Path

import pytest
import torch
from tiny_semantic import TINY_ENDOARSS

from lmsfa.cli import main
from lmsfa.data.activities import UNKNOWN, activities_from
from lmsfa.data.opening import open_dataset
from lmsfa.data.splits.lists import splits_from_lists
from lmsfa.errors import InputError
from lmsfa.models import families
from lmsfa.models.endoarss import Endoarss
from lmsfa.models.families import Family
from lmsfa.training.loop import Trainer
from lmsfa.training.presets import preset
from lmsfa.training.processes import Processes
from lmsfa.training.sampling import SharedBatches, balanced_shares

ITS_OWN = ("tesla.adapters.activity.", "activity.")


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(families.FAMILIES, "endoarss", Family("tiny", TINY_ENDOARSS, Endoarss))


def _trainer(
    root: Path, folder: Path, *, init: Path | None = None, model: str = "endoarss", **more: str
) -> Trainer:
    """A training of one epoch; the other half of the shapes' pictures is cut, as a table says."""
    dataset = open_dataset(root)
    table = folder.parent / "said.csv"
    rows = (f"train/{number:03d}.png,{('cut', 'burn')[number % 2]}" for number in range(8))
    table.write_text("\n".join(rows))
    return Trainer(
        dataset,
        folder,
        preset("quick", model=model, size_px=84, epochs=1, batch=4, **more),
        Processes("cpu"),
        command="test",
        splits=splits_from_lists(dataset, dataset.splits),
        activities=activities_from(str(table), dataset),
        init=init,
    )


def test_everything_else_stays_as_it_was_norms_statistics_too(
    shapes_dataset: Path, tmp_path: Path
) -> None:
    first = _trainer(shapes_dataset, tmp_path / "first")
    first.train(resume=False)
    told = _trainer(shapes_dataset, tmp_path / "told", init=first.weights, learns="activity")
    before = {name: tensor.clone() for name, tensor in told.network.state_dict().items()}
    told.train(resume=False)
    after = told.average.module.state_dict()
    moved = {name for name, tensor in after.items() if not torch.equal(tensor, before[name])}
    assert moved
    assert {name for name in moved if not name.startswith(ITS_OWN)} == set()
    ups = {name for name in before if name.startswith(ITS_OWN[0]) and ".up." in name}
    assert ups <= moved


@pytest.mark.parametrize("has_start", [False, True])
def test_it_goes_on_from_weights_that_tell_activities(
    shapes_dataset: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    has_start: bool,
) -> None:
    command = ["train", "--data", str(shapes_dataset), "--output", str(tmp_path / "run")]
    if has_start:
        command += ["--model", "lmsfa", "--init", "weights/lmsfa-phantom.safetensors"]
    else:
        command += ["--model", "endoarss", "--activities", "present:dark disc"]
    assert main([*command, "--learn", "activity"]) == 2
    said = capsys.readouterr().err.strip().splitlines()[-1]
    assert "from trained weights of endoarss on" in said
    assert not (tmp_path / "run").exists()


def test_it_sees_no_mosaics() -> None:
    assert preset("best", model="endoarss", learns="activity").mosaic_chance == 0


def test_what_learns_is_one_of_two() -> None:
    with pytest.raises(InputError, match="what learns must be one of all, activity, got 'maps'"):
        preset("best", learns="maps")


def test_every_patients_every_activity_is_drawn_as_often() -> None:
    groups = [("a", 0)] * 90 + [("a", 1)] * 6 + [("b", 0)] * 3 + [("b", 1)] * 41
    unknown = [("a", UNKNOWN), ("c", UNKNOWN)]
    patients, activities = zip(*groups, *unknown, strict=True)
    shares = balanced_shares(activities, patients)
    order = torch.Generator().manual_seed(0)
    drawn: Counter[tuple[str, int]] = Counter()
    for _ in range(50):
        batches = SharedBatches(len(patients), 8, order, Processes("cpu"), shares)
        drawn.update((patients[i], activities[i]) for batch in batches for i in batch)
    whole = sum(drawn.values())
    assert whole == 50 * (len(patients) // 8) * 8
    assert set(drawn) == set(groups)
    for group, count in drawn.items():
        assert count / whole == pytest.approx(0.25, abs=0.02), group
