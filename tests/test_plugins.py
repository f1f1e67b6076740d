"""A plug-in's signature is its form: what one writes is what people may choose."""

import itertools
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest

from cvexplore import plugins
from cvexplore.errors import OptionError, UnknownName
from cvexplore.plugins import Choice, Option, Range, Registry


def oven(
    dish: str,
    *,
    heat: Annotated[int, Range(50, 250, step=10, unit="degrees")] = 180,
    salt: Annotated[float, Range(0.0, 0.5)] = 0.1,
    mode: Literal["top", "bottom", "both"] = "both",
    shelf: Literal[1, 2, 3] = 2,
    fan: bool = False,
    name: str = "",
) -> tuple[Any, ...]:
    """Bake a dish.

    It takes a while.

    Options:
        heat: what the dial shows
        salt: share of the weight, which one tastes
            and cannot take out again
        fan: blow hot air

    Source: a grandmother.
    """
    return dish, heat, salt, mode, shelf, fan, name


@dataclass(frozen=True, kw_only=True)
class Kettle:
    """Boil water.

    Options:
        litres: how much
    """

    litres: Annotated[float, Range(0.2, 1.7, unit="l")] = 1.0
    whistle: bool = True


def option(name: str) -> Option:
    return next(each for each in plugins.options(oven) if each.name == name)


# --- What the signature says ---


def test_options_are_the_keyword_only_parameters_as_written() -> None:
    assert plugins.options(oven) == (
        Option("heat", int, 180, Range(50, 250, 10, "degrees"), help="what the dial shows"),
        Option(
            "salt",
            float,
            0.1,
            Range(0.0, 0.5),
            help="share of the weight, which one tastes and cannot take out again",
        ),
        Option("mode", str, "both", choices=("top", "bottom", "both")),
        Option("shelf", int, 2, choices=(1, 2, 3)),
        Option("fan", bool, False, help="blow hot air"),
        Option("name", str, ""),
    )


def test_a_dataclass_has_options_too() -> None:
    assert plugins.options(Kettle) == (
        Option("litres", float, 1.0, Range(0.2, 1.7, unit="l"), help="how much"),
        Option("whistle", bool, True),
    )


def test_the_summary_is_the_first_line() -> None:
    assert plugins.summary(oven) == "Bake a dish."
    assert plugins.summary(lambda: None) == ""


# --- Values that are allowed, in the option's type ---


@pytest.mark.parametrize(
    ("name", "given", "kept"),
    [
        ("heat", 50, 50),
        ("heat", 250.0, 250),
        ("salt", 0, 0.0),
        ("salt", 0.5, 0.5),
        ("mode", "top", "top"),
        ("shelf", 3.0, 3),
        ("fan", True, True),
        ("name", "Bo", "Bo"),
    ],
)
def test_a_value_is_kept_in_the_options_own_type(name: str, given: Any, kept: Any) -> None:
    checked = option(name).check(given)
    assert checked == kept
    assert type(checked) is option(name).type


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("heat", "60", 60),
        ("heat", "6e1", 60),
        ("salt", "0.25", 0.25),
        ("mode", "bottom", "bottom"),
        ("shelf", "3", 3),
        ("fan", "Yes", True),
        ("fan", "0", False),
        ("name", "12", "12"),
    ],
)
def test_what_is_typed_becomes_the_value(name: str, text: str, value: Any) -> None:
    parsed = option(name).parse(text)
    assert parsed == value
    assert type(parsed) is type(value)


# --- Values that are not; the message says what is ---

WHOLE, NUMBER = "a whole number", "a number"
REFUSED = [
    ("heat", 49, "between 50 and 250 degrees, not 49"),
    ("heat", 251, "between 50 and 250 degrees, not 251"),
    ("heat", 100.5, WHOLE),
    ("heat", "100", WHOLE),
    ("heat", True, WHOLE),
    ("heat", None, WHOLE),
    ("heat", float("nan"), WHOLE),
    ("heat", float("inf"), WHOLE),
    pytest.param("heat", 10**400, "between 50 and 250", id="heat-huge"),
    ("salt", -0.01, "between 0 and 0.5, not -0.01"),
    ("salt", float("-inf"), "between 0 and 0.5"),
    ("salt", float("nan"), NUMBER),
    ("salt", [], NUMBER),
    ("mode", "side", "one of top, bottom, both"),
    ("mode", ["top"], "one of top, bottom, both"),
    ("shelf", 4, "one of 1, 2, 3"),
    ("shelf", True, "one of 1, 2, 3"),
    ("fan", 1, "true or false"),
    ("fan", "true", "true or false"),
    ("name", 5, "must be str"),
]


@pytest.mark.parametrize(("name", "value", "says"), REFUSED)
def test_a_value_that_is_not_allowed_says_what_is(name: str, value: Any, says: str) -> None:
    with pytest.raises(OptionError) as caught:
        option(name).check(value)
    assert str(caught.value).startswith(f"{name} must be ")
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("heat", "hot"),
        ("heat", ""),
        ("heat", "1e999"),
        ("heat", "nan"),
        ("heat", "99.5"),
        ("salt", "1"),
        ("mode", "Top"),
        ("shelf", "2.0"),
        ("fan", "maybe"),
    ],
)
def test_what_is_typed_wrong_says_what_is_allowed(name: str, text: str) -> None:
    with pytest.raises(OptionError, match=f"^{name} must be "):
        option(name).parse(text)


