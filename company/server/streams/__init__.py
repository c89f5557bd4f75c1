"""Everything that happens, as it happens: the journal over Server-Sent Events and WebSocket."""
