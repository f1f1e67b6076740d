"""The loop against the barest one a person would write, scikit-learn, and itself interrupted."""

import io
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from sklearn.metrics import (
    accuracy_score,
    confusion_matrix,
    f1_score,
    log_loss,
    precision_score,
    recall_score,
)
from torch import Tensor, nn
from torch.optim import lr_scheduler

from cvexplore import catalog, folders, images
from cvexplore.errors import OptionError, RunError
from cvexplore.plugins import Choice
from cvexplore.training import MetricPoint, RunConfig
from cvexplore.training.approaches import Batch
from cvexplore.training.datasets import DATASETS
from cvexplore.training.loop import Point, Training
from cvexplore.training.measuring import Measurement
from cvexplore.training.splits import shuffled, stratified

TINY = {"width": 4, "hidden": 16}


def recipe(**changed: Any) -> RunConfig:
    """Return a recipe of a few quick steps, with dropout."""
    standard: dict[str, Any] = {
        "options": TINY,
        "dataset": Choice("shapes", {"count": 200, "image_size": 16}),
        "batch_size": 32,
        "epochs": 3,
    }
    return RunConfig(**standard | changed)


def values(points: Sequence[Point], name: str, split: str = "train") -> list[Any]:
    return [
        point.value if isinstance(point, MetricPoint) else point.values
        for point in points
        if (point.name, point.split) == (name, split)
    ]


def known(points: list[MetricPoint]) -> list[tuple[int, str, str, float]]:
    """Return all of the points but the time they took."""
    return [(point.step, point.split, point.name, point.value) for point in points]


# ------------------------------------------------------------------ the same numbers as a bare loop

OPTIMIZERS: dict[str, Callable[..., torch.optim.Optimizer]] = {
    "adamw": torch.optim.AdamW,
    "adam": torch.optim.Adam,
    "sgd": lambda parameters, **options: torch.optim.SGD(
        parameters, momentum=0.9, nesterov=True, **options
    ),
    "rmsprop": torch.optim.RMSprop,
}


