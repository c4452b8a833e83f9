"""One function a mutation: read, decide, write in one transaction."""
