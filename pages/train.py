"""Choose a recipe, see what it will do, launch it."""

import streamlit as st

from cvexplore.figures.schedule import learning_rates
from cvexplore.runs import RunStore, runner
from cvexplore.ui import cached, recipe
from cvexplore.ui.messages import told
from cvexplore.ui.places import page
from cvexplore.ui.words import compact

st.title("Train")
st.caption(
    "Choose a network, data and a recipe. A run has its own process: you can close this page."
)

with told():
    RunStore()
    runner.ensure()  # it imports torch while the form is filled in, so that a run starts at once

# ------------------------------------------------------------------ pick

left, middle, right = st.columns(3, gap="large")
with left, told():
    st.subheader("Network")
    architecture, network_options = recipe.network()
with middle, told():
    st.subheader("Data")
    approach, data = recipe.task()
    dataset = cached.dataset(data.name, cached.frozen(dict(data.options)))
    st.caption(dataset.source)
    st.image(recipe.samples(dataset), width="stretch", alt=f"Samples of {data.name}")
with right, told():
    st.subheader("Recipe")
    schedule, settings = recipe.settings()

# ------------------------------------------------------------------ compute

with told():
    config = recipe.config(architecture, network_options, approach, data, schedule, settings)
    plan = recipe.plan(config, dataset)

# ------------------------------------------------------------------ show

st.subheader("What it will do")
with st.grid(4, min_column_width=150, border=True):
    st.metric("Training images", f"{plan.training:,}", help=f"{plan.validation:,} are held out")
    st.metric("Steps", f"{plan.steps:,}", help=f"{plan.steps_per_epoch:,} an epoch")
    st.metric("Parameters", compact(plan.parameters) if plan.parameters else "–")
    st.metric("Classes", len(dataset.classes))
st.plotly_chart(
    learning_rates(plan.rates, plan.steps), key="rates", alt="Learning rate over the run"
)
if config.schedule.name == "plateau":
    st.caption("A plateau schedule drops when the losses stall; before the run it has heard none.")

if plan.obstacle:
    st.warning(plan.obstacle, icon=":material/block:")
if st.button(
    "Launch", type="primary", icon=":material/play_arrow:", disabled=plan.obstacle is not None
):
    with told():
        run_id = RunStore().submit(config)
        runner.ensure()
    st.switch_page(page("runs"), query_params={"run": run_id})
