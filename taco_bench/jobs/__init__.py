"""From experiments and seeds to finished cells: planned, worked off by one process or several."""
