"""Who may enter, with which rights, how often, and under which name and address the server answers."""
