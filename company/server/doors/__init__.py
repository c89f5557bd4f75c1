"""Doors for other people's programs: the OpenAI-compatible API, AG-UI, and webhooks out."""