def test_an_unknown_option_offers_the_nearest() -> None:
    with pytest.raises(UnknownName, match=r"option of oven named 'haet'. Did you mean heat\?"):
        plugins.check("oven", plugins.options(oven), {"haet": 1})


def test_only_what_was_given_is_returned() -> None:
    assert plugins.check("oven", plugins.options(oven), {"shelf": 1.0}) == {"shelf": 1}


# --- Registries ---


@pytest.fixture
def kitchen() -> Registry:
    registry: Registry = Registry("appliance")
    registry.register("oven")(oven)
    registry.register("kettle")(Kettle)
    return registry


def test_a_registry_lists_its_plugins_in_order(kitchen: Registry) -> None:
    assert list(kitchen) == ["kettle", "oven"]
    assert len(kitchen) == 2
    assert "oven" in kitchen
    assert "toaster" not in kitchen
    assert kitchen["kettle"] is Kettle
    assert kitchen.summary("oven") == "Bake a dish."
    assert kitchen.options("oven") == plugins.options(oven)


def test_an_unknown_plugin_offers_the_nearest(kitchen: Registry) -> None:
    with pytest.raises(UnknownName, match=r"no appliance named 'ketle'. Did you mean kettle\?"):
        kitchen["ketle"]


def test_two_plugins_cannot_bear_one_name(kitchen: Registry) -> None:
    with pytest.raises(ValueError, match="two plug-ins call themselves appliance 'oven'"):
        kitchen.register("oven")(lambda: None)
    assert kitchen["oven"] is oven


def test_bind_fills_in_the_checked_options(kitchen: Registry) -> None:
    bake = kitchen.bind(Choice("oven", {"heat": 200.0, "fan": True}))
    assert bake("pie") == ("pie", 200, 0.1, "both", 2, True, "")
    assert kitchen.bind(Choice("kettle", {"litres": 1}))() == Kettle(litres=1.0)


@pytest.mark.parametrize(
    ("choice", "error", "says"),
    [
        (Choice("oven", {"heat": 20}), OptionError, "heat must be between"),
        (Choice("oven", {"steam": 1}), UnknownName, "option of appliance oven named 'steam'"),
        (Choice("stove"), UnknownName, "appliance named 'stove'"),
    ],
)
def test_bind_refuses_what_the_form_would(
    kitchen: Registry, choice: Choice, error: type[Exception], says: str
) -> None:
    with pytest.raises(error, match=says):
        kitchen.bind(choice)


# --- Folders ---

_numbers = itertools.count()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Registry]]:
    """Return a function that makes a folder of plug-ins from the text of its modules."""
    package = f"made_for_test_{next(_numbers)}"
    (tmp_path / package).mkdir()
    monkeypatch.syspath_prepend(tmp_path)

    def make(**modules: str) -> Registry:
        contract = "from cvexplore.plugins import Registry\nFOUND = Registry('dish', __name__)\n"
        for name, text in {"__init__": contract, **modules}.items():
            source = f"from {package} import FOUND\n" if name != "__init__" else ""
            (tmp_path / package / f"{name}.py").write_text(source + textwrap.dedent(text))
        return __import__(package).FOUND

    yield make
    for name in [each for each in sys.modules if each.partition(".")[0] == package]:
        del sys.modules[name]


PIE = "@FOUND.register('pie')\ndef pie(): 'Bake.'\n"
SOUP = "@FOUND.register('soup')\ndef soup(): 'Boil.'\n"


def test_a_file_in_the_folder_is_all_it_takes(folder: Callable[..., Registry]) -> None:
    assert list(folder(pie=PIE, soup=SOUP)) == ["pie", "soup"]


@pytest.mark.parametrize(
    "look", [len, list, lambda found: found["pie"], lambda found: found.bind(Choice("pie"))]
)
def test_whatever_is_asked_first_looks_into_the_folder(
    folder: Callable[..., Registry], look: Callable[[Registry], object]
) -> None:
    assert look(folder(pie=PIE))


def test_threads_that_ask_at_once_all_see_every_plugin(folder: Callable[..., Registry]) -> None:
    found = folder(pie=PIE, slow="import time; time.sleep(0.3)", soup=SOUP)
    ready, seen = threading.Barrier(4), []

    def ask() -> None:
        ready.wait()
        seen.append(list(found))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [["pie", "soup"]] * 4


def test_a_broken_file_is_heard_of_every_time(folder: Callable[..., Registry]) -> None:
    found = folder(broken="import no_such_module_anywhere", pie=PIE)
    for _ in range(2):
        with pytest.raises(ModuleNotFoundError, match="no_such_module_anywhere"):
            len(found)


def test_a_plugin_may_ask_its_own_registry(folder: Callable[..., Registry]) -> None:
    assert list(folder(pie=PIE, soup=SOUP + "assert 'pie' in FOUND\n")) == ["pie", "soup"]
