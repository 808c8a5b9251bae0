"""Optimiser, its schedule and the running average of the weights."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.optim import SGD, Adam, AdamW, Optimizer
from torch.optim.lr_scheduler import LambdaLR
from torch.optim.swa_utils import AveragedModel

from lmsfa.training.recipe import Recipe

WEIGHT_DECAYS = {"adam": 0.0, "adamw": 0.05, "sgd": 5e-4}
"""Of weights of convolutions and linear layers, as is usual for each: AdamW takes it off the
weights, the paper's SGD (momentum 0.9) adds it to the gradient, plain Adam knows none."""
DECAY_OF_AN_EPOCH = 0.98
"""What the exponential schedule multiplies the learning rate by (HRMedSeg, 4.2)."""


def make_optimizer(network: nn.Module, recipe: Recipe) -> Optimizer:
    """The recipe's; norms, biases and single scales are not decayed, what is frozen is left out."""
    learning = [p for p in network.parameters() if p.requires_grad]
    decayed = [p for p in learning if p.ndim > 1]
    free = [p for p in learning if p.ndim <= 1]
    groups = [
        {"params": decayed, "weight_decay": WEIGHT_DECAYS[recipe.optimizer]},
        {"params": free, "weight_decay": 0.0},
    ]
    if recipe.optimizer == "adamw":
        return AdamW(groups, lr=recipe.learning_rate)
    if recipe.optimizer == "adam":
        return Adam(groups, lr=recipe.learning_rate)
    return SGD(groups, lr=recipe.learning_rate, momentum=0.9)


def make_schedule(
    optimizer: Optimizer, recipe: Recipe, steps_per_epoch: int, done: int = 0
) -> LambdaLR:
    """Linear warm-up, then the recipe's schedule; `done` steps are behind.

    The cosine falls to `final_share` at the last step; the exponential one falls once an epoch.
    """
    warmup = max(1.0, recipe.warmup_epochs * steps_per_epoch)
    total = max(warmup + 1, float(recipe.epochs * steps_per_epoch))

    def share(step: int) -> float:
        if step < warmup:
            return (step + 1) / warmup
        if recipe.schedule == "exponential":
            return float(DECAY_OF_AN_EPOCH ** (step // steps_per_epoch))
        progress = min(1.0, (step - warmup) / (total - warmup))
        return (
            recipe.final_share + (1 - recipe.final_share) * (1 + math.cos(math.pi * progress)) / 2
        )

    for group in optimizer.param_groups:
        group["initial_lr"] = recipe.learning_rate
    return LambdaLR(optimizer, share, last_epoch=done - 1)


def make_average(network: nn.Module, recipe: Recipe) -> AveragedModel:
    """Running average of weights and norm statistics; young averages forget faster."""

    def update(averaged: Tensor, current: Tensor, count: Tensor | int) -> Tensor:
        if not averaged.is_floating_point():
            return current
        decay = min(recipe.average_decay, (1 + int(count)) / (10 + int(count)))
        return torch.lerp(averaged, current, 1 - decay)

    return AveragedModel(network, avg_fn=update, use_buffers=True)
