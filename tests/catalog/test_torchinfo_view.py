"""torchinfo's own table of the network that is on the page."""

import pytest
import torchinfo
import torchvision

from cvexplore.catalog import traced
from cvexplore.catalog.torchinfo_view import torchinfo_view
from cvexplore.errors import OptionError, TraceError


def test_it_is_what_torchinfo_prints_of_the_network_with_numbers() -> None:
    view = torchinfo_view("torchvision/resnet18", {"image_size": 64, "classes": 10}, depth=2)
    real = torchinfo.summary(
        torchvision.models.resnet18(num_classes=10).eval(),
        input_size=(1, 3, 64, 64),
        depth=2,
        col_names=("input_size", "output_size", "num_params", "mult_adds", "trainable"),
        row_settings=("depth", "var_names"),
        verbose=0,
    )
    assert view.text == str(real)
    assert (view.parameters, view.macs) == (real.total_params, real.total_mult_adds)


@pytest.mark.parametrize(
    ("name", "share"),
    [
        ("torchvision/resnet18", 1.0),
        ("torchvision/vit_b_16", 0.01),  # attention is left out
        ("torchvision/ssdlite320_mobilenet_v3_large", 1.0),
        ("torchvision/raft_small", 0.96),
    ],
)
def test_parameters_agree_and_attention_is_left_out(name: str, share: float) -> None:
    view, seen = torchinfo_view(name, {}), traced(name)
    assert view.parameters == seen.parameters
    assert view.macs / seen.macs == pytest.approx(share, rel=0.02)


def test_what_torchinfo_cannot_show_is_a_sentence() -> None:
    with pytest.raises(TraceError, match=r"^torchinfo cannot show torchvision/alexnet: ") as caught:
        torchinfo_view("torchvision/alexnet", {"image_size": 48})
    assert "\n" not in str(caught.value)
    with pytest.raises(OptionError):
        torchinfo_view("torchvision/alexnet", {"classes": "many"})
