"""Object queries: their attention is the network's, their answers and pairs are right."""

import itertools
import json
import math

import pytest
import torch
from PIL import Image
from streamlit.testing.v1 import AppTest
from torch import Tensor

from cvexplore import catalog, images
from cvexplore.attention import locate, record
from cvexplore.attention.detection import (
    NO_OBJECT,
    answers,
    decoder_layers,
    encoder_layers,
    seen_boxes,
    set_prediction,
)
from cvexplore.errors import LayerError
from cvexplore.images import Preparation
from cvexplore.interpret.dense import boxes as boxes_of_a_page
from cvexplore.training.datasets import Dataset, Objects
from cvexplore.training.datasets.scenes import scenes
from cvexplore.ui import cached
from cvexplore.ui.attention import objects
from cvexplore.ui.attention.objects_truth import place_in
from cvexplore.ui.cached import Subject

SMALL = {
    "backbone_depth": 18,
    "backbone_width": 8,
    "stages": 2,
    "width": 32,
    "encoder_layers": 2,
    "decoder_layers": 3,
    "heads": 4,
    "queries": 5,
    "classes": 3,
}
FEW = ("scenes", {"count": 40})
OPTIONS = catalog.origin_options("cvexplore/detr", "bundled")
BUNDLED = Subject("cvexplore/detr", "bundled", cached.frozen(dict(OPTIONS)))


@pytest.fixture(scope="module")
def small():
    torch.manual_seed(3)
    return catalog.build("cvexplore/detr", **SMALL).eval().requires_grad_(False)


@pytest.fixture(scope="module")
def image() -> Tensor:
    return torch.randn(1, 3, 64, 96, generator=torch.Generator().manual_seed(1))


# ------------------------------------------------------------------ whose attention it is


def by_hand(model, image: Tensor, path: str) -> Tensor:
    """Return softmax(q kᵀ / √d), head by head, from what the projections returned."""
    kept = {}
    module = model.get_submodule(path)
    hooks = [
        getattr(module, name).register_forward_hook(
            lambda _, __, output, name=name: kept.update({name: output[0]})
        )
        for name in ("query", "key")
    ]
    model(image)
    for hook in hooks:
        hook.remove()
    width = kept["query"].shape[1] // module.heads
    heads = []
    for head in range(module.heads):
        part = slice(head * width, (head + 1) * width)
        scores = kept["query"][:, part] @ kept["key"][:, part].T / math.sqrt(width)
        raised = scores.double().exp()
        heads.append(raised / raised.sum(1, keepdim=True))
    return torch.stack(heads)


def test_a_decoder_layer_is_its_self_attention_and_its_look_at_the_image(small, image) -> None:
    found = locate(small, image)
    layers = decoder_layers(found.values())
    expected = [
        (f"transformer.decoder.{n}.cross_attention", f"transformer.decoder.{n}.self_attention")
        for n in range(3)
    ]
    assert [(each.looking, each.listening) for each in layers] == expected
    assert encoder_layers(found.values()) == tuple(
        f"transformer.encoder.{n}.self_attention" for n in range(2)
    )
    recording = record(small, image, locations=found)
    for each in layers:
        for name, keys in ((each.looking, 8 * 12), (each.listening, 5)):
            weights = recording.layer(name).weights
            assert weights.shape == (1, 4, 5, keys)
            assert torch.allclose(weights[0].double(), by_hand(small, image, name), atol=1e-6)


def test_one_query_alone_still_has_its_two_attentions(image) -> None:
    options = {**SMALL, "queries": 1, "encoder_layers": 0, "decoder_layers": 1}
    model = catalog.build("cvexplore/detr", **options).eval()
    found = locate(model, image)
    assert len(decoder_layers(found.values())) == 1
    assert encoder_layers(found.values()) == ()


def test_networks_without_object_queries_have_no_such_layer() -> None:
    model = catalog.build("cvexplore/vit", image_size=32, depth=2, width=48, heads=3).eval()
    assert decoder_layers(locate(model, torch.zeros(1, 3, 32, 32)).values()) == ()
    for name in ("timm/vit_tiny_patch16_224", "torchvision/fasterrcnn_resnet50_fpn"):
        assert not objects.applies(Subject(name, "random"))
    assert objects.applies(BUNDLED)


# ------------------------------------------------------------------ what the queries answer