def bare_loop(config: RunConfig, steps: int) -> tuple[list[float], nn.Module]:
    """Train as a tutorial would, with torch's own optimiser and schedule.

    Only the layout in memory is ours, for another one rounds differently.
    """
    data = DATASETS.bind(config.dataset)()
    torch.manual_seed(config.seed)
    network = catalog.build(
        config.architecture,
        classes=len(data.classes),
        channels=data.channels,
        image_size=data.image_size,
        **config.options,
    ).to(memory_format=torch.channels_last)
    optimizer = OPTIMIZERS[config.optimizer.name](
        network.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay
    )
    schedule = lr_scheduler.OneCycleLR(
        optimizer, config.learning_rate, total_steps=steps, cycle_momentum=False
    )
    pictures = data.images / 255
    pictures = (pictures - pictures.mean((0, 2, 3), keepdim=True)) / pictures.std(
        (0, 2, 3), keepdim=True
    )
    chosen, _ = stratified(data.labels, config.validation, config.seed)
    losses = []
    for epoch in range(100):
        for batch in shuffled(chosen, config.seed, epoch).split(config.batch_size):
            scores = network(pictures[batch].contiguous(memory_format=torch.channels_last))
            loss = nn.functional.cross_entropy(scores, data.labels[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
            if len(losses) == steps:
                return losses, network
            schedule.step()
    raise AssertionError("too few epochs")


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_losses_and_weights_are_those_of_a_bare_loop(optimizer: str) -> None:
    config = recipe(
        dataset=Choice("digits"),
        optimizer=Choice(optimizer),
        learning_rate=0.1 if optimizer == "sgd" else 0.003,
        schedule=Choice("one_cycle"),
        batch_size=50,  # 29 steps an epoch, the last one smaller
        steps=35,
        seed=3,
    )
    training = Training(config, device="cpu")
    points = list(training.points())
    losses, network = bare_loop(config, steps=35)
    assert values(points, "loss") == pytest.approx(losses, abs=1e-6)
    assert losses[-1] < 0.9 * losses[0]
    for name, tensor in training.approach.network.state_dict().items():
        torch.testing.assert_close(tensor, network.state_dict()[name], atol=1e-5, rtol=1e-4)


def test_the_learning_rate_is_the_schedules_at_each_step() -> None:
    config = recipe(schedule=Choice("exponential", {"final": 0.5}), learning_rate=0.1, steps=8)
    points = list(Training(config).points())
    assert values(points, "learning_rate") == pytest.approx(
        [0.1 * 0.5 ** (n / 8) for n in range(8)]
    )


def test_a_plateau_schedule_hears_the_validation_losses(monkeypatch: pytest.MonkeyPatch) -> None:
    plateau = Choice("plateau", {"patience": 0, "factor": 0.5})
    training = Training(recipe(schedule=plateau, learning_rate=0.001, epochs=4))
    monkeypatch.setattr(Measurement, "scores", lambda self: {"loss": 1.0})
    rates = values(list(training.points()), "learning_rate")
    assert rates[:: training.steps_per_epoch] == pytest.approx([0.001, 0.001, 0.0005, 0.00025])


# ------------------------------------------------------------------ what is measured


@torch.inference_mode()
def probabilities(training: Training, chosen: Tensor) -> Tensor:
    (batch,) = training.approach.batches(chosen, len(chosen))
    return training.approach.network.eval()(batch.images).softmax(1).double()


@pytest.mark.parametrize("count", [40, 65])  # 65: a single picture is left over, and counts
def test_the_scores_are_scikit_learns(count: int) -> None:
    training = Training(recipe(steps=6))
    list(training.points())
    training.validation = chosen = torch.arange(0, 195, 3)[:count]
    labels = training.approach.dataset.labels[chosen].numpy()
    answers = probabilities(training, chosen)
    given = answers.argmax(1).numpy()
    macro: dict[str, Any] = {"average": "macro", "zero_division": 0}
    points = training.measure("validation")
    assert values(points, "confusion", "validation") == [
        tuple(confusion_matrix(labels, given, labels=range(4)).flatten())
    ]
    assert training.evaluate() == pytest.approx(
        {
            "accuracy": accuracy_score(labels, given),
            "loss": log_loss(labels, answers / answers.sum(1, keepdim=True), labels=range(4)),
            "precision": precision_score(labels, given, **macro),
            "recall": recall_score(labels, given, **macro),
            "f1": f1_score(labels, given, **macro),
        },
        rel=1e-5,
    )


def test_the_test_split_is_measured_when_asked() -> None:
    training = Training(recipe(test=0.3, steps=1))
    together = torch.cat([training.train, training.validation, training.test])
    assert sorted(together.tolist()) == list(range(200))
    (counts,) = values(training.measure("test"), "confusion", "test")
    assert sum(counts) == len(training.test) == 60
    with pytest.raises(OptionError, match=r"^The recipe holds out no test pictures: "):
        Training(recipe(steps=1)).measure("test")


def test_measuring_changes_nothing() -> None:
    training = Training(recipe(architecture="timm/test_resnet", options={}, steps=2))
    list(training.points())
    before = {name: value.clone() for name, value in training.approach.state_dict().items()}
    assert training.evaluate() == training.evaluate()
    for name, value in training.approach.state_dict().items():
        assert torch.equal(value, before[name]), name


def test_every_step_and_every_epoch_is_measured_in_order() -> None:
    turns = list(Training(recipe(epochs=2)).turns())  # 160 pictures, 5 batches
    each_step = ["loss", "accuracy", "gradient_norm", "learning_rate"]
    each_epoch = ["loss", "accuracy", "precision", "recall", "f1"]
    single = [[p for p in turn if isinstance(p, MetricPoint)] for turn in turns]
    found = [(p.step, p.split, p.name) for turn in single for p in turn]
    assert found == [
        (step, split, name)
        for step in range(1, 11)
        for split, names in (
            ("train", each_step),
            ("validation", each_epoch if step in (5, 10) else []),
        )
        for name in names
    ]
    assert [len(turn) for turn in single] == [4] * 5 + [0, 5] + [4] * 5 + [0, 5]
    seconds = [point.seconds for turn in turns for point in turn]
    assert seconds == sorted(seconds)


@pytest.mark.parametrize(("steps", "epochs"), [(1, 1), (4, 1), (5, 1), (6, 2), (12, 3)])
def test_steps_overrule_epochs_and_the_last_epoch_may_be_cut_short(steps: int, epochs: int) -> None:
    training = Training(recipe(steps=steps, epochs=2))
    points = list(training.points())
    assert training.step == training.steps == len(values(points, "loss")) == steps
    assert training.epochs == len(values(points, "loss", "validation")) == epochs
    assert points[-1].step == steps


# ------------------------------------------------------------------ small and odd batches


@pytest.mark.parametrize("batch_size", [1, 3, 53, 159, 160, 4096])  # 3, 53, 159 leave one over
def test_every_picture_but_a_single_one_left_over_is_learned_from(
    batch_size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    training = Training(recipe(batch_size=batch_size, epochs=1))
    approach, sizes = training.approach, []

    def learn(batch: Batch) -> dict[str, Tensor]:
        sizes.extend([len(batch.labels)] if approach.training else [])
        return type(approach).loss(approach, batch)

    monkeypatch.setattr(approach, "loss", learn)
    list(training.points())
    left_over = batch_size > 1 and 160 % batch_size == 1
    assert sum(sizes) == 160 - left_over
    assert len(sizes) == training.step == training.steps_per_epoch


def test_a_network_with_batch_normalisation_trains_past_a_single_picture_left_over() -> None:
    config = recipe(architecture="timm/test_resnet", options={}, batch_size=53, epochs=2)
    points = list(Training(config).points())
    assert len(values(points, "loss")) == 6
    assert all(math.isfinite(point.value) for point in points)


# ------------------------------------------------------------------ interrupted and continued


def through_a_file(checkpoint: dict[str, Any]) -> dict[str, Any]:
    file = io.BytesIO()
    torch.save(checkpoint, file)
    file.seek(0)
    return torch.load(file, weights_only=True)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("batch_size", [32, 53])  # 53 leaves a single picture over
def test_a_continued_run_is_the_uninterrupted_one(optimizer: str, batch_size: int) -> None:
    config = recipe(
        optimizer=Choice(optimizer), batch_size=batch_size, learning_rate=0.001, epochs=3
    )
    whole = Training(config)
    points, checkpoints = [], {}
    for point in whole.points():
        points.append(point)
        if point.name == "learning_rate":  # a step is complete; an epoch's last is not yet measured
            checkpoints[point.step] = len(points), through_a_file(whole.checkpoint())
    assert len(checkpoints) == whole.steps
    for step, (count, checkpoint) in checkpoints.items():
        torch.manual_seed(12345)
        again = Training(config)
        again.restore(checkpoint)
        assert known(list(again.points())) == known(points[count:]), f"from step {step}"
        for name, tensor in again.approach.state_dict().items():
            assert torch.equal(tensor, whole.approach.state_dict()[name]), f"{name} from {step}"


def test_the_seed_decides_the_run() -> None:
    first, again, other = (
        known(list(Training(recipe(seed=seed, steps=4)).points())) for seed in (1, 1, 2)
    )
    assert first == again != other


# ------------------------------------------------------------------ what cannot work is said


def test_a_loss_that_is_no_number_ends_the_run_in_a_sentence() -> None:
    config = recipe(
        optimizer=Choice("sgd"), learning_rate=10.0, schedule=Choice("constant"), epochs=50
    )
    points = Training(config).points()
    with pytest.raises(RunError, match=r"^The train loss is not a number at step \d+: ") as caught:
        list(points)
    assert str(caught.value).endswith("try a learning rate below 10.")


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"architecture": "torchvision/alexnet", "options": {}}, "On pictures of 16 pixels: "),
        (
            {"architecture": "torchvision/fasterrcnn_resnet50_fpn", "options": {}},
            "is a network for detection, not a classifier",
        ),
        (
            {"architecture": "torchvision/raft_small", "options": {}},
            "is a network for optical flow, not a classifier",
        ),
        (
            {
                "architecture": "torchvision/inception_v3",  # its helper is only used in training
                "options": {},
                "dataset": Choice("digits", {"image_size": 112}),
            },
            "torchvision/inception_v3 cannot learn at 112 pixels: ",
        ),
        ({"options": {"classes": 5}}, "not one score for 4 classes"),
        ({"options": {"channels": 1}}, "channels"),
        ({"options": {"image_size": 24}}, "image_size"),
    ],
)
def test_a_network_that_cannot_learn_this_is_refused_with_the_reason(
    changed: dict[str, Any], says: str
) -> None:
    with pytest.raises(OptionError) as caught:
        Training(recipe(**changed))
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


