"""``taco-bench gc``: remove what a results folder no longer needs; shows it first."""

from __future__ import annotations

from collections.abc import Sequence

import click

HINT = "a run takes over what stands still for a minute; of a machine that is gone, remove the file in leases/ or grids/"


@click.command()
@click.option("--superseded", is_flag=True, help="Also cells that a newer one has replaced in every table, and trainings without cells.")
@click.option("--unfinished", is_flag=True, help="Also the states of trainings that are not done: they would begin anew.")
@click.option("--cache", is_flag=True, help="Also the cache's feature stores whose files are gone, changed, or not used for 30 days.")
@click.option("--yes", is_flag=True, help="Remove it; without this, nothing is touched.")
@click.option("--results", default=None, help="Results folder.  [default: TACO_BENCH_RESULTS, else ./results]")
def command(*, superseded: bool, unfinished: bool, cache: bool, yes: bool, results: str | None) -> None:
    """Show what the results folder no longer needs, and with --yes remove it. Figures that a table asks for always stay."""
    from taco_bench.cli.looking import looked_at
    from taco_bench.plugins import load_plugins
    from taco_bench.store.cache_gc import CacheWaste, cache_waste, remove_waste
    from taco_bench.store.gc import at_work, held_back, remove, waste

    store = looked_at(results)
    found, cached = waste(store, superseded=superseded, unfinished=unfinished), list[CacheWaste]()
    for item in found:
        click.echo(f"{item.size / 2**20:8.2f} MiB  {item.path.relative_to(store.root)}  ({item.why})")
    if busy := at_work(store):
        click.echo(f"while anybody may be at work, only leases of the dead can go: {', '.join(busy)}; {HINT}", err=True)
    for line in held_back(store) if superseded else []:
        click.echo(line, err=True)
    plugins = load_plugins()
    if cache and not busy:
        cached = cache_waste(plugins)
        for each in cached:
            click.echo(f"{each.size / 2**20:8.2f} MiB  {each.path}  ({each.why})")
    sizes = {item.path: item.size for item in found} | {each.path: each.size for each in cached}  # before they are gone
    if not yes:
        told = f"{_total(list(sizes.values()), folders=bool(cached))} would be removed; --yes removes them"
        click.echo(told if sizes else "nothing to remove")
        return
    remove(store, found)
    gone = remove_waste(cached, plugins)
    for each in cached:
        if each not in gone:
            click.echo(f"{each.path} stays: it was used or built meanwhile")
    click.echo(
        f"{_total([sizes[path] for path in (*(item.path for item in found), *(each.path for each in gone))], folders=bool(gone))} removed"
    )


def _total(sizes: Sequence[int], *, folders: bool) -> str:
    return f"{len(sizes)} {'files and folders' if folders else 'files'}, {sum(sizes) / 2**20:.1f} MiB"
