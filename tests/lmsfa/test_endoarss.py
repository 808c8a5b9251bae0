"""EndoARSS: tasks that leave each other alone, an encoder that stays, merging, exports."""

import warnings
from pathlib import Path

import numpy as np
import onnxruntime
import openvino
import pytest
import torch
from tiny_semantic import TINY_ENDOARSS
from torch import Tensor

from lmsfa.backends.graph import PictureGraph
from lmsfa.errors import InputError
from lmsfa.models.dinov2 import Block, Dinov2, Dinov2Config
from lmsfa.models.endoarss import Endoarss, EndoarssConfig
from lmsfa.models.spatial_attention import SpatialAttention, folded, unfolded
from lmsfa.models.tesla import ACTIVITY, SEGMENTATION


def _network(config: EndoarssConfig = TINY_ENDOARSS) -> Endoarss:
    torch.manual_seed(2)
    return Endoarss(config)


def _losses(network: Endoarss, rgb: Tensor) -> dict[str, Tensor]:
    """A loss a task, of no meaning."""
    logits = network.semantic_logits(rgb)
    assert logits.activities is not None
    return {
        SEGMENTATION: (logits.maps - 1).square().mean(),
        ACTIVITY: (logits.activities - torch.tensor([2.0, -2.0])).square().mean(),
    }


def _lived_in(network: Endoarss, steps: int = 5) -> Endoarss:
    """Five steps of both tasks together."""
    learning = [parameter for parameter in network.parameters() if parameter.requires_grad]
    optimiser = torch.optim.Adam(learning, lr=1e-2)
    pictures = torch.rand(4, 3, 56, 56, generator=torch.Generator().manual_seed(1))
    for _ in range(steps):
        optimiser.zero_grad()
        sum(_losses(network, pictures).values()).backward()
        optimiser.step()
    return network


def test_both_tasks_learn_and_neither_loss_reaches_the_others_adapters() -> None:
    network = _lived_in(_network().freeze_encoder())
    rgb = torch.rand(1, 3, 56, 56)
    for task, other in ((SEGMENTATION, ACTIVITY), (ACTIVITY, SEGMENTATION)):
        network.zero_grad(set_to_none=True)
        _losses(network, rgb)[task].backward()
        adapters = network.tesla.adapters
        assert all(parameter.any() for parameter in adapters[task].parameters())
        assert all(parameter.grad.any() for parameter in adapters[task].parameters())
        assert all(parameter.grad is None for parameter in adapters[other].parameters())


def test_a_frozen_encoder_is_left_as_it_was() -> None:
    network = _network().freeze_encoder()
    before = {name: t.clone() for name, t in network.state_dict().items()}
    after = _lived_in(network).state_dict()
    moved = {name for name, tensor in after.items() if not torch.equal(tensor, before[name])}
    assert not {name for name in moved if name.startswith("tesla.encoder.")}
    assert {name.split(".")[0] for name in moved} == {"spatial", "tesla", "maps", "activity"}


def test_the_stand_ins_encoder_learns_with_the_rest() -> None:
    network = _lived_in(_network(), steps=1)
    network.zero_grad(set_to_none=True)
    sum(_losses(network, torch.rand(4, 3, 56, 56)).values()).backward()
    assert not [n for n, p in network.named_parameters() if p.grad is None or not p.grad.any()]


@pytest.mark.parametrize(("kind", "bound"), [(torch.float64, 1e-9), (torch.float32, 1e-4)])
def test_merged_adapters_answer_as_before(kind: torch.dtype, bound: float) -> None:
    network = _lived_in(_network()).eval().to(kind)
    rgb = torch.rand(1, 3, 56, 84, dtype=kind)
    with torch.no_grad():
        before = network(rgb)
        after = network.fuse()(rgb)
        again = network.fuse()(rgb)
    assert not [name for name, _ in network.named_parameters() if ".down." in name]
    for old, new, newest in zip(before, after, again, strict=True):
        assert (old - new).abs().max() <= bound
        assert torch.equal(new, newest)


