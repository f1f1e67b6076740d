"""Starting the app from the command line."""

import importlib.util
import socket
from pathlib import Path

from cvexplore.errors import CvexploreError

_ADDRESS = "127.0.0.1"


def launch(port: int, *, open_browser: bool) -> int:
    """Serve the app on this machine until it is interrupted.

    Raises:
        CvexploreError: the port is in use, or the pages are not beside the package.
    """
    entry = Path(__file__).resolve().parents[2] / "app.py"
    if not entry.is_file():
        raise CvexploreError(
            "The app's pages are not installed; start it from a clone of cvexplore."
        )
    if _in_use(port):
        raise CvexploreError(
            f"Port {port} is in use, perhaps by cvexplore itself (http://{_ADDRESS}:{port}); "
            f"choose another: cvexplore app --port {port + 1}."
        )
    specification = importlib.util.spec_from_file_location("app", entry)
    if specification is None or specification.loader is None:
        raise CvexploreError(f"{entry} cannot be loaded.")
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    module.app.run(
        config={
            "server.address": _ADDRESS,
            "server.port": port,
            "server.headless": not open_browser,
        }
    )
    return 0


def _in_use(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((_ADDRESS, port)) == 0
