"""Facts, comparisons and recommendations, as a script or a person asks for them."""

import json
import subprocess
import sys
from dataclasses import fields

import pytest

from cvexplore.catalog import Architecture, architectures, find, traced
from cvexplore.catalog.families import families
from cvexplore.choosing import Budget, difference, recommend
from tests.commands.typed import output, parsed


def test_models_gives_every_fact() -> None:
    rows = parsed("models", "--facts")
    assert len(rows) == len(architectures())
    papers = {each.name: (each.title, each.link) for each in families()}
    for row, each in zip(rows, architectures(), strict=True):
        assert {field.name: row[field.name] for field in fields(Architecture)} == vars(each)
        assert (row["paper"], row["paper_link"]) == papers[each.family]


def test_compare_is_facts_differences_and_stages() -> None:
    names = ["torchvision/resnet50", "torchvision/vit_b_16"]
    said = parsed("compare", *names)
    assert said["architectures"] == [vars(find(name)) for name in names]
    assert said["differences"] == [difference(find(names[1]), find(names[0]))]
    for name in names:
        seen = traced(name)
        assert sum(stage["macs"] for stage in said["stages"][name]) == seen.macs
        assert said["parameters_by_role"][name] == seen.by_role()
        assert sum(said["macs_by_role"][name].values()) == seen.macs
    assert said["stages"][names[0]][1]["resolution"] == [56, 56]


def test_compare_prints_a_column_each_for_people() -> None:
    text = output("compare", "torchvision/alexnet", "torchvision/vgg16")
    assert "61,100,840" in text
    assert "138,357,544" in text
    assert "224 × 224" in text


def test_recommend_ranks_what_keeps_to_the_limits() -> None:
    said = parsed("recommend", "--max-parameters", "10e6", "--max-macs", "1e9")
    expected = recommend(architectures(), Budget(max_parameters=10e6, max_macs=1e9))
    assert [row["name"] for row in said["fits"]] == [each.name for each in expected.fits[:10]]
    assert said["found"] == len(expected.fits)
    assert {row["limit"]: row["alone"] for row in said["excluded"]} == {
        row.limit: row.alone for row in expected.excluded
    }


def test_recommend_takes_every_limit() -> None:
    arguments = {
        "--max-activation-mb": "60",
        "--max-image-size": "224",
        "--min-top1": "70",
        "--min-year": "2017",
        "--weights": "published",
        "--kind": "CNN",
        "--task": "classification",
    }
    words = [word for pair in arguments.items() for word in pair]
    fits = parsed("recommend", *words, "--most", "1000")["fits"]
    assert fits
    assert all(row["top1"] >= 70 and row["year"] >= 2017 for row in fits)
    assert all(row["activation_bytes"] <= 60e6 and row["image_size"] <= 224 for row in fits)


def test_recommend_says_when_nothing_fits() -> None:
    text = output("recommend", "--max-parameters", "10")
    assert "No architecture keeps to all these limits." in text
    assert "max_parameters" in text


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["recommend", "--max-macs", "lots"], "a number of 0 or more"),
        (["recommend", "--max-macs", "nan"], "a number of 0 or more"),
        (["recommend", "--weights", "mine"], "published"),
        (["compare", "torchvision/resnet50", "torchvision/resnet51"], "resnet50"),
    ],
)
def test_a_mistake_is_one_sentence(arguments: list[str], said: str) -> None:
    command = [sys.executable, "-m", "cvexplore", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_recommend_imports_no_torch() -> None:
    code = (
        "import sys; from cvexplore.__main__ import main\n"
        "main(['recommend', '--max-macs', '1e9', '--json']); sys.exit('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["fits"]