# ------------------------------------------------------------------ any network, any pictures


@pytest.mark.parametrize("dataset", ["digits", "shapes"])  # grey and colour
@pytest.mark.parametrize(
    ("architecture", "image_size"),
    [
        ("torchvision/mobilenet_v3_small", 32),
        ("timm/test_resnet", 32),
        ("timm/test_vit", 32),
        ("cvexplore/resnet", 32),
        ("cvexplore/simple_cnn", 32),
    ],
)
def test_networks_of_every_library_learn_grey_and_colour(
    architecture: str, image_size: int, dataset: str
) -> None:
    data = Choice(dataset, {"image_size": image_size})
    training = Training(RunConfig(architecture=architecture, dataset=data, batch_size=4, steps=1))
    training.validation = training.validation[:4]
    network = training.approach.network
    before = [each.clone() for each in network.parameters()]
    points = list(training.points())
    assert [point.name for point in points].count("loss") == 2
    assert all(math.isfinite(point.value) for point in points)
    moved = [not torch.equal(*pair) for pair in zip(before, network.parameters(), strict=True)]
    assert sum(moved) > 0.8 * len(moved)


@pytest.mark.parametrize("architecture", ["cvexplore/simple_cnn", "timm/test_resnet"])
def test_saved_weights_are_loaded_again_with_all_that_belongs_to_them(architecture: str) -> None:
    options = TINY if architecture == "cvexplore/simple_cnn" else {}
    config = recipe(architecture=architecture, options=options, dataset=Choice("digits"), steps=5)
    training = Training(config)
    list(training.points())
    path = folders.run_weights("20260101-some-run")
    path.parent.mkdir(parents=True)
    training.save(path)

    again = catalog.build(architecture, weights="run:20260101-some-run").eval()
    preparation = catalog.preparation(architecture, weights="run:20260101-some-run")
    data = training.approach.dataset
    first = images.prepare(images.from_array(data.images[0].numpy()), preparation)
    with torch.inference_mode():
        scores = again(first)
    torch.testing.assert_close(
        scores.softmax(1).double(), probabilities(training, torch.tensor([0])), atol=1e-5, rtol=1e-4
    )
    assert catalog.labels(architecture, "run:20260101-some-run") == data.classes


def test_saving_leaves_one_file(tmp_path: Path) -> None:
    training = Training(recipe(steps=1))
    training.save(tmp_path / "weights.safetensors")
    assert [path.name for path in tmp_path.iterdir()] == ["weights.safetensors"]
