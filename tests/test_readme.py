"""The README's commands run, its snippet says what its comments say, its picture is there."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", README, flags=re.DOTALL)
COMMANDS = [
    line.partition("#")[0].strip()
    for language, text in BLOCKS
    if language == "console"
    for line in text.splitlines()
]
OURS = [c for c in COMMANDS if c.startswith("python -m cvexplore") and not c.endswith(" app")]
SNIPPETS = [text for language, text in BLOCKS if language == "python"]


@pytest.mark.parametrize("command", OURS)
def test_a_command_of_the_readme_runs(command: str, tmp_path: Path) -> None:
    _, *words = shlex.split(command)
    done = subprocess.run(
        [sys.executable, *words], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout


def test_the_make_targets_of_the_readme_exist() -> None:
    makefile = (ROOT / "Makefile").read_text()
    named = set(re.findall(r"\bmake (\w+)", README)) - {"it"}
    assert named >= {"run", "test", "check", "bench", "facts"}
    assert all(re.search(rf"^{target}:", makefile, flags=re.MULTILINE) for target in named)


def test_the_plain_commands_name_files_that_are_there() -> None:
    assert "pip install -r requirements.txt" in COMMANDS
    assert "python -m cvexplore app" in COMMANDS
    assert (ROOT / "requirements.txt").is_file()


@pytest.mark.parametrize("snippet", SNIPPETS)
def test_the_snippet_prints_what_it_promises(snippet: str) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", snippet + "\nassert maps.shape == (40, 28, 28)"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0] == "espresso 0.95"
    assert "632,045,800 parameters, 64 joins" in done.stdout


def test_pictures_and_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert target.startswith("http") or (ROOT / target).is_file(), target
