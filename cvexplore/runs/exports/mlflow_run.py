"""Curves and settings for MLflow, where it is installed."""

import math
from typing import TYPE_CHECKING, Any

from cvexplore.errors import RunError
from cvexplore.training import fields

if TYPE_CHECKING:
    from cvexplore.runs import Run, RunStore

_A_CALL = 1000  # measurements, MLflow's limit
_LETTERS = 500  # of a setting, MLflow's limit too


def to_mlflow(store: "RunStore", run: "Run", where: str) -> str:
    """Enter a run into MLflow's records and return the id it has there.

    Args:
        store: the run's.
        run: to enter.
        where: MLflow's tracking URI, such as "sqlite:///mlflow.db".

    Raises:
        RunError: MLflow is not installed, or takes nothing there.
    """
    try:
        from mlflow import MlflowClient  # pyright: ignore[reportMissingImports]
        from mlflow.exceptions import MlflowException  # pyright: ignore[reportMissingImports]
    except ImportError:
        raise RunError("MLflow is not installed; pip install mlflow brings it.") from None
    try:
        return _enter(MlflowClient(where), store, run)
    except MlflowException as error:
        reason = str(error).partition("\n")[0]
        raise RunError(f"MLflow takes nothing at {where}: {reason}") from None


def _enter(client: Any, store: "RunStore", run: "Run") -> str:
    from mlflow.entities import Metric, Param  # pyright: ignore[reportMissingImports]

    began = run.started or run.created
    experiment = client.get_experiment_by_name("cvexplore")
    number = experiment.experiment_id if experiment else client.create_experiment("cvexplore")
    made = client.create_run(number, start_time=round(began * 1000), run_name=run.name or run.id)
    entered = made.info.run_id
    settings = {path: fields.word(value) for path, value in fields.flat(run.recipe).items()}
    params = [Param(path, word[:_LETTERS]) for path, word in settings.items()]
    metrics = [
        Metric(
            f"{each.split}/{each.name}",
            each.value,
            round((began + each.seconds) * 1000),
            each.step,
        )
        for each in store.metrics(run.id)[0]
        if math.isfinite(each.value)
    ]
    client.log_batch(entered, params=params[:100])
    for start in range(0, len(metrics), _A_CALL):
        client.log_batch(entered, metrics=metrics[start : start + _A_CALL])
    state = (
        "FINISHED" if run.state == "finished" else "FAILED" if run.state == "failed" else "KILLED"
    )
    client.set_terminated(entered, state, round((run.ended or began) * 1000))
    return entered
