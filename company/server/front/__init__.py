"""What a browser opens: the built web terminal when it is there, else one plain page."""
