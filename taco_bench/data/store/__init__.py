"""Features from files: readers of the known formats, memory-mapped stores, and the rules by which segments are cut."""
