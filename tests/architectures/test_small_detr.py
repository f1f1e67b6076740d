"""DETR's options that make it small enough to learn in minutes, and what it says as it learns."""

from typing import Any

import pytest
import torch
from torch import nn

from cvexplore.architectures import BUILDERS
from cvexplore.architectures.frozen_batch_norm import FrozenBatchNorm

TINY = {"backbone_depth": 18, "width": 32, "heads": 4, "encoder_layers": 1, "decoder_layers": 3}


def tiny(**options: Any) -> Any:
    return BUILDERS["detr"](**TINY | {"queries": 7, "classes": 5} | options)


@pytest.mark.parametrize("depth", [18, 50])
@pytest.mark.parametrize(("stages", "pixels_a_token"), [(1, 4), (2, 8), (3, 16), (4, 32)])
def test_fewer_stages_give_more_tokens(depth: int, stages: int, pixels_a_token: int) -> None:
    network = tiny(backbone_depth=depth, stages=stages, backbone_width=16).eval()
    with torch.no_grad():
        maps = network.projection(network.backbone(torch.rand(1, 3, 64, 96)))
    assert maps.shape == (1, 32, 64 // pixels_a_token, 96 // pixels_a_token)


def test_a_small_one_has_the_parameters_counted_by_hand() -> None:
    network = tiny(stages=1, backbone_width=8, norm="batch", mlp_ratio=2, encoder_layers=0)
    width, hidden = 32, 64

    def dense(inputs: int, outputs: int) -> int:
        return inputs * outputs + outputs

    backbone = 7 * 7 * 3 * 8 + 4 * 3 * 3 * 8 * 8 + 5 * 2 * 8  # the stem, four convolutions, norms
    attention = 4 * dense(width, width)
    mlp = dense(width, hidden) + dense(hidden, width)
    decoder = 3 * (2 * attention + mlp + 3 * 2 * width) + 2 * width
    heads = dense(width, 5 + 1) + 2 * dense(width, width) + dense(width, 4)
    expected = backbone + dense(8, width) + 7 * width + decoder + heads
    assert sum(each.numel() for each in network.parameters()) == expected


@pytest.mark.parametrize(("norm", "kind"), [("frozen", FrozenBatchNorm), ("batch", nn.BatchNorm2d)])
def test_norms_are_frozen_or_learned(norm: str, kind: type[nn.Module]) -> None:
    network = tiny(norm=norm, backbone_width=8)
    norms = [
        m for m in network.backbone.modules() if isinstance(m, (FrozenBatchNorm, nn.BatchNorm2d))
    ]
    assert {type(each) for each in norms} == {kind}
    learned = [each for module in norms for each in module.parameters()]
    assert len(learned) == (2 * len(norms) if norm == "batch" else 0)


def test_only_in_training_the_earlier_layers_answer_too() -> None:
    network, images = tiny(dropout=0.0, backbone_width=8), torch.rand(2, 3, 64, 64)
    answer = network.train()(images)
    alone = network.eval()(images)
    assert set(alone) == {"logits", "boxes"}
    assert len(answer["auxiliary"]) == 2
    for name in ("logits", "boxes"):
        torch.testing.assert_close(answer[name], alone[name])


def test_a_layers_answer_is_that_of_a_decoder_cut_off_there() -> None:
    network, images = tiny(dropout=0.0, backbone_width=8), torch.rand(2, 3, 64, 64)
    auxiliary = network.train()(images)["auxiliary"]
    decoder = network.transformer.decoder
    for depth, said in enumerate(auxiliary, start=1):
        network.transformer.decoder = decoder[:depth]
        alone = network(images)
        for name in ("logits", "boxes"):
            torch.testing.assert_close(said[name], alone[name])
    assert not torch.allclose(auxiliary[0]["boxes"], auxiliary[1]["boxes"])
