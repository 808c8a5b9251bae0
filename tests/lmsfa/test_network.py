"""The network: its shape, its count, its fused form, and that it learns at batch 1."""

import copy
from dataclasses import replace

import pytest
import torch
from torch import nn

from lmsfa.complexity import gflops, parameters
from lmsfa.mask_filters import filter_numbers
from lmsfa.models.blocks import C2fPro, ConvNorm, Norm, RvbEma, SharedConvNorm, TokenMixer
from lmsfa.models.families import FAMILIES
from lmsfa.models.lmsfa import Lmsfa, LmsfaConfig
from lmsfa.models.neck import Tfe
from lmsfa.models.network import Network
from lmsfa.models.yolo_baseline import C2f
from lmsfa.registry import SEMANTIC_SYSTEMS

each_family = pytest.mark.parametrize("model", FAMILIES)
each_instance_family = pytest.mark.parametrize(
    "model", [name for name in FAMILIES if name not in SEMANTIC_SYSTEMS]
)


def _network(model: str, **shape: int) -> Network:
    family = FAMILIES[model]
    return family.make(replace(family.config, **shape))


def _lived_in(network: nn.Module) -> nn.Module:
    """Gives norms the statistics and gains of a trained network, so that fusing can go wrong."""
    generator = torch.Generator().manual_seed(1)
    for module in network.modules():
        if isinstance(module, Norm):
            for tensor, low, high in (
                (module.running_mean, -0.5, 0.5),
                (module.running_var, 0.5, 2.0),
                (module.weight, 0.5, 1.5),
                (module.bias, -0.5, 0.5),
            ):
                tensor.data.uniform_(low, high, generator=generator)
    return network.eval()


def test_default_model_has_the_papers_size() -> None:
    network = Lmsfa(LmsfaConfig()).fuse()
    assert parameters(network) == pytest.approx(1.8e6, rel=0.02)
    assert gflops(network, 640) == pytest.approx(8.8, rel=0.02)


def test_the_control_has_the_size_of_its_parts() -> None:
    network = _network("yolo_baseline").fuse()
    assert parameters(network) == pytest.approx(3.26e6, rel=0.01)
    assert gflops(network, 640) == pytest.approx(11.34, rel=0.01)


def test_operations_of_a_known_convolution_are_counted_as_two_per_multiply_add() -> None:
    convolution = nn.Conv2d(3, 16, 3, padding=1, bias=False)
    assert gflops(convolution, 10) * 1e9 == 2 * 3 * 16 * 9 * 100


@pytest.mark.parametrize(
    "block",
    [
        ConvNorm(8, 8, 3),
        TokenMixer(8),
        RvbEma(8, 2.0, attention=True),
        C2fPro(8, 8, 3, 2.0, attention=True),
        C2f(8, 8, 2, residual=True),
    ],
    ids=lambda block: type(block).__name__,
)
def test_a_fused_block_answers_as_before(block: nn.Module) -> None:
    block = _lived_in(copy.deepcopy(block)).double()
    x = torch.randn(2, 8, 20, 20, dtype=torch.float64)
    before = block(x)
    for part in list(block.modules()):
        if hasattr(part, "fuse"):
            part.fuse()
    assert not any(isinstance(part, Norm) for part in block.modules())
    assert (block(x) - before).abs().max() <= 1e-9


def test_a_shared_convolution_keeps_the_statistics_of_levels_apart() -> None:
    shared = _lived_in(SharedConvNorm(8, 8, 3)).double()
    x = torch.randn(2, 8, 20, 20, dtype=torch.float64)
    before = [shared(x, level) for level in range(3)]
    assert not torch.allclose(before[0], before[2])
    shared.fuse()
    assert not any(isinstance(part, Norm) for part in shared.modules())
    assert parameters(shared) == 8 * 8 * 9 + 2 * 3 * 8
    for level, answer in enumerate(before):
        assert (shared(x, level) - answer).abs().max() <= 1e-9


