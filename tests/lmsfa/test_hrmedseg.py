"""HRMedSeg: its counts, its attention, its scales, and that it learns what it is shown."""

import json

import pytest
import torch
from torch.nn import functional

from lmsfa.cli import main
from lmsfa.complexity import gmacs, parameters
from lmsfa.errors import InputError
from lmsfa.models.ecm_decoder import multiscale, positions
from lmsfa.models.hrmedseg import Hrmedseg, HrmedsegConfig
from lmsfa.models.lgvit import linear_attention

SMALL = HrmedsegConfig(classes=2, width=16, depth=2, features=32)

PUBLISHED = [
    (4, 96, 7.43, 3.04),
    (8, 96, 8.74, 3.37),
    (10, 96, 9.39, 3.53),
    (12, 96, 10.05, 3.69),
    (16, 96, 11.36, 4.01),
    (10, 24, 5.73, 2.63),
    (10, 48, 6.52, 2.82),
    (10, 192, 20.43, 6.22),
    (10, 384, 63.56, 16.75),
]
"""L, C, GMACs at 1024 and M parameters (arXiv:2504.06205, Table 6)."""


@pytest.mark.parametrize(("depth", "width", "operations", "millions"), PUBLISHED)
def test_depth_and_width_cost_what_the_paper_says(
    depth: int, width: int, operations: float, millions: float
) -> None:
    network = Hrmedseg(HrmedsegConfig(width=width, depth=depth))
    # Everything grows with the pixels: a quarter of the side costs a sixteenth.
    counted = 16 * gmacs(network, 256)
    within = 0.05 if width == 384 else 0.03
    assert counted == pytest.approx(operations, rel=within)
    assert parameters(network) / 1e6 == pytest.approx(millions, rel=within)


def test_the_encoder_with_its_neck_has_the_papers_size() -> None:
    encoder = Hrmedseg(HrmedsegConfig()).encoder
    assert 16 * gmacs(encoder, 256) == pytest.approx(6.43, rel=0.03)
    assert parameters(encoder) / 1e6 == pytest.approx(1.57, rel=0.03)


def test_info_tells_the_papers_count(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["info", "--model", "hrmedseg", "--size", "1024", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["gmacs"] == pytest.approx(9.39, rel=0.03)
    assert told["parameters"] == pytest.approx(3.53e6, rel=0.03)
    # Two operations a multiply-add, and the products of attention besides.
    assert told["gflops"] > 2 * told["gmacs"]


def test_linear_attention_is_the_attention_over_all_pairs() -> None:
    query, key, value = torch.randn(3, 2, 37, 8, dtype=torch.float64).float()
    phi_query, phi_key = functional.elu(query) + 1, functional.elu(key) + 1
    pairs = phi_query @ phi_key.transpose(1, 2)
    expected = pairs / pairs.sum(2, keepdim=True) @ value
    torch.testing.assert_close(linear_attention(query, key, value), expected)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
@pytest.mark.parametrize("offset", [-200.0, 0.0, 200.0])
def test_linear_attention_stays_finite_whatever_it_is_given(
    dtype: torch.dtype, offset: float
) -> None:
    tokens = (torch.randn(1, 16384, 8) + offset).to(dtype)
    attended = linear_attention(tokens, tokens, torch.ones_like(tokens))
    assert attended.dtype == dtype
    assert attended.isfinite().all()
    assert attended.max() <= 1.01


def test_scales_are_the_mean_of_the_feature_and_three_square_means() -> None:
    feature = torch.randn(1, 3, 20, 17)
    squares = [
        functional.avg_pool2d(feature, side, 1, side // 2, count_include_pad=False)
        for side in (5, 9, 13)
    ]
    torch.testing.assert_close(multiscale(feature), torch.stack([feature, *squares]).mean(0))


def test_no_two_cells_have_the_same_position() -> None:
    encoded = positions(torch.zeros(1, 32, 12, 9))
    apart = torch.cdist(encoded, encoded) + torch.eye(len(encoded))
    assert apart.min() > 0.05


def test_answers_are_probabilities_of_cells_and_of_the_picture() -> None:
    network = Hrmedseg(SMALL).eval()
    with torch.no_grad():
        rows, maps = network(torch.rand(2, 3, 48, 80))
    assert rows.shape == (2, 2, 1)
    assert maps.shape == (2, 2, 12, 20)
    assert torch.equal(rows[..., 0], maps.amax((2, 3)))
    assert maps.min() >= 0
    assert maps.max() <= 1


def test_features_are_as_wide_as_the_teachers() -> None:
    network = Hrmedseg(SMALL)
    assert network.features(torch.rand(1, 3, 64, 32)).shape == (1, 32, 4, 2)


def test_heads_that_do_not_divide_the_features_are_refused() -> None:
    with pytest.raises(InputError, match="multiple of 8"):
        HrmedsegConfig(features=20)


def test_an_odd_size_is_refused_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["info", "--model", "hrmedseg", "--size", "1000"]) == 2
    assert "multiple of 16" in capsys.readouterr().err


@pytest.mark.parametrize("classes", [1, 2])
def test_it_learns_the_regions_of_a_picture(classes: int) -> None:
    torch.manual_seed(0)
    network = Hrmedseg(HrmedsegConfig(classes=classes, width=32, depth=1, features=64)).train()
    rgb = torch.full((1, 3, 256, 256), 0.4)
    rgb[:, 0, 32:160, 16:128], rgb[:, 2, 128:224, 160:240] = 0.9, 0.9
    truth = torch.zeros(1, 2, 64, 64)
    truth[:, 0, 8:40, 4:32], truth[:, 1, 32:56, 40:60] = 1, 1
    truth = truth[:, :classes]
    optimizer = torch.optim.Adam(network.parameters(), 5e-3)
    for _ in range(80):
        logits = network.semantic_logits(rgb).maps
        probability = logits.sigmoid()
        shared, both = (probability * truth).sum((2, 3)), (probability + truth).sum((2, 3))
        loss = functional.binary_cross_entropy_with_logits(logits, truth)
        loss = loss + (1 - 2 * shared / both).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    found, true = network.semantic_logits(rgb).maps > 0, truth > 0.5
    overlap = (found & true).sum((2, 3)) / (found | true).sum((2, 3))
    assert overlap.min() > 0.6


def test_every_parameter_learns() -> None:
    network = Hrmedseg(SMALL).train()
    maps = network.semantic_logits(torch.rand(4, 3, 64, 64)).maps
    (maps * torch.randn_like(maps)).sum().backward()
    dead = [name for name, p in network.named_parameters() if p.grad is None or not p.grad.any()]
    assert dead == []
