"""Rewrites compute the same function: in double precision nobody can tell them from the plain."""

from copy import deepcopy

import pytest
import torch

from lmsfa.complexity import gflops
from lmsfa.models.families import FAMILIES, family_of
from lmsfa.models.lmsfa import Lmsfa, LmsfaConfig
from lmsfa.rewrites.gates import TapMaps
from lmsfa.rewrites.hoisting import HoistedAggregation, HoistedTfe
from lmsfa.rewrites.phases import PhasePrototypes
from lmsfa.rewrites.rewritten import rewrite
from lmsfa.rewrites.splitting import SplitC2fPro
from lmsfa.rewrites.winograd import WinogradTower


@pytest.fixture(scope="module")
def folded() -> Lmsfa:
    """A network that has seen something: norms, biases and scales are not what they start as."""
    torch.manual_seed(4)
    network = Lmsfa(LmsfaConfig(classes=3)).train()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(0.05 * torch.randn_like(parameter))
        for _ in range(2):
            network.training_logits(torch.rand(4, 3, 64, 64))
    return network.eval().fuse().double()


def _levels(channels: int, height: int, width: int) -> tuple[torch.Tensor, ...]:
    generator = torch.Generator().manual_seed(1)
    return tuple(
        torch.randn(2, channels, height // k, width // k, dtype=torch.float64, generator=generator)
        for k in (1, 2, 4)
    )


def _distance(first: torch.Tensor, second: torch.Tensor) -> float:
    return float((first - second).detach().abs().max() / first.detach().abs().max())


def test_prototypes_by_phases_are_the_prototypes(folded: Lmsfa) -> None:
    plain = folded.head.prototypes
    feature = _levels(64, 12, 20)[0]
    assert _distance(plain(feature), PhasePrototypes(plain)(feature)) < 1e-12


def test_context_gates_alike_on_the_coarse_grid(folded: Lmsfa) -> None:
    levels = _levels(64, 12, 20)
    assert _distance(folded.tfe(levels), HoistedTfe(folded.tfe)(levels)) < 1e-12
    plain = folded.head.aggregation
    assert _distance(plain(levels), HoistedAggregation(plain)(levels)) < 1e-12


def test_a_gate_tap_by_tap_is_the_gate(folded: Lmsfa) -> None:
    plain = folded.backbone.stages[2].units[0].attention.spatial
    x = _levels(plain.in_channels, 12, 20)[0]
    assert _distance(plain(x), TapMaps(plain)(x)) < 1e-12


def test_a_first_convolution_in_two_is_the_first_convolution(folded: Lmsfa) -> None:
    plain = folded.backbone.stages[1]
    x = _levels(64, 12, 20)[0]
    assert _distance(plain(x), SplitC2fPro(plain)(x)) < 1e-12


@pytest.mark.parametrize("height", [4, 8, 20, 22])
@pytest.mark.parametrize("level", [0, 1, 2])
def test_row_wise_winograd_is_the_two_convolutions(folded: Lmsfa, height: int, level: int) -> None:
    phi = _levels(64, height, 12)[0]
    tower = WinogradTower(folded.head.shared)
    assert _distance(folded.head.shared(phi, level), tower(phi, level)) < 1e-12


@pytest.mark.parametrize("model", FAMILIES)
@pytest.mark.parametrize("cells", [(2, 2), (3, 5)])
def test_a_rewritten_network_answers_what_the_folded_one_answers(
    model: str, cells: tuple[int, int]
) -> None:
    torch.manual_seed(5)
    family = family_of(model)
    network = family.make(family.config).fuse().double()
    height, width = (network.input_multiple_px * count for count in cells)
    rgb = torch.rand(1, 3, height, width, dtype=torch.float64)
    with torch.inference_mode():
        for plain, run in zip(network(rgb), rewrite(deepcopy(network))(rgb), strict=True):
            assert plain.shape == run.shape
            assert _distance(plain, run) < 1e-9


def test_less_is_computed_than_is_written(folded: Lmsfa) -> None:
    plain = deepcopy(folded).float()
    assert gflops(rewrite(deepcopy(plain)), 64) < 0.85 * gflops(plain, 64)
