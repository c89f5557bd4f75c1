"""The weather, for the AI company."""
