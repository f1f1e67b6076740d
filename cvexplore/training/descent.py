"""One step down the loss: gradients found batch by batch, added up, shortened, followed."""

import contextlib
from typing import Any

import torch
from torch import Tensor
from torch.nn.utils import clip_grad_norm_

from cvexplore.training.approaches import Approach
from cvexplore.training.averaging import Average
from cvexplore.training.config import RunConfig
from cvexplore.training.layers import Watch
from cvexplore.training.optimizers import OPTIMIZERS, groups


class Descent:
    """What moves the weights of an approach, and all that it remembers from step to step.

    Args:
        approach: what learns, on its device.
        config: the recipe.
        device: of the approach.
    """

    def __init__(self, approach: Approach, config: RunConfig, device: str) -> None:
        self._approach, self._config, self._device = approach, config, device
        grouped = groups(
            approach,
            config.weight_decay,
            config.decay_all,
            approach.rates(),
            approach.undecayed(),
        )
        self.parameters = [each for group in grouped for each in group["params"]]
        make = OPTIMIZERS.bind(config.optimizer)
        self.optimizer: torch.optim.Optimizer = make(grouped, config.learning_rate)
        self._scaler = torch.amp.GradScaler(
            torch.device(device).type, enabled=config.precision == "fp16"
        )
        self._average = Average(approach, config.ema) if config.ema else None

    @property
    def measured(self) -> Approach:
        """What is measured and kept: with the running mean of the weights, or the weights."""
        return self._average.approach if self._average else self._approach

    def find_gradients(self, chosen: Tensor, step: int, watch: Watch | None) -> dict[str, float]:
        """Add up the gradients of these pictures' batches; return the means of what they say.

        A batch counts by its pictures, so that the sum is the gradient of one large batch.
        """
        size, first = self._config.batch_size, step * self._config.accumulate
        names, rows = (), []
        self.optimizer.zero_grad(set_to_none=True)
        parts = chosen.split(size)
        batches = self._approach.batches(chosen, size, first)
        for part, batch in zip(parts, batches, strict=True):
            with watch or contextlib.nullcontext():
                values = self._approach.loss(batch)
            share = len(part) / len(chosen)
            loss = values["loss"] if share == 1 else values["loss"] * share
            self._scaler.scale(loss).backward()
            names = tuple(values)
            rows.append(torch.stack([each.detach() for each in values.values()]) * share)
        means = rows[0] if len(rows) == 1 else torch.stack(rows).sum(0)
        return dict(zip(names, means.tolist(), strict=True))  # waits for the device, once

    def follow(self, rate: float, decay: float, step: int, watch: Watch | None) -> None:
        """Change the weights along the gradients, at this learning rate and weight decay."""
        for group in self.optimizer.param_groups:
            group["lr"] = rate * group["scale"]
            group["weight_decay"] = decay if group["decays"] else 0.0
        self._scaler.unscale_(self.optimizer)
        if watch:
            watch.see_gradients()
        if self._config.clip:
            clip_grad_norm_(self.parameters, self._config.clip)
        self._scaler.step(self.optimizer)
        self._scaler.update()
        if self._average:
            self._average.update(step)

    def state(self) -> dict[str, Any]:
        """Return what ``restore`` needs."""
        return {
            "optimizer": self.optimizer.state_dict(),
            "scaler": self._scaler.state_dict(),
            "average": self._average.approach.state_dict() if self._average else {},
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from the state of the same recipe."""
        self.optimizer.load_state_dict(state["optimizer"])
        self._scaler.load_state_dict(state["scaler"])
        if self._average:
            self._average.approach.load_state_dict(state["average"])
