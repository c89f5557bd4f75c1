"""A venue, the exchange at the corner, and a notifier that writes into a notebook."""