@pytest.mark.parametrize(("height", "width"), [(28, 28), (84, 140)])
def test_pictures_of_every_multiple_are_answered(height: int, width: int) -> None:
    with torch.no_grad():
        rows, maps = _network().eval()(torch.rand(2, 3, height, width))
    assert rows.shape == (2, 2 + 2, 1)
    assert maps.shape == (2, 2, height // 4, width // 4)
    assert torch.allclose(rows[:, 2:].sum(1), torch.ones(2, 1))
    assert torch.allclose(rows[:, :2, 0], maps.amax((2, 3)))


def test_half_precision_answers_about_the_same() -> None:
    network, rgb = _lived_in(_network()).eval().fuse(), torch.rand(1, 3, 56, 56)
    with torch.no_grad():
        whole = network(rgb)
        halved = network.bfloat16()(rgb.bfloat16())
    for full, half in zip(whole, halved, strict=True):
        assert half.dtype == torch.bfloat16
        assert (full - half.float()).abs().max() < 0.05


@pytest.mark.parametrize(
    ("change", "said"),
    [({"activities": 1}, "two or more activities"), ({"encoder_width": 33}, "multiple of its 2")],
)
def test_a_shape_that_cannot_be_is_refused(change: dict[str, int], said: str) -> None:
    fields = {name: getattr(TINY_ENDOARSS, name) for name in EndoarssConfig.__slots__}
    with pytest.raises(InputError, match=said):
        EndoarssConfig(**fields | change)


def test_the_encoder_first_sees_the_picture_itself() -> None:
    rgb = torch.rand(2, 3, 28, 56)
    assert torch.equal(SpatialAttention(4)(rgb), rgb)


def test_every_pixel_of_the_picture_reaches_every_other() -> None:
    attention = SpatialAttention(4).eval()
    torch.nn.init.normal_(attention.leave.weight)
    rgb = torch.rand(1, 3, 56, 56, requires_grad=True)
    attention(rgb)[0, :, 20:22, 40:42].sum().backward()
    assert rgb.grad is not None
    assert rgb.grad.abs().sum(1).all()


def test_folding_puts_every_pixel_back() -> None:
    x = torch.rand(2, 3, 8, 12)
    apart = unfolded(x)
    assert torch.equal(apart[1], x[0, :, ::2, 1::2])
    assert torch.equal(folded(apart), x)


def test_the_class_token_alone_is_the_one_of_the_whole_block() -> None:
    block, tokens = Block(32, 2).double(), torch.rand(2, 10, 32, dtype=torch.float64)
    assert torch.allclose(block(tokens, None, 1), block(tokens, None)[:, :1], atol=1e-12)


def test_positions_are_learned_on_one_grid_and_serve_every_other() -> None:
    encoder = Dinov2(Dinov2Config(32, 1, 2, grid=4)).requires_grad_(False)
    encoder.patch.weight.zero_()
    encoder.positions[:, 1:] = 3.0
    own, other = encoder.embed(torch.rand(1, 3, 56, 56)), encoder.embed(torch.rand(1, 3, 28, 84))
    assert own.shape == (1, 1 + 16, 32)
    assert other.shape == (1, 1 + 12, 32)
    assert torch.allclose(own[0, 1], other[0, 1], atol=1e-6)
    assert torch.equal(own[0, 0], other[0, 0])


def test_the_published_small_one_has_its_parameters() -> None:
    with torch.device("meta"):
        small = Dinov2(Dinov2Config(width=384, layers=12, heads=6))
    # The published file has 384 more: the mask token, which no answer needs.
    assert sum(parameter.numel() for parameter in small.parameters()) == 22_056_576 - 384


@pytest.fixture(scope="module")
def answered() -> tuple[PictureGraph, Tensor, list[np.ndarray]]:
    """A folded network, a canvas, and what torch answers."""
    graph = PictureGraph(_lived_in(_network()).eval().fuse()).requires_grad_(False)
    canvas = torch.randint(0, 256, (1, 56, 56, 3), dtype=torch.uint8)
    return graph, canvas, [answer.numpy() for answer in graph(canvas)]


@pytest.mark.parametrize("runtime", ["openvino", pytest.param("onnx", marks=pytest.mark.slow)])
def test_other_runtimes_answer_what_torch_answers(
    runtime: str, answered: tuple[PictureGraph, Tensor, list[np.ndarray]], tmp_path: Path
) -> None:
    graph, canvas, expected = answered
    with warnings.catch_warnings():
        # Converters warn of what they themselves will drop one day.
        warnings.simplefilter("ignore")
        run = {"openvino": _by_openvino, "onnx": _by_onnx}[runtime]
        found = run(graph, canvas, tmp_path / "network.onnx")
    for ours, theirs in zip(expected, found, strict=True):
        np.testing.assert_allclose(theirs, ours, rtol=1e-4, atol=1e-4)


def _by_openvino(graph: PictureGraph, canvas: Tensor, _path: Path) -> list[np.ndarray]:
    traced = torch.jit.trace(graph, canvas, check_trace=False)
    model = openvino.convert_model(traced, example_input=canvas, input=[tuple(canvas.shape)])
    compiled = openvino.compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    return list(compiled(canvas.numpy()).values())


def _by_onnx(graph: PictureGraph, canvas: Tensor, path: Path) -> list[np.ndarray]:
    torch.onnx.export(graph, (canvas,), path, dynamo=True, external_data=False, verbose=False)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return session.run(None, {session.get_inputs()[0].name: canvas.numpy()})
