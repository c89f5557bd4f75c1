"""One module for each provider; each reads one wire format strictly and cites where it is described."""