def test_fused_tfe_answers_as_before() -> None:
    tfe = Tfe(16).double()
    levels = tuple(torch.randn(1, 16, side, side, dtype=torch.float64) for side in (16, 8, 4))
    before = tfe(levels)
    tfe.fuse()
    assert (tfe(levels) - before).abs().max() <= 1e-9


@each_family
@pytest.mark.parametrize(("kind", "bound"), [(torch.float64, 1e-9), (torch.float32, 1e-4)])
def test_the_fused_network_answers_as_the_unfused(
    model: str, kind: torch.dtype, bound: float
) -> None:
    network = _lived_in(_network(model)).to(kind)
    multiple = network.input_multiple_px
    rgb = torch.rand(1, 3, 3 * multiple, 4 * multiple, dtype=kind)
    with torch.no_grad():
        before = network(rgb)
        after = network.fuse()(rgb)
    for old, new in zip(before, after, strict=True):
        assert ((old - new).abs() / old.abs().clamp(min=1)).max() <= bound


@each_instance_family
def test_answers_have_the_documented_shapes(model: str) -> None:
    network = _network(model, classes=6).eval()
    with torch.no_grad():
        detections, prototypes = network(torch.rand(2, 3, 64, 96))
    cells = (8 * 12) + (4 * 6) + (2 * 3)
    prototypes_count = network.config.prototypes
    by_filters = model != "yolo_baseline"
    numbers = filter_numbers(prototypes_count) if by_filters else prototypes_count
    assert detections.shape == (2, cells, 4 + 6 + numbers)
    assert prototypes.shape == (2, prototypes_count, 16, 24)
    probabilities = detections[..., 4:10]
    assert probabilities.min() >= 0
    assert probabilities.max() <= 1


@each_family
def test_a_prediction_does_not_depend_on_its_batch(model: str) -> None:
    network = _lived_in(_network(model))
    side = 2 * network.input_multiple_px
    pictures = torch.rand(3, 3, side, side)
    with torch.no_grad():
        together = network(pictures)[0][1]
        alone = network(pictures[1:2])[0][0]
    torch.testing.assert_close(together, alone, atol=2e-3, rtol=1e-4)


@each_instance_family
def test_every_parameter_has_a_gradient(model: str) -> None:
    network = _network(model).train()
    logits = network.training_logits(torch.rand(4, 3, 128, 128))
    head = logits.head
    answers = (head.boxes, head.classes, head.coefficients, head.prototypes)
    training = logits.auxiliary
    parts = [*answers]
    if training is not None:
        parts += [training.semantic, training.edge, training.edge_feature]
    sum((part * torch.randn_like(part)).sum() for part in parts).backward()
    dead = [name for name, p in network.named_parameters() if p.grad is None or not p.grad.any()]
    assert dead == []


def test_small_batches_leave_the_norms_statistics_alone() -> None:
    norm = Norm(4).train()
    before = norm.running_mean.clone()
    norm(torch.randn(3, 4, 8, 8) + 5)
    assert torch.equal(norm.running_mean, before)
    norm(torch.randn(4, 4, 8, 8) + 5)
    assert not torch.equal(norm.running_mean, before)


def test_a_fused_network_refuses_to_train() -> None:
    with pytest.raises(RuntimeError, match="fused"):
        Lmsfa(LmsfaConfig()).fuse().training_logits(torch.rand(1, 3, 64, 64))


@each_family
def test_the_network_exports_as_one_graph(model: str) -> None:
    network = _network(model).fuse()
    side = 2 * network.input_multiple_px
    rgb = torch.rand(1, 3, side, side)
    exported = torch.export.export(network, (rgb,)).module()
    with torch.no_grad():
        for ours, theirs in zip(network(rgb), exported(rgb), strict=True):
            torch.testing.assert_close(ours, theirs, atol=1e-3, rtol=1e-3)
