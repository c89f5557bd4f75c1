"""Where requests end that should never have been made: a proxy for every foreign host, and a foreign origin itself."""

import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

_HARM = b"window.harm = true;"
_MAKER = re.compile(r"(?:CONNECT |\w+ https?://)[\w.-]+\.(?:google|googleapis|gstatic|gvt1)\.com\b.*")
"""Where the browser itself asks its maker something; what a page asks there, `watching.py` sees."""


class Trap:
    """A server on a loopback port that writes down what it is asked for.

    It answers generously, with a script that does harm: what reaches it would have worked.

    Attributes:
        url: Its address, another origin than the company's.
        asked: Method and target of every request, in order.
    """

    def __init__(self) -> None:
        self.asked: list[str] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self.asked))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), name="trap", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def _handler(asked: list[str]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            if not _MAKER.fullmatch(line := f"{self.command} {self.path}"):
                asked.append(line)
            tunnel = self.command == "CONNECT"
            self.send_response(502 if tunnel else 200)
            self.send_header("content-length", str(0 if tunnel else len(_HARM)))
            self.send_header("content-type", "text/javascript")
            self.send_header("access-control-allow-origin", "*")
            self.end_headers()
            if not tunnel and self.command != "HEAD":
                self.wfile.write(_HARM)

        do_GET = do_HEAD = do_POST = do_PUT = do_OPTIONS = do_CONNECT = answer  # noqa: N815  # http.server's names

        def log_message(self, format: str, *args: object) -> None:
            pass

    return Handler
