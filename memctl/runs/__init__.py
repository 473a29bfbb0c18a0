"""What a run leaves: its folder, record, journal, progress and W&B copy. Free of torch."""
