"""What things are: frozen values in the words of the trade. Pure."""
