"""Every attack that a tool can try from inside its worker."""
