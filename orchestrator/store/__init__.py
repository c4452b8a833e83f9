"""SQL storage of estates, facts and results."""
