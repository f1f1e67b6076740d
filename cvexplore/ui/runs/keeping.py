"""Name a run, take it along, look into it, throw it away and bring it back."""

import functools

import streamlit as st

from cvexplore.catalog import architectures
from cvexplore.runs import Run, RunStore
from cvexplore.runs.exports import EXPORTS, export, obstacle
from cvexplore.ui import cached
from cvexplore.ui.messages import told
from cvexplore.ui.places import page
from cvexplore.ui.runs.states import name_of
from cvexplore.ui.words import plain

_UNDO = "runs.undo"
_FORMATS = {
    "csv": ("Curves (CSV)", "table", "metrics.csv"),
    "recipe": ("Recipe (JSON)", "data_object", "recipe.json"),
    "script": ("PyTorch script", "code", "script.zip"),
    "tensorboard": ("TensorBoard events", "monitoring", "events.out.tfevents.cvexplore"),
    "weights": ("Weights (safetensors)", "weight", "weights.safetensors"),
}


def describe(run: Run, store: RunStore) -> None:
    """Draw the fields of what people call a run, and keep them at a click."""
    with st.form(f"describe.{run.id}", border=False, enter_to_submit=True):
        name = st.text_input("Name", run.name, max_chars=200, placeholder=name_of(run))
        used = sorted({tag for each in store.runs() for tag in each.tags} | set(run.tags))
        tags = st.multiselect(
            "Tags",
            used,
            list(run.tags),
            accept_new_options=True,
            help="Type a new one and press Enter.",
        )
        note = st.text_area("Note", run.note, height=100, help="Plain text, shown as you wrote it.")
        if st.form_submit_button("Keep", type="primary", icon=":material/check:"):
            forget_undo()
            with told():
                store.describe(run.id, name=name, tags=tags, note=note)
            st.rerun()


def downloads(run: Run, store: RunStore) -> None:
    """Draw what can be taken along: each format that a run can be exported in."""
    for format in EXPORTS:
        label, icon, file = _FORMATS.get(format, (format, "download", f"{format}.bin"))
        reason = obstacle(store, run, format)
        st.download_button(
            label,
            functools.partial(_content, store, run, format),
            f"{run.id}-{file}",
            icon=f":material/{icon}:",
            on_click="ignore",
            disabled=bool(reason),
            help=plain(reason or EXPORTS.summary(format)),
            width="stretch",
            key=f"take.{format}",
        )


def _content(store: RunStore, run: Run, format: str) -> bytes:
    with cached.one_draws:  # a script's beginning is drawn from the one generator of all threads
        return export(store, store.run(run.id), format)[1]


def look_inside(run: Run, store: RunStore) -> None:
    """Draw links to the pages that look into a network, once there are weights."""
    if not (store.folder / run.id / "weights.safetensors").is_file():
        return
    query = {"model": run.config.architecture, "weights": f"run:{run.id}"}
    links = [
        ("feature_maps", "Its feature maps", "grid_view"),
        ("attribution", "Which pixels decide", "troubleshoot"),
    ]
    if _attends(run.config.architecture):
        links.insert(1, ("attention", "Its attention", "center_focus_strong"))
    for name, label, icon in links:
        st.page_link(page(name), label=label, icon=f":material/{icon}:", query_params=query)


def _attends(architecture: str) -> bool:
    known = {each.name: each.kind for each in architectures()}
    return known.get(architecture) in ("transformer", "hybrid")


# ------------------------------------------------------------------ delete, and undo


def delete(run: Run, store: RunStore) -> None:
    """Draw the button that throws a run away."""
    if st.button(
        "Delete",
        icon=":material/delete:",
        key="runs.delete",
        help="It can be brought back." + (" It is stopped first." if run.active else ""),
    ):
        with told():
            store.delete(run.id)
        st.session_state[_UNDO] = run.id, name_of(run)
        st.query_params.pop("run", None)
        st.rerun()


def undo(store: RunStore) -> None:
    """Offer to bring back what was deleted last, until something else is done."""
    if _UNDO not in st.session_state:
        return
    run_id, name = st.session_state[_UNDO]
    with st.container(horizontal=True, vertical_alignment="center", border=True):
        st.markdown(f":material/delete: Deleted {plain(name)}.")
        if st.button("Undo", icon=":material/undo:", key="runs.undo_delete"):
            _bring_back(run_id, store)


def deleted(run: Run, store: RunStore) -> None:
    """Draw what can be done with a run that was thrown away."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(":material/delete: This run was deleted.")
        if st.button("Bring it back", icon=":material/undo:", key="runs.restore"):
            _bring_back(run.id, store)
        with st.popover("Delete for good", icon=":material/delete_forever:", disabled=run.active):
            st.markdown("Its curves, weights and recipe are gone then.")
            if st.button("Delete it for good", type="primary", key="runs.purge"):
                with told():
                    store.purge(run.id)
                forget_undo()
                st.query_params.pop("run", None)
                st.rerun()


def forget_undo() -> None:
    """Take the offer back: something else was done."""
    st.session_state.pop(_UNDO, None)


def _bring_back(run_id: str, store: RunStore) -> None:
    with told():
        store.restore(run_id)
    forget_undo()
    st.query_params["run"] = run_id
    st.rerun()
