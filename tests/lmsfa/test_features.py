"""Feature distillation on real frames, and teachers that cannot teach."""

import os
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from torch import nn

from lmsfa.data.opening import open_dataset
from lmsfa.data.pictures import read_rgb
from lmsfa.errors import InputError
from lmsfa.models.families import family_of
from lmsfa.models.hrmedseg import Hrmedseg, HrmedsegConfig
from lmsfa.training.batch import Batch
from lmsfa.training.features import FeatureLoss, read_feature_teacher

CLIP = Path(__file__).parents[2] / "resources" / "demo" / "larynx-demo.mkv"
SIZE_PX = 128
CPU = torch.device("cpu")


class Teacher(nn.Module):
    """A small encoder whose grid is twice as fine as the learner's."""

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        torch.manual_seed(4)
        self.body = nn.Sequential(
            nn.Conv2d(3, 16, 4, 4), nn.BatchNorm2d(16), nn.GELU(), nn.Conv2d(16, width, 3, 2, 1)
        )

    def forward(self, rgb: torch.Tensor) -> torch.Tensor:
        return self.body(rgb - 0.5)


class Single(nn.Module):
    """An encoder that was written for one picture at a time."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Conv2d(3, 32, 16, 16)

    def forward(self, rgb: torch.Tensor) -> torch.Tensor:
        return self.body(rgb).reshape(1, 32, rgb.shape[2] // 16, rgb.shape[3] // 16)


class Unread(nn.Module):
    """An encoder whose weights are not where it looks for them."""

    def __init__(self) -> None:
        super().__init__()
        Path("nowhere.safetensors").read_bytes()


class Foreign(nn.Module):
    """An encoder of another input."""

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        return ids * 2


def _exported(path: Path, module: nn.Module, *shape: int, **more) -> str:
    torch.onnx.export(
        module.eval(), (torch.rand(*shape),), path, dynamo=False, opset_version=17, **more
    )
    return str(path)


def _learner() -> Hrmedseg:
    torch.manual_seed(0)
    return Hrmedseg(HrmedsegConfig(classes=2, width=24, depth=2, features=32))


def _frames() -> Batch:
    """Four real frames: of a data set where there is one, else of the demo clip."""
    if root := os.environ.get("LARYNX_DATA"):
        dataset = open_dataset(Path(root))
        samples = dataset.in_split("train")[::400][:4]
        found = [read_rgb(sample.frame_path) for sample in samples]
    else:
        clip = cv2.VideoCapture(str(CLIP))
        shots = (clip.read()[1] for _ in range(100))
        found = [shot[..., ::-1] for shot in islice(shots, 0, None, 26)]
        clip.release()
    small = np.stack([cv2.resize(rgb, (SIZE_PX, SIZE_PX)) for rgb in found])
    rgb = torch.from_numpy(small.transpose(0, 3, 1, 2).copy())
    nothing = torch.zeros(len(rgb), 0)
    return Batch(rgb, nothing, nothing, nothing, nothing, nothing)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("pictures", [1, 4])
def test_an_encoder_learns_a_teachers_features_of_real_frames(
    tmp_path: Path, pictures: int
) -> None:
    path = _exported(tmp_path / "teacher.onnx", Teacher(), pictures, 3, 96, 96)
    network = _learner()
    teacher = read_feature_teacher(path, network, SIZE_PX, CPU)
    module = FeatureLoss(network, teacher.encode)
    learning = dict(module.named_parameters())
    assert all(name.startswith("network.") for name in learning)
    optimizer = torch.optim.Adam(module.parameters(), lr=1e-2)
    batch = _frames()
    history = []
    for _ in range(20):
        optimizer.zero_grad()
        loss = module(batch)["features"]
        loss.backward()
        optimizer.step()
        history.append(loss.item())
    assert history[-1] < 0.7 * history[0], history
    assert all(weight.grad is None for weight in network.decoder.parameters())


def test_a_torch_module_teaches_by_its_import_path() -> None:
    teacher = read_feature_teacher("test_features:Teacher", _learner(), SIZE_PX, CPU)
    assert teacher.domain == "test_features:Teacher"
    assert teacher.encode(torch.rand(2, 3, 64, 64)).shape == (2, 32, 8, 8)
    assert not any(p.requires_grad for p in teacher.encode.parameters())


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_teacher_of_another_width_or_input_is_refused_in_one_line(tmp_path: Path) -> None:
    wide = _exported(tmp_path / "wide.onnx", Teacher(48), 1, 3, 96, 96)
    with pytest.raises(InputError, match=r"shape \(2, 48, 12, 12\), the network learns \(2, 32"):
        read_feature_teacher(wide, _learner(), SIZE_PX, CPU)
    foreign = _exported(tmp_path / "foreign.onnx", Foreign(), 1, 77)
    with pytest.raises(InputError, match=r"expected one input, float \(B, 3, H, W\)"):
        read_feature_teacher(foreign, _learner(), SIZE_PX, CPU)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("nowhere.onnx", "no such file"),
        ("broken.onnx", "not a readable ONNX file"),
        ("test_features", "expected an .onnx file, or module:callable"),
        ("test_features:Unread", "nowhere.safetensors"),
        ("test_features:Nobody", "expected an .onnx file, or module:callable"),
        ("pathlib:Path", "expected a torch module"),
        ("test_features:Single", "cannot answer two pictures of 128 px"),
    ],
)
def test_what_is_no_teacher_is_refused_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str, why: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("broken.onnx").write_bytes(b"nothing")
    with pytest.raises(InputError, match=why) as caught:
        read_feature_teacher(said, _learner(), SIZE_PX, CPU)
    assert "\n" not in str(caught.value)


def test_only_hrmedseg_learns_features() -> None:
    family = family_of("lmsfa")
    with pytest.raises(InputError, match="hrmedseg alone"):
        read_feature_teacher("a.onnx", family.make(family.config), SIZE_PX, CPU)
