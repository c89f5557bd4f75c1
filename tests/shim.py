"""`company` in the scripts of tests: has the command forked by `template.py` at the socket `COMPANY_FORKS`."""

import json
import os
import socket
import sys


def main() -> int:
    """Hand over arguments, place, environment and descriptors; return the command's exit code."""
    with socket.socket(socket.AF_UNIX) as door:
        door.connect(os.environ["COMPANY_FORKS"])
        socket.send_fds(door, [b"."], [0, 1, 2])
        asked = {"run": sys.argv[1:], "place": os.getcwd(), "environment": dict(os.environ)}  # noqa: PTH109 - starts sooner
        door.sendall(json.dumps(asked).encode())
        door.shutdown(socket.SHUT_WR)
        code = int(door.makefile().read())
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(main())
