"""The results folder of verbs that look at what is there."""

from __future__ import annotations

import click

from taco_bench.resources import results_root
from taco_bench.store.cells import Store
from taco_bench.store.ledger import ledgers


def looked_at(results: str | None) -> Store:
    """The store that is asked for; says on stderr where there is none yet, and which of its ledgers are damaged.

    Raises:
        UserError: it is a file.
    """
    store = Store(results_root(results))
    store.check_folder()
    if not store.root.exists():
        click.echo(f"{store.root} does not exist: nothing has been made there yet (--results names another folder)", err=True)
    for path in ledgers(store)[1]:
        told = "its rows are read from the cells that were made for them, and `taco-bench reproduce` makes it again"
        click.echo(f"ledger/{path.name} is damaged; {told}", err=True)
    return store
