"""The web terminal and the dashboard in TypeScript, and `build.py`, which makes `company/server/static/` of it."""
