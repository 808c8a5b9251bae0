"""Published DINOv2 weights: read by the libraries' own names, whole and strictly."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor
from transformers import Dinov2Config as TheirConfig
from transformers import Dinov2Model

from lmsfa.errors import InputError
from lmsfa.models.dinov2 import Dinov2, Dinov2Config
from lmsfa.models.dinov2_files import read_dinov2
from lmsfa.models.endoarss import Endoarss, EndoarssConfig, take_encoder

SMALL = Dinov2Config(width=384, layers=12, heads=6)
"""As it is published."""
NARROW = Dinov2Config(width=64, layers=2, heads=1, grid=3)


def _by_transformers(config: Dinov2Config) -> dict[str, Tensor]:
    """Random weights as transformers publishes them."""
    width = config.width
    shapes = {
        "embeddings.cls_token": (1, 1, width),
        "embeddings.mask_token": (1, width),
        "embeddings.position_embeddings": (1, 1 + config.grid**2, width),
        "embeddings.patch_embeddings.projection.weight": (width, 3, 14, 14),
        "embeddings.patch_embeddings.projection.bias": (width,),
        "layernorm.weight": (width,),
        "layernorm.bias": (width,),
    }
    linear = {
        "attention.attention.query": (width, width),
        "attention.attention.key": (width, width),
        "attention.attention.value": (width, width),
        "attention.output.dense": (width, width),
        "mlp.fc1": (4 * width, width),
        "mlp.fc2": (width, 4 * width),
    }
    for number in range(config.layers):
        layer = f"encoder.layer.{number}."
        for name, shape in linear.items():
            shapes[f"{layer}{name}.weight"] = shape
            shapes[f"{layer}{name}.bias"] = shape[:1]
        for name in ("norm1.weight", "norm1.bias", "norm2.weight", "norm2.bias"):
            shapes[layer + name] = (width,)
        for name in ("layer_scale1.lambda1", "layer_scale2.lambda1"):
            shapes[layer + name] = (width,)
    generator = torch.Generator().manual_seed(4)
    return {name: torch.randn(shape, generator=generator) / 20 for name, shape in shapes.items()}


def _by_timm(published: dict[str, Tensor]) -> dict[str, Tensor]:
    """The same weights as timm publishes them: fewer names, and no mask token."""
    renamed = {}
    for name, tensor in published.items():
        for theirs, here in (
            ("embeddings.patch_embeddings.projection", "patch_embed.proj"),
            ("embeddings.position_embeddings", "pos_embed"),
            ("embeddings.", ""),
            ("encoder.layer.", "blocks."),
            ("attention.output.dense", "attn.proj"),
            ("layer_scale1.lambda1", "ls1.gamma"),
            ("layer_scale2.lambda1", "ls2.gamma"),
            ("layernorm", "norm"),
        ):
            name = name.replace(theirs, here)  # noqa: PLW2901  # renamed step by step
        renamed[name] = tensor
    del renamed["mask_token"]
    for name in [name for name in renamed if ".query." in name]:
        parts = [name.replace("query", part) for part in ("query", "key", "value")]
        joined = torch.cat([renamed.pop(part) for part in parts])
        renamed[name.replace("attention.attention.query", "attn.qkv")] = joined
    return renamed


def _saved(tensors: dict[str, Tensor], path: Path) -> Path:
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, path)
    return path


def test_both_libraries_names_give_the_same_tokens(tmp_path: Path) -> None:
    published = _by_transformers(SMALL)
    rgb = torch.randn(1, 3, 28, 42)
    answers = []
    for library, tensors in (("transformers", published), ("timm", _by_timm(published))):
        file = read_dinov2(_saved(tensors, tmp_path / f"{library}.safetensors"))
        assert file.config == SMALL
        with torch.device("meta"):
            encoder = Dinov2(file.config)
        encoder.load_state_dict(dict(file.tensors), assign=True)
        with torch.no_grad():
            answers.append(encoder(rgb))
    assert answers[0].shape == (1, 1 + 6, 384)
    assert torch.equal(*answers)


def test_transformers_own_model_answers_the_same_tokens(tmp_path: Path) -> None:
    shape = TheirConfig(
        hidden_size=128, num_hidden_layers=3, num_attention_heads=2, image_size=14 * 5
    )
    theirs = Dinov2Model(shape).eval()
    for parameter in theirs.parameters():
        torch.nn.init.normal_(parameter, std=0.05)
    theirs.save_pretrained(tmp_path)
    file = read_dinov2(tmp_path / "model.safetensors")
    ours = Dinov2(file.config)
    ours.load_state_dict(dict(file.tensors))
    for size in ((70, 70), (56, 98)):
        rgb = torch.randn(2, 3, *size)
        with torch.no_grad():
            torch.testing.assert_close(ours(rgb), theirs(rgb).last_hidden_state)


def test_an_encoder_is_taken_whole_and_frozen(tmp_path: Path) -> None:
    file = read_dinov2(_saved(_by_transformers(NARROW), tmp_path / "narrow.safetensors"))
    network = Endoarss(EndoarssConfig().with_encoder(file.config))
    take_encoder(network, file)
    encoder = network.tesla.encoder
    assert all(torch.equal(tensor, file.tensors[name]) for name, tensor in _named(encoder))
    assert not any(parameter.requires_grad for parameter in encoder.parameters())
    assert all(parameter.requires_grad for parameter in network.tesla.adapters.parameters())


def test_an_encoder_of_another_width_is_refused_in_one_line(tmp_path: Path) -> None:
    file = read_dinov2(_saved(_by_transformers(NARROW), tmp_path / "narrow.safetensors"))
    with pytest.raises(InputError, match=r"width 64 with 2 layers.*width 192 with 6") as refusal:
        take_encoder(Endoarss(EndoarssConfig()), file)
    assert "\n" not in str(refusal.value)


def _without(tensors: dict[str, Tensor]) -> None:
    del tensors["blocks.1.attn.qkv.bias"]


def _with_head(tensors: dict[str, Tensor]) -> None:
    tensors["head.weight"] = torch.zeros(10, 64)


def _without_a_block(tensors: dict[str, Tensor]) -> None:
    for name in [name for name in tensors if name.startswith("blocks.0.")]:
        del tensors[name]


def _of_another_patch(tensors: dict[str, Tensor]) -> None:
    tensors["patch_embed.proj.weight"] = torch.zeros(64, 3, 16, 16)


def _of_a_giant(tensors: dict[str, Tensor]) -> None:
    tensors["blocks.0.mlp.w12.weight"] = torch.zeros(8, 64)


def _uneven(tensors: dict[str, Tensor]) -> None:
    tensors["pos_embed"] = torch.zeros(1, 12, 64)


def _without_patches(tensors: dict[str, Tensor]) -> None:
    tensors["pos_embed"] = torch.zeros(1, 1, 64)


def _without_width(tensors: dict[str, Tensor]) -> None:
    tensors["pos_embed"] = torch.zeros(1, 10, 0)


def _odd(tensors: dict[str, Tensor]) -> None:
    tensors["pos_embed"] = torch.zeros(1, 10, 65)


def _broken(tensors: dict[str, Tensor]) -> None:
    tensors["norm.weight"][3] = torch.nan


def _of_whole_numbers(tensors: dict[str, Tensor]) -> None:
    tensors["norm.weight"] = torch.ones(64, dtype=torch.int64)


def _foreign(tensors: dict[str, Tensor]) -> None:
    del tensors["pos_embed"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_without, "blocks.1.attn.qkv.bias is missing"),
        (_with_head, "tensor head.weight is none"),
        (_without_a_block, "blocks.0."),
        (_of_another_patch, "patch_embed.proj.weight is (64, 3, 16, 16)"),
        (_of_a_giant, "giant"),
        (_uneven, "pos_embed is (1, 12, 64)"),
        (_without_patches, "(1, 1, 64)"),
        (_without_width, "(1, 10, 0)"),
        (_odd, "multiple of 64"),
        (_broken, "norm.weight"),
        (_of_whole_numbers, "norm.weight"),
        (_foreign, "no DINOv2: neither embeddings.position_embeddings"),
    ],
    ids=lambda change: getattr(change, "__name__", "").strip("_"),
)
def test_what_is_not_exactly_a_dinov2_is_refused_in_one_line(
    change: Callable[[dict[str, Tensor]], None], said: str, tmp_path: Path
) -> None:
    tensors = _by_timm(_by_transformers(NARROW))
    change(tensors)
    path = _saved(tensors, tmp_path / "changed.safetensors")
    with pytest.raises(InputError) as refusal:
        read_dinov2(path)
    assert str(path) in str(refusal.value)
    assert said in str(refusal.value)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 a pickled file", b"\xff" * 64])
def test_a_file_of_another_format_is_never_opened(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "dinov2_vits14_pretrain.pth"
    path.write_bytes(content)
    with pytest.raises(InputError, match="not a readable safetensors") as refusal:
        read_dinov2(path)
    assert "\n" not in str(refusal.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        read_dinov2(tmp_path / "missing.safetensors")


def _named(encoder: Dinov2) -> list[tuple[str, Tensor]]:
    return list(encoder.state_dict().items())
