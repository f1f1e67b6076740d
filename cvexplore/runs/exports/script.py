"""A run as a plain PyTorch script that needs nothing of ours.

Three files: ``network.py`` builds the network, ``pictures.npz`` holds the pictures and which of
them are learned from, and ``train.py`` learns. The script has only what the recipe asks for. What a
part of the recipe does (optimiser, schedule, augmentations) is cut from our own source.
"""

import io
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from cvexplore.errors import RunError
from cvexplore.export import code
from cvexplore.export.cutting import Import, Source, import_lines
from cvexplore.export.script import apart, quoted, words
from cvexplore.plugins import Choice, Registry
from cvexplore.runs.exports import EXPORTS, OBSTACLES, Files
from cvexplore.runs.exports import script_text as text

if TYPE_CHECKING:
    from cvexplore.runs import Run, RunStore
    from cvexplore.training.config import RunConfig
    from cvexplore.training.loop import Training

_MOST_BYTES = 300_000_000  # of pictures, which lie in memory beside their file
_STEERED = {"learning_rate": "rate", "weight_decay": "decay", "strength": "strength"}  # its names


@EXPORTS.register("script")
def as_script(store: "RunStore", run: "Run") -> Files:
    """A plain PyTorch script that repeats the run: same seed, same loss on a processor.

    Raises:
        RunError: there are too many pictures.
    """
    import torch

    from cvexplore.training.loop import Training
    from cvexplore.training.starting import network_options

    recipe = run.recipe
    state = torch.get_rng_state()
    try:
        training = Training(recipe, device="cpu")
        drawn = torch.get_rng_state()
    finally:
        torch.set_rng_state(state)
    dataset = training.approach.dataset
    if dataset.images.nbytes > _MOST_BYTES:
        raise RunError(
            f"The pictures take {dataset.images.nbytes / 1e6:,.0f} MB, too many for a script; "
            "take the recipe along, which has no such limit."
        )
    files = {
        "train.py": _script(run, training).encode(),
        "network.py": code(recipe.architecture, network_options(recipe, dataset)).encode(),
        "pictures.npz": _arrays(
            images=dataset.images,
            labels=dataset.labels,
            train=training.train,
            validation=training.validation,
            random=drawn,
        ),
    }
    if recipe.weights != "random":
        from safetensors.torch import save

        kept = training.approach.network.state_dict()
        files["start.safetensors"] = save({name: each.contiguous() for name, each in kept.items()})
    return files


@OBSTACLES.register("script")
def not_told(store: "RunStore", run: "Run") -> str:
    """Say that a recipe does what such a script does not."""
    recipe, reason = run.recipe, ""
    if recipe.approach.name != "supervised":
        reason = f"scripts are of supervised runs, not of {recipe.approach.name}"
    elif recipe.precision == "fp16":
        reason = "fp16 is not in it; take the recipe and choose bf16 or fp32"
    elif steered := [each.name for each in recipe.changes if each.name not in _STEERED]:
        reason = f"it does not know how {steered[0]} is steered"
    return f"Run {run.id} cannot be had as a script: {reason}." if reason else ""


def _arrays(**tensors: Any) -> bytes:
    import numpy as np

    buffer = io.BytesIO()
    np.savez_compressed(buffer, **{name: each.numpy() for name, each in tensors.items()})
    return buffer.getvalue()


# ------------------------------------------------------------------ the text


def _script(run: "Run", training: "Training") -> str:
    recipe = training.config
    pieces, imports = _cut(recipe)
    blocks = [
        text.HEADING.format(
            run=run.id,
            architecture=recipe.architecture,
            data=recipe.dataset.name,
            ended=_ended(run),
        ),
        "from __future__ import annotations",
        "\n".join([*import_lines(imports | _own_imports(recipe)), "", "from network import build"]),
        *pieces,
        "\n".join(_constants(training)),
        text.DATA,
        "\n".join(_start(training)),
        "\n".join(_optimizer(recipe)),
        text.batches([_augment(each) for each in recipe.augmentations]),
        text.score(recipe.ema > 0),
        "\n".join(_learning(recipe, still=bool(_still(training)))),
    ]
    return apart(blocks) + "\n"


def _own_imports(recipe: "RunConfig") -> set[Import]:
    names = {"math", "numpy as np", "torch", "torch.nn.functional as F"}
    names |= {"copy"} if recipe.ema else set()
    names |= {"zlib"} if recipe.augmentations else set()
    return {Import("", name) for name in names}


def _ended(run: "Run") -> str:
    loss = run.latest.get("validation/loss")
    return "" if loss is None else f"\nThe run's last validation loss was {loss:.6f}."


