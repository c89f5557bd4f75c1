"""The company as an MCP server: clients such as Claude Code, Codex and Cursor ask its CEO and read what it did.

What it offers is the native API in other clothes; nothing is worked out twice. The library `mcp` takes a third of a
second to import, so it is imported with the first request, or by `company mcp`, never by the server's start.

    results.py    what the tools answer, for programs and for people
    tools.py      the tools
    library.py    the resources
    protocol.py   both as a server of the library, for each transport the same
    door.py       over HTTP, `/mcp`, behind the gate
    wire.py, stdio.py   over stdin and stdout, for `company mcp`
"""
