"""The commands, a file each, in the order of the help.

A command's module has ``add(commands)``, which describes it to argparse, and a function that runs
it. It prints a table for people, or with ``--json`` what a script reads; both come from the same
values. Importing a command imports no torch: the help is there at once.
"""

from cvexplore.commands import (
    app,
    attack,
    attention,
    attribute,
    compare,
    data,
    export,
    features,
    lr_find,
    measure,
    models,
    recommend,
    runner,
    runs,
    sweep,
    trace,
    train,
)

COMMANDS = (
    models,
    compare,
    recommend,
    measure,
    trace,
    export,
    features,
    attention,
    attack,
    attribute,
    data,
    train,
    lr_find,
    sweep,
    runs,
    app,
    runner,
)