def test_answers_are_those_that_other_pages_read_off_query_by_query(small, image) -> None:
    output = small(image)
    logits, boxes = set_prediction(output)
    labels = ("circle", "square")  # the third class has no name
    said = answers(logits, boxes, labels)
    assert [each.query for each in said] == [0, 1, 2, 3, 4]
    shown = boxes_of_a_page(output, labels, (64, 96)).found
    assert sorted(each.score for each in said) == pytest.approx(
        sorted(each.score for each in shown)
    )
    for each in said:
        raised = [math.exp(score) for score in logits[each.query].tolist()]
        assert each.score == pytest.approx(max(raised[:-1]) / sum(raised), rel=1e-5)
        assert each.nothing == pytest.approx(raised[-1] / sum(raised), rel=1e-5)
        largest = raised.index(max(raised))
        assert each.says == ("circle", "square", "class 2", NO_OBJECT)[largest]
        box = next(one for one in shown if one.score == pytest.approx(each.score, rel=1e-6))
        x, y, width, height = each.box
        corners = (x - width / 2, y - height / 2, x + width / 2, y + height / 2)
        pixels = [side * size for side, size in zip(corners, (96, 64, 96, 64), strict=True)]
        assert box.label == each.label
        assert box.corners == pytest.approx(tuple(pixels), abs=1e-3)


def test_other_answers_are_refused_in_a_sentence() -> None:
    with pytest.raises(LayerError, match="cvexplore/detr does"):
        set_prediction(torch.zeros(1, 10))


# ------------------------------------------------------------------ what is there


def test_true_boxes_lie_where_the_cut_picture_shows_the_object() -> None:
    picture = Image.new("RGB", (160, 90))
    picture.paste("white", (60, 20, 100, 70))
    truth = torch.tensor([[80 / 160, 45 / 90, 40 / 160, 50 / 90]])
    for crop in (1.0, 0.875):
        preparation = Preparation(image_size=96, channels=3, crop=crop)
        square = (
            images.crop(picture, preparation).convert("L").point(lambda level: 255 * (level > 127))
        )
        left, top, right, bottom = square.getbbox()
        (box,) = seen_boxes(truth, picture.size, images.crop_box(picture, preparation)).tolist()
        x, y, width, height = (96 * side for side in box)
        found = (x - width / 2, y - height / 2, x + width / 2, y + height / 2)
        assert found == pytest.approx((left, top, right, bottom), abs=1.01)


def test_a_picture_is_found_among_those_of_its_data_set_and_no_other_is() -> None:
    data = scenes(count=40)
    for number in (0, 17, 39):
        assert place_in(data, images.from_array(data.images[number].numpy())) == number
    changed = data.images[17].clone()
    changed[1, 5, 6] ^= 1
    assert place_in(data, images.from_array(changed.numpy())) is None
    assert place_in(data, Image.new("RGB", (32, 32))) is None
    grey = Dataset(data.images[:, :1], data.labels, data.classes, "")
    assert place_in(grey, images.from_array(grey.images[17].numpy())) == 17


# ------------------------------------------------------------------ the page


def a_page(part: str, number: int) -> None:
    from cvexplore import catalog, images
    from cvexplore.training.datasets.scenes import scenes
    from cvexplore.ui.attention import Attending, objects, objects_set
    from cvexplore.ui.cached import Subject, frozen
    from cvexplore.ui.pictures import Picture

    options = dict(catalog.origin_options("cvexplore/detr", "bundled"))
    subject = Subject("cvexplore/detr", "bundled", frozen(options))
    if number < 0:
        picture = Picture(images.sample_image("coffee"), "coffee", "coffee")
    else:
        image = images.from_array(scenes(count=40).images[number].numpy())
        picture = Picture(image, f"scene {number}", "a scene")
    attending = Attending(subject, picture, "transformer.encoder.0.self_attention")
    parts = {
        "all": objects.show,
        "set": objects_set.every_query,
        "pairs": objects_set.pairing,
    }
    parts[part](attending)


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch):
    """Draw a part of the view for one of the first scenes, or for a photo."""
    monkeypatch.setattr(cached, "learned_from", lambda subject: FEW)

    def draw(part: str, number: int) -> AppTest:
        app = AppTest.from_function(
            a_page, kwargs={"part": part, "number": number}, default_timeout=60
        ).run()
        assert not app.exception
        assert not app.error
        return app

    return draw


def asked(number: int) -> tuple[Tensor, Tensor, Objects]:
    """Return what the bundled network answers, and what is there."""
    data = scenes(count=40)
    model = catalog.build("cvexplore/detr", weights="bundled", **OPTIONS).eval()
    preparation = catalog.preparation("cvexplore/detr", "bundled")
    picture = images.from_array(data.images[number].numpy())
    with torch.inference_mode():
        output = model(images.prepare(picture, preparation))
    assert data.objects
    return output["logits"][0], output["boxes"][0], data.objects.of(torch.tensor([number]))


