"""The import rules of docs/design.md, section 2, as a table and a walk."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CORE = {
    "errors",
    "folders",
    "plugins",
    "images",
    "trace",
    "architectures",
    "designs",
    "checkpoints",
    "catalog",
    "export",
    "choosing",
    "timing",
    "interpret",
    "attention",
    "attribution",
    "robustness",
    "training",
    "runs",
    "studies",
    "figures",
}

# What each part may import of ours, anywhere in its files.
MAY_IMPORT = {
    "errors": set(),
    "folders": {"errors"},
    "plugins": {"errors"},
    "images": {"errors"},
    "trace": {"errors"},
    "architectures": {"errors", "plugins"},
    "designs": {"errors", "folders", "plugins", "architectures"},
    "checkpoints": set(),
    "catalog": {
        *("errors", "folders", "plugins", "images", "trace", "architectures", "designs"),
        "checkpoints",
    },
    "export": {"errors", "plugins", "images", "architectures", "designs", "catalog"},
    "choosing": {"catalog"},
    "timing": {"errors", "folders", "catalog"},
    "interpret": {"errors", "plugins", "trace"},
    "attention": {"errors", "interpret"},
    "attribution": {"errors", "plugins", "interpret", "attention"},
    "robustness": {"errors", "plugins", "interpret", "attribution"},
    "training": {"errors", "folders", "plugins", "images", "catalog"},
    "runs": {
        *("errors", "folders", "plugins", "training", "architectures", "catalog", "export"),
    },
    "studies": {"errors", "plugins", "training"},
    "figures": {
        *("catalog", "trace", "interpret", "attention", "attribution", "robustness", "training"),
    },
    "commands": CORE,
    "__main__": {"errors", "commands"},
    "__init__": CORE,
    "ui": CORE,
    "pages": CORE | {"ui"},
    "app": {"ui"},
}
# Exceptions, each with its reason.
ALSO = {
    "checkpoints/making.py": {"training", "catalog"},  # it trains what the folder holds
    "commands/app.py": {"ui"},  # it starts the app
}
_ITS = "training.config", "errors", "folders", "runs"
_STORE = "store", "reading", "wishing", "recording", "records", "schema", "database", "fairness"
# These parts only use the types of others.
ONLY = {
    "figures": {
        "cvexplore.catalog.names",
        "cvexplore.catalog.families",
        "cvexplore.trace.records",
        "cvexplore.figures",
    },
    **{f"runs/{name}.py": {f"cvexplore.{each}" for each in _ITS} for name in _STORE},
}
# Importing these must not import torch: the command line's help, home and compare never pay for it.
LIGHT = [
    "cvexplore",
    "cvexplore.__main__",
    "cvexplore.catalog",
    "cvexplore.catalog.families",
    "cvexplore.catalog.designed_models",
    "cvexplore.designs",
    "cvexplore.export",
    "cvexplore.figures.comparison",
    "cvexplore.figures.dataflow",
    "cvexplore.figures.evolution",
    "cvexplore.figures.memory",
    "cvexplore.figures.schedule",
    "cvexplore.figures.sheet",
    "cvexplore.figures.trends",
    "cvexplore.images",
    "cvexplore.plugins",
    "cvexplore.runs",
    "cvexplore.timing",
    "cvexplore.training",
    "cvexplore.training.schedules",
    "cvexplore.trace.memory",
    "cvexplore.trace.summary",
    "cvexplore.ui.cached",
    "cvexplore.ui.designing",
    "cvexplore.ui.families",
    "cvexplore.ui.measuring",
    "cvexplore.runs.comparing",
    "cvexplore.training.fields",
    "cvexplore.training.sweep",
    "cvexplore.ui.runs.keeping",
    "cvexplore.ui.sweeps.overlay",
    "cvexplore.ui.training.recipe",
    "cvexplore.ui.runs.curves",
]


def sources() -> Iterator[tuple[str, Path]]:
    """Yield every file of the product with the part it belongs to."""
    for path in sorted((ROOT / "cvexplore").rglob("*.py")):
        yield path.relative_to(ROOT / "cvexplore").parts[0].removesuffix(".py"), path
    for path in sorted((ROOT / "pages").glob("*.py")):
        yield "pages", path
    yield "app", ROOT / "app.py"


def imports(path: Path) -> Iterator[tuple[str, bool]]:
    """Yield (module, whether it is imported when the file is), but for type checking."""
    tree = ast.parse(path.read_text())
    skipped: set[ast.AST] = set()
    late: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            skipped.update(child for part in node.body for child in ast.walk(part))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            late.update(child for part in node.body for child in ast.walk(part))
    for node in ast.walk(tree):
        if node in skipped:
            continue
        if isinstance(node, ast.Import):
            for name in node.names:
                yield name.name, node not in late
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module, node not in late
            if node.module == "cvexplore":
                for name in node.names:
                    yield f"cvexplore.{name.name}", node not in late


def ours(module: str) -> str | None:
    parts = module.split(".")
    return parts[1] if parts[0] == "cvexplore" and len(parts) > 1 else None


FILES = [pytest.param(part, path, id=str(path.relative_to(ROOT))) for part, path in sources()]


@pytest.mark.parametrize(("part", "path"), FILES)
def test_a_part_imports_only_what_the_table_allows(part: str, path: Path) -> None:
    allowed = MAY_IMPORT[part] | {part} | ALSO.get("/".join(path.parts[-2:]), set())
    wrong = {m for m, _ in imports(path) if ours(m) and ours(m) not in allowed}
    assert not wrong


@pytest.mark.parametrize(("part", "path"), FILES)
def test_streamlit_stays_in_the_app(part: str, path: Path) -> None:
    if part not in ("ui", "pages", "app"):
        assert not [m for m, _ in imports(path) if m.split(".")[0] == "streamlit"]


@pytest.mark.parametrize(("part", "path"), FILES)
def test_plotly_stays_in_figures_and_is_imported_when_drawn(part: str, path: Path) -> None:
    found = [early for m, early in imports(path) if m.split(".")[0] == "plotly"]
    assert not found or (part == "figures" and not any(found))


@pytest.mark.parametrize(("part", "path"), FILES)
def test_pages_import_no_library_but_streamlit(part: str, path: Path) -> None:
    if part == "pages":
        outside = {m.split(".")[0] for m, _ in imports(path)} - {"cvexplore", "streamlit"}
        assert not outside


@pytest.mark.parametrize(("part", "path"), FILES)
def test_some_parts_use_only_the_types_of_others(part: str, path: Path) -> None:
    only = ONLY.get("/".join(path.parts[-2:])) or ONLY.get(part)
    if only:
        used = {m for m, _ in imports(path) if ours(m)}
        assert not {m for m in used if not any(m.startswith(each) for each in only)}


@pytest.mark.parametrize(("part", "path"), FILES)
def test_a_file_is_one_idea(part: str, path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 320


@pytest.mark.parametrize("module", LIGHT)
def test_importing_it_does_not_import_torch(module: str) -> None:
    code = f"import sys, {module}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
