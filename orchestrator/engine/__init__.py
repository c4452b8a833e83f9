"""What follows from the estate and the facts. Pure functions."""