def cost(logits: list[float], box: list[float], label: int, true: list[float]) -> float:
    """Return equation 1's cost of one pair, written from the paper."""
    raised = [math.exp(each) for each in logits]
    sides = [(x - w / 2, y - h / 2, x + w / 2, y + h / 2) for x, y, w, h in (box, true)]
    (a0, b0, a1, b1), (c0, d0, c1, d1) = sides
    shared = max(0.0, min(a1, c1) - max(a0, c0)) * max(0.0, min(b1, d1) - max(b0, d0))
    union = (a1 - a0) * (b1 - b0) + (c1 - c0) * (d1 - d0) - shared
    hull = (max(a1, c1) - min(a0, c0)) * (max(b1, d1) - min(b0, d0))
    overlap = shared / union - (hull - union) / hull
    distance = sum(abs(one - other) for one, other in zip(box, true, strict=True))
    return -raised[label] / sum(raised) + 5 * distance - 2 * overlap


def test_the_table_pairs_as_trying_all_pairings_does(shown) -> None:
    number = 3
    logits, boxes, there = asked(number)
    labels = [each for each in there.labels[0].tolist() if each >= 0]
    costs = [
        [
            cost(scores, box, label, true)
            for label, true in zip(labels, there.boxes[0].tolist(), strict=False)
        ]
        for scores, box in zip(logits.tolist(), boxes.tolist(), strict=True)
    ]
    best = min(
        itertools.permutations(range(len(costs)), len(labels)),
        key=lambda queries: sum(costs[query][thing] for thing, query in enumerate(queries)),
    )
    app = shown("pairs", number)
    table, pairs = app.dataframe[0].value, app.dataframe[1].value
    assert table.to_numpy() == pytest.approx(torch.tensor(costs).numpy(), abs=1e-4)
    found = {int(each["Object"][0]) - 1: each["Query"] - 1 for _, each in pairs.iterrows()}
    assert found == dict(enumerate(best))
    whole = sum(costs[query][thing] for thing, query in enumerate(best))
    assert f"Together these pairs cost {whole:.3f}" in app.caption[-1].value
    said = shown("set", number).dataframe[0].value
    names = [scenes(count=40).classes[label] for label in labels]
    for query, row in said.iterrows():
        name = names[best.index(query)] if query in best else NO_OBJECT
        assert row["Answers for"].rpartition(": ")[2] == name
        assert (row["IoU"] == "–") == (query not in best)


def test_the_picker_gets_what_is_there_and_the_networks_own_attention(shown) -> None:
    logits, boxes, there = asked(3)
    app = shown("all", 3)
    sent = json.loads(app.get("bidi_component")[0].proto.json)
    real = there.labels[0] >= 0
    x, y, width, height = there.boxes[0][real].unbind(1)
    assert torch.tensor([each["box"] for each in sent["truth"]]) == pytest.approx(
        torch.stack([x - width / 2, y - height / 2, width, height], 1), abs=1e-5
    )
    scores = logits.softmax(1)[:, :-1].amax(1)
    assert sent["start"] == scores.argmax()
    assert [each["score"] for each in sent["frames"]] == pytest.approx(
        (100 * scores).tolist(), abs=1e-3
    )
    model = cached.network(BUNDLED)
    data = scenes(count=40)
    picture = images.from_array(data.images[3].numpy())
    batch = images.prepare(picture, catalog.preparation("cvexplore/detr", "bundled"))
    expected = by_hand(model, batch, "transformer.decoder.2.self_attention").mean(0)
    for query, strongest in enumerate(sent["listening"][:-1]):
        values, queries = expected[query].topk(len(strongest))
        assert [each for each, _ in strongest] == queries.tolist()
        assert [weight for _, weight in strongest] == pytest.approx(values.tolist(), abs=1e-5)
    assert boxes.shape == (len(sent["frames"]), 4)


def test_of_a_picture_nobody_described_the_view_says_what_to_choose(shown) -> None:
    app = shown("pairs", -1)
    assert not app.dataframe
    assert "Choose a picture of the data set" in app.info[0].value
    whole = shown("all", -1)
    assert "It knows only circle, square, triangle, cross" in whole.caption[0].value
    assert json.loads(whole.get("bidi_component")[0].proto.json)["truth"] == []