def _cut(recipe: "RunConfig") -> tuple[list[str], set[Import]]:
    """Return the code of the recipe's parts, and what it imports from libraries."""
    from cvexplore.training.augmentations import AUGMENTATIONS
    from cvexplore.training.optimizers import OPTIMIZERS
    from cvexplore.training.schedules import SCHEDULES

    plugins: list[Any] = [
        _plugin(OPTIMIZERS, recipe.optimizer),
        _plugin(SCHEDULES, recipe.schedule),
        *(_plugin(AUGMENTATIONS, each) for each in recipe.augmentations),
    ]
    wanted: dict[str, list[str]] = {"cvexplore.training.splits": ["shuffled", "steps_per_epoch"]}
    wanted["cvexplore.training.optimizers"] = ["groups"]
    for plugin in plugins:
        wanted.setdefault(plugin.__module__, []).append(plugin.__name__)
    if recipe.augmentations:
        wanted.setdefault("cvexplore.training.augmentations", []).append("Pictures")
    pieces: dict[str, None] = {}
    imports: set[Import] = set()
    for module, names in wanted.items():
        found, needed = Source(module).reached(names)
        pieces |= dict.fromkeys(piece.text for piece in found)
        imports |= needed
    return list(pieces), imports


def _plugin(registry: Registry[Any], choice: Choice) -> Any:
    return registry[choice.name]


def _constants(training: "Training") -> Iterator[str]:
    recipe = training.config
    yield f"SEED, EPOCHS, STEPS = {recipe.seed}, {training.epochs}, {training.steps}"
    yield f"BATCH, ACCUMULATE = {recipe.batch_size}, {recipe.accumulate}"
    yield f"THREADS = {recipe.threads}  # another number adds up in another order"
    yield f"MEAN, STD = {training.approach.preparation.mean}, {training.approach.preparation.std}"
    yield f"SMOOTHING = {recipe.approach.options.get('label_smoothing', 0.0)}"
    if recipe.ema:
        yield f"EMA = {recipe.ema}"
    yield f"rate, decay = {recipe.learning_rate}, {recipe.weight_decay}"
    if recipe.augmentations:
        yield f"strength = {recipe.strength}"
    if recipe.changes:
        changes = [(each.step, _STEERED[each.name], each.value) for each in recipe.changes]
        yield f"CHANGES = {changes}  # (steps done, what, its new value)"


def _start(training: "Training") -> Iterator[str]:
    network = training.approach.network
    kept = [name for name, each in network.named_parameters() if not each.requires_grad]
    still = _still(training)
    yield "torch.set_num_threads(THREADS)"
    yield "torch.manual_seed(SEED)"
    yield "network = build()"
    if training.config.weights != "random":
        yield "from safetensors.torch import load_file"
        yield ""
        yield 'network.load_state_dict(load_file("start.safetensors"))'
        yield 'torch.set_rng_state(torch.from_numpy(data["random"]))  # drawn from before the start'
    yield "network = network.to(memory_format=torch.channels_last)"
    if still:
        yield f"STILL = {still}  # normalisation that keeps its statistics"
    if kept:
        yield f"for name in {kept}:"
        yield "    network.get_parameter(name).requires_grad_(False)"
    if training.config.ema:
        yield "mean = copy.deepcopy(network).eval().requires_grad_(False)"


def _still(training: "Training") -> list[str]:
    """Return the paths of the modules that stay in evaluation mode while the others learn."""
    training.be_in_training_mode()
    return [name for name, each in training.approach.network.named_modules() if not each.training]


def _optimizer(recipe: "RunConfig") -> Iterator[str]:
    name, given = recipe.optimizer.name, words(recipe.optimizer.options)
    grouped = f"groups(network, decay, {recipe.decay_all})"
    yield f"optimizer = {', '.join([f'{name}({grouped}', 'rate', *given])})"


def _augment(choice: Choice) -> str:
    from cvexplore.training.augmentations import AUGMENTATIONS

    function = AUGMENTATIONS[choice.name].__name__
    return f"{function}({', '.join(['batch', 'random', 'strength', *words(choice.options)])})"


def _learning(recipe: "RunConfig", *, still: bool) -> Sequence[str]:
    from cvexplore.training.schedules import SCHEDULES

    function = SCHEDULES[recipe.schedule.name].__name__
    schedule = ", ".join([f"{function}(step", "STEPS", "losses", *words(recipe.schedule.options)])
    return text.learning(
        f"{schedule})",
        still=still,
        steered=[_STEERED[each.name] for each in recipe.changes],
        bf16=recipe.precision == "bf16",
        mixed=bool(recipe.augmentations),
        clip=recipe.clip,
        ema=recipe.ema > 0,
        patience=recipe.patience,
        improvement=quoted(recipe.improvement),
    )
