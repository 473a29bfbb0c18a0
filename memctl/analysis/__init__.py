"""What the runs of a sweep say together: tables, statistics, claims, verdicts. Free of torch."""
