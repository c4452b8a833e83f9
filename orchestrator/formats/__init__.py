"""Documents in and out. Pure."""
