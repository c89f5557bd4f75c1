"""Worker processes: where the code of packages, and of files that declare what they reach, is imported and called.

A worker is a process of its own that serves one tool and is held to that tool's manifest, from before its module is
imported. `containment()` tells which of these hold on a machine:

- **The process** keeps the company's memory and environment, and the secrets of other tools, out of reach; a crash, a
  hang or a full memory ends one worker. This holds everywhere.
- **The guard** (`guard.py`, `network.py`) refuses undeclared hosts, files, programs and native code from inside Python,
  and names what was reached for. This holds everywhere, against code that uses Python's own ways.
- **The kernel** (Linux; `landlock.py`, `kernel.py`) holds files, programs, TCP ports, signals, new processes, local
  sockets and privileges also against native code and code that takes the guard apart, and a tool without hosts has no
  network at all.

What a determined attacker can still do, with all of it: send anything it was given (its arguments, secrets and files)
to its declared hosts; as it takes the guard apart, reach *any* host at a declared TCP port (the kernel knows ports, not
names), and, when it declares a host at all, send by UDP, so by DNS; see which files exist, their sizes, and the names
in folders on Python's path; use all of a processor until its time-out; fill the disk through its own folder; and tell
lies in its results, which is why they are untrusted. On a system without these parts of Linux, such as macOS, only the
process and the guard hold, and memory is not limited: an attacker who takes the guard apart has the rights of the
person there. Nothing here holds what runs when a package is *installed*, nor a `.pth` file in it, which every start of
Python runs.
"""

from company.toolkit.worker.containment import Layer, containment
from company.toolkit.worker.describing import describe
from company.toolkit.worker.pool import DENIED, Workers
from company.toolkit.worker.process import WorkerFailure
from company.toolkit.worker.source import Source

__all__ = ["DENIED", "Layer", "Source", "WorkerFailure", "Workers", "containment", "describe"]
