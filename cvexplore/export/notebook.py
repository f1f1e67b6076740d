"""Lines of code that reproduce a layer's feature maps in a notebook, with and without cvexplore.

The picture, and weights that cannot be had again by their name, are read from files that the
Feature maps page hands out, so that the numbers are those of the page.
"""

from collections.abc import Mapping
from typing import Any

from cvexplore import catalog
from cvexplore.errors import ExportError
from cvexplore.export.code import code as network_code
from cvexplore.export.script import quoted, words
from cvexplore.images import SAMPLES, Preparation

_OURS = """\
import cvexplore as cv

name, weights = {name}, {weights}
model = cv.build({arguments}).eval()
{photo}
image = cv.prepare(photo, cv.preparation({arguments_of_preparation}))

found = cv.feature_maps(model, image, {layer})
print(found.maps.shape)  # channels, height, width
"""

_PLAIN = """\
# %% The network
{network}


# %% Its weights, and the picture as it takes it
import torch
from PIL import Image, ImageOps
from safetensors.torch import load_file
from torchvision import transforms

model = build().eval()
model.load_state_dict(load_file({file}))

prepare = transforms.Compose(
    [
        {steps},
    ]
)
photo = ImageOps.exif_transpose(Image.open({photo})).convert("RGB")
image = prepare(photo)[None]

# %% What the layer returns
kept = []


def keep(module, args, output):
    output = output[0] if isinstance(output, tuple) else output
    kept.append(output.clone())  # a later layer may write over it


handle = model.get_submodule({layer}).register_forward_hook(keep)
with torch.inference_mode():
    model(image)
handle.remove()
print(kept[0].shape)
"""


def code(
    name: str, weights: str, options: Mapping[str, Any], layer: str, image: str = "photo.png"
) -> str:
    """Return lines that reproduce a layer's maps with cvexplore.

    Args:
        name: the network's, in the catalog.
        weights: where its numbers are from. For random ones the lines read ``weights_file(name)``.
        options: what it was built with.
        layer: the layer's path.
        image: a file, or the name of a sample photo.
    """
    file = weights_file(name) if weights == "random" else weights
    own = {} if weights == "random" or weights.startswith("run:") else options  # the file says them
    arguments = ", ".join(["name", "weights=weights", *words(own)])
    return _OURS.format(
        name=quoted(name),
        weights=quoted(file),
        arguments=arguments,
        arguments_of_preparation=arguments.replace("weights=", ""),
        photo=_photo(image),
        layer=quoted(layer),
    )


def plain_code(
    name: str, weights: str, options: Mapping[str, Any], layer: str, image: str = "photo.png"
) -> str:
    """Return lines that reproduce what a layer returns with PyTorch alone, as a hook sees it.

    The weights are read from ``weights_file(name)``. The picture is prepared by torchvision: to the
    bit as cvexplore does it, for opaque pictures of at most 4,096 pixels a side and no longer than
    four times their width.

    Raises:
        ExportError: the layer is a function between modules, which a hook cannot see.
    """
    chosen = {**catalog.origin_options(name, weights), **options}
    try:
        catalog.build(name, device="meta", **chosen).get_submodule(layer)
    except AttributeError:
        raise ExportError(
            f"{layer} is not a module but a function inside one, which PyTorch's hooks cannot see; "
            "the lines with cvexplore can."
        ) from None
    steps = _transforms(catalog.preparation(name, weights, **chosen))
    return _PLAIN.format(
        network=_only_build(network_code(name, chosen)),
        file=quoted(weights_file(name)),
        steps=",\n        ".join(steps),
        photo=quoted(image),
        layer=quoted(layer),
    )


def weights_file(name: str) -> str:
    """Return what to call the file that holds a network's weights."""
    return name.partition("/")[2] + ".safetensors"


def _photo(image: str) -> str:
    if image in SAMPLES:
        return f"photo = cv.sample_image({quoted(image)})"
    return f'with open({quoted(image)}, "rb") as file:\n    photo = cv.load_image(file.read())'


def _transforms(preparation: Preparation) -> list[str]:
    """Return torchvision's transforms that prepare a picture as ``images.prepare`` does."""
    size = preparation.image_size
    short = max(size, int(size / preparation.crop))
    bilinear = preparation.interpolation == "bilinear"
    how = "BILINEAR" if bilinear else "BICUBIC"
    grey = ["transforms.Grayscale()"] if preparation.channels == 1 else []
    return [
        f"transforms.Resize({short}, transforms.InterpolationMode.{how})",
        f"transforms.CenterCrop({size})",
        *grey,
        "transforms.ToTensor()",
        f"transforms.Normalize({preparation.mean}, {preparation.std})",
    ]


def _only_build(text: str) -> str:
    """Return an exported file without its heading and without what it does when it is run."""
    body = text.split('"""', 2)[2]
    return body.partition('\nif __name__ == "__main__":')[0].strip()
