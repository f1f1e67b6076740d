"""What a run's state is called, and what it means for whoever waits for it."""

from cvexplore.runs import Run, RunStore
from cvexplore.ui.words import plain

ICONS = {
    "queued": ":material/schedule:",
    "starting": ":material/hourglass_top:",
    "running": ":material/play_arrow:",
    "stopping": ":material/hourglass_bottom:",
    "paused": ":material/pause_circle:",
    "finished": ":material/check_circle:",
    "stopped": ":material/stop_circle:",
    "failed": ":material/error:",
    "lost": ":material/warning:",
}
_ASKED = {
    "stop": "Asked to stop; it does at the next step.",
    "pause": "Asked to pause; it does at the next step.",
}
_SENTENCES = {
    "starting": "Its process starts.",
    "paused": "Paused, and takes no slot. Go on when you like.",
    "stopped": "Stopped before its end. It can go on from here.",
}


def name_of(run: Run) -> str:
    """Return what a person called a run, or what it is: a network on data. Plain text."""
    return run.name or f"{run.config.architecture} on {run.config.dataset.name}"


def sentence(run: Run, store: RunStore) -> str:
    """Return what a run's state means, in Markdown; nothing where its progress says it all."""
    if run.active and run.want in _ASKED and run.state != "queued":
        return _ASKED[run.want]
    if run.state == "queued":
        place = store.queue_place(run.id)
        waits = "It is next" if place == 1 else f"Number {place} in the queue"
        return f"{waits}: it starts when a slot is free. Slots are shared fairly."
    return _SENTENCES.get(run.state, "")


def trouble(run: Run) -> str:
    """Return why a run failed or was lost, and what to do next, in Markdown; else nothing."""
    if run.state == "failed":
        said = plain(run.message) or "It failed."
        return f"{said} To try again, clone its recipe, change what the message names, and launch."
    if run.state == "lost":
        said = plain(run.message) or "Its process is gone."
        return f"{said} Press Go on to continue; what was measured until then is kept."
    return ""
