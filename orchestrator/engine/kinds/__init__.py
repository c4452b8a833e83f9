"""How commitments of every kind but availability compose: the table of algebras, times through
calendars, and the walks over what a service requires or along its flow of work."""
