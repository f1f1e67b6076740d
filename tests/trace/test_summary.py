"""A table in any format holds what the trace holds, and its columns add up."""

import csv
import functools
import io
import json
import re

import pytest
import torchinfo

from cvexplore.catalog import build, example, traced
from cvexplore.errors import TraceError
from cvexplore.trace import LayerRecord, Trace
from cvexplore.trace.summary import (
    FORMATS,
    blocks,
    csv_text,
    json_text,
    markdown_text,
    partial_summary,
    plain_text,
    summary,
)

NAMES = ["torchvision/resnet18", "torchvision/vit_b_16", "torchvision/inception_v3"]
SUMS = ("parameters", "trainable", "macs", "activation_bytes")


@functools.cache
def traced_once(name: str) -> Trace:
    return traced(name)


def whole_numbers(text: str) -> int:
    return int(text.replace(",", ""))


# --- Which rows ---


@pytest.mark.parametrize("name", NAMES)
def test_rows_add_up_to_the_network_at_every_depth(name: str) -> None:
    seen = traced_once(name)
    for depth in (None, 1, 2, 3):
        total = summary(seen, depth).total
        assert [getattr(total, each) for each in SUMS] == [getattr(seen, each) for each in SUMS]
        shares = [summary(seen, depth).parameter_share(row) for row in summary(seen, depth).layers]
        assert sum(shares) == pytest.approx(1)


@pytest.mark.parametrize("name", NAMES)
def test_the_rows_of_a_block_add_up_to_the_block(name: str) -> None:
    seen = traced_once(name)
    for row in seen.folded(1).layers:
        for depth in (None, 1, 2):
            table = summary(seen, depth, row.path)
            assert [getattr(table.total, each) for each in SUMS] == [
                getattr(row, each) for each in SUMS
            ]
            assert all(each.path.startswith(row.path) for each in table.layers)


def test_depth_counts_from_the_block_one_looks_into() -> None:
    seen = traced_once("torchvision/resnet18")
    assert [row.path for row in summary(seen, 1, "layer3").layers] == ["layer3.0", "layer3.1"]
    inner = {row.path for row in summary(seen, 2, "layer3").layers}
    assert {"layer3.0.conv1", "layer3.0.add", "layer3.0.downsample"} <= inner
    assert summary(seen, 1, "layer3.0.conv1").layers[0].kind == "Conv2d"


def test_blocks_are_the_modules_that_hold_others() -> None:
    model = build("torchvision/resnet18", device="meta")
    inside = [path for path, module in model.named_modules() if path and list(module.children())]
    assert list(blocks(traced_once("torchvision/resnet18"))) == inside


# --- As torchinfo sees it ---


@pytest.mark.parametrize("name", ["torchvision/resnet18", "torchvision/swin_t", "cvexplore/vit"])
def test_shapes_and_parameters_are_torchinfos_at_every_depth(name: str) -> None:
    model = build(name, device="meta").eval()
    theirs = torchinfo.summary(model, input_data=list(example(name)), device="meta", verbose=0)
    seen = traced_once(name)
    assert theirs.total_params == seen.parameters
    assert theirs.trainable_params == seen.trainable
    paths = {id(module): path for path, module in model.named_modules()}
    own = {paths[id(row.module)]: row for row in theirs.summary_list if row.executed}
    modules = set(paths.values())
    compared = 0
    for depth in (1, 2, 3):
        for row in summary(seen, depth).layers:
            if row.path in modules and row.path in own and row.output_shape is not None:
                assert own[row.path].num_params == row.parameters + unfinished(seen, row)
                assert tuple(own[row.path].output_size) == row.output_shape
                compared += 1
    assert compared > 20


def unfinished(seen: Trace, row: LayerRecord) -> int:
    """Return the parameters of a block that stand in another row, since they are read elsewhere."""
    inside = [t for t in seen.tensors if t.path.startswith(f"{row.path}.")]
    return sum(each.parameters for each in inside) - row.parameters


# --- In every format ---


@pytest.mark.parametrize("name", NAMES)
def test_csv_and_json_hold_every_figure(name: str) -> None:
    seen = traced_once(name)
    table = summary(seen, 2)
    read = list(csv.DictReader(io.StringIO(csv_text(table))))
    parsed = json.loads(json_text(table, name=name))
    assert parsed["name"] == name
    assert parsed["sums"] == {each: parsed[each] for each in SUMS}
    assert len(read) == len(parsed["layers"]) == len(table.layers)
    for line, value, row in zip(read, parsed["layers"], table.layers, strict=True):
        for key in ("path", "kind", "parameters", "macs", "activation_bytes", "trainable", "depth"):
            assert value[key] == getattr(row, key)
            assert line[key] == str(getattr(row, key))
        assert line["output_shape"] == "x".join(map(str, value["output_shape"] or []))
        assert [tuple(each) for each in value["input_shapes"]] == list(row.input_shapes)
        assert float(line["mac_share"]) == pytest.approx(row.macs / seen.macs, abs=1e-6)
    for each in SUMS:
        assert sum(int(line[each]) for line in read) == parsed["sums"][each] == getattr(seen, each)


@pytest.mark.parametrize("name", NAMES)
def test_tables_for_people_end_in_sums(name: str) -> None:
    seen = traced_once(name)
    table = summary(seen, 2)
    marked = [
        [cell.strip().replace("\\", "") for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        for line in markdown_text(table).splitlines()
    ]
    lines = plain_text(table).splitlines()
    starts = [found.start() for found in re.finditer(r"(?<!-)-", lines[1])]
    plain = [
        [line[a:b].strip() for a, b in zip(starts, [*starts[1:], None], strict=True)]
        for line in lines
        if not line.startswith("--")
    ]
    assert [marked[0], *marked[2:]] == plain
    head, *rows, total = plain
    assert [row[0] for row in rows] == [row.path for row in table.layers]
    place = {name: head.index(name) for name in ("Parameters", "MACs", "Memory (B)")}
    for column, fact in zip(
        place.values(), ("parameters", "macs", "activation_bytes"), strict=True
    ):
        assert sum(whole_numbers(row[column]) for row in rows) == whole_numbers(total[column])
        assert whole_numbers(total[column]) == getattr(seen, fact)
    assert total[5] == total[7] == "100.00%"


def test_a_name_cannot_break_a_markdown_table() -> None:
    row = LayerRecord(0, "a|b_*c*", "Odd`Kind", 1, ((1, 2),), (1, 2), 1, 1, 4)
    line = markdown_text(summary(Trace((row,), ()))).splitlines()[2]
    assert line.startswith("| a\\|b\\_\\*c\\* | Odd\\`Kind |")


def test_every_format_is_written_whole() -> None:
    table = summary(traced_once("torchvision/resnet18"), 1)
    for ending, write in FORMATS.values():
        assert "layer4" in write(table)
        assert ending.isalpha()


# --- What broke off ---


def test_a_partial_table_ends_with_the_layer_that_failed() -> None:
    with pytest.raises(TraceError) as caught:
        traced("torchvision/alexnet", image_size=32)
    error = caught.value
    assert error.partial is not None
    for depth, last in ((1, "features"), (9, error.layer)):
        table = partial_summary(error.partial, error.layer, depth)
        assert table.layers[-1].path == last
        assert table.failed == table.layers[-1].index
        assert "failed here" in plain_text(table).splitlines()[-3]
    assert str(error).startswith(f"Layer {error.layer} (MaxPool2d)")
    ran = [row for row in error.partial.layers if row.output_shape]
    assert ran[0].output_shape == (1, 64, 7, 7)
    assert error.partial.parameters == traced_once("torchvision/alexnet").parameters
