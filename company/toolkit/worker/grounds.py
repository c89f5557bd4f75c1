"""Which files a worker may read and write: the nearest folder above a path decides.

Open are Python's own libraries, the module's package, what resolving names and TLS need of the system, and what the
manifest declares; closed are the company's state and the company directory, also where they lie below an open folder.
The tool's own folder is the only one that may be written. Of a folder on Python's path that is no folder of installed
packages, such as a checkout, only what can be imported is open.
"""

import os
import ssl
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_LIBRARIES = "/lib /lib64 /usr/lib /usr/lib32 /usr/lib64 /usr/local/lib /nix/store /System/Library"
_NAMES = """
/etc/resolv.conf /etc/hosts /etc/nsswitch.conf /etc/host.conf /etc/gai.conf /etc/services /etc/protocols
"""
_CERTIFICATES = """
/etc/ssl/certs /etc/ssl/cert.pem /etc/ssl/openssl.cnf /etc/pki/tls /etc/pki/ca-trust /etc/ca-certificates
/etc/crypto-policies /usr/share/ca-certificates /usr/local/share/ca-certificates
"""
_MACHINE = """
/usr/share/zoneinfo /etc/localtime /etc/timezone /etc/mime.types /usr/share/locale /etc/ld.so.cache /etc/os-release
/dev/null /dev/zero /dev/urandom /dev/random /proc/cpuinfo /proc/meminfo /sys/devices/system/cpu
/sys/kernel/mm/transparent_hugepage
"""
_SINKS = frozenset({"/dev/null"})


@dataclass(frozen=True)
class Grounds:
    """The files a worker may use; every path is absolute and without symbolic links.

    Attributes:
        own: The tool's own folder.
        sealed: The company's state: nothing of it is readable but `own`, whatever else is open.
        places: Other folders and files by whether they are open.
        listed: Folders whose names may be read, for that is how Python finds modules in them.
    """

    own: str
    sealed: str
    places: dict[str, bool]
    listed: frozenset[str]

    @classmethod
    def of(cls, *, own: str, sealed: str, closed: Iterable[str], opened: Iterable[str]) -> "Grounds":
        """Return the grounds for places that may hold symbolic links or be missing."""
        listed, modules = _imported_from()
        places = dict.fromkeys(map(os.path.realpath, (*system_places(), *modules, *opened)), True)
        places |= dict.fromkeys(map(os.path.realpath, closed), False)
        places.pop(os.sep, None)
        return cls(os.path.realpath(own), os.path.realpath(sealed) if sealed else "", places, frozenset(listed))

    def may_read(self, path: str) -> bool:
        """Tell whether a path without symbolic links may be read."""
        if within(path, self.own):
            return True
        if self.sealed and within(path, self.sealed):
            return False
        while path not in self.places:
            above = os.path.dirname(path)  # noqa: PTH120 - asked for every file that is opened
            if above == path:
                return False
            path = above
        return self.places[path]

    def may_list(self, path: str) -> bool:
        """Tell whether the names in a folder may be read."""
        return path in self.listed or self.may_read(path)

    def may_write(self, path: str) -> bool:
        """Tell whether a path without symbolic links may be made, changed or removed."""
        return within(path, self.own) or path in _SINKS

    def carved(self) -> Iterator[str]:
        """Yield folders and files that are open with all that is below, for a kernel that knows no exceptions."""
        for place, is_open in self.places.items():
            if is_open and not (self.sealed and within(place, self.sealed)):
                yield from self._without_closed(place)

    def named(self) -> set[str]:
        """Return folders whose names are readable for such a kernel, but not all that is below them."""
        return {place for place in self.places if self.may_read(place) and not self._is_whole(place)} | self.listed

    def _is_whole(self, place: str) -> bool:
        shut = [self.sealed, *(path for path, is_open in self.places.items() if not is_open)]
        return not any(within(path, place) for path in shut if path)

    def _without_closed(self, place: str) -> Iterator[str]:
        if self._is_whole(place):
            yield place
        elif self.may_read(place) and os.path.isdir(place):  # noqa: PTH112 - a string
            with os.scandir(place) as entries:
                for entry in entries:
                    if not entry.is_symlink() and self.may_read(entry.path):
                        yield from self._without_closed(entry.path)


def within(path: str, folder: str) -> bool:
    """Tell whether a path is a folder or lies below it."""
    return path == folder or path.startswith(folder if folder.endswith(os.sep) else folder + os.sep)


def system_places() -> list[str]:
    """Return what every worker may read: the libraries of Python and of the system, certificates, time zones."""
    verify = ssl.get_default_verify_paths()
    certificates = (verify.cafile, verify.capath, verify.openssl_cafile, verify.openssl_capath)
    python = (sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib"))
    prefixes = (os.path.join(prefix, "lib") for prefix in {sys.prefix, sys.base_prefix, sys.exec_prefix})  # noqa: PTH118
    return [
        *_LIBRARIES.split(),
        *_NAMES.split(),
        *_CERTIFICATES.split(),
        *_MACHINE.split(),
        *prefixes,
        *(place for place in (*python, *certificates) if place),
    ]


def _imported_from() -> tuple[list[str], list[str]]:
    """Return the folders on Python's path that hold more than packages, and what of all folders can be imported."""
    listed, modules = [], []
    for entry in map(os.path.realpath, filter(os.path.isabs, sys.path)):
        if not os.path.isdir(entry) or entry.endswith(("site-packages", "dist-packages")):  # noqa: PTH112 - a string
            modules.append(entry)
            continue
        listed.append(entry)
        modules.append(os.path.join(entry, "__pycache__"))  # noqa: PTH118 - Python looks there, also when there is none
        with os.scandir(entry) as found:
            modules += [each.path for each in found if _is_module(each)]
    return listed, modules


def _is_module(entry: "os.DirEntry[str]") -> bool:
    if entry.is_dir():
        made_by_tools = entry.name.endswith((".dist-info", ".egg-info"))
        return made_by_tools or os.path.exists(os.path.join(entry.path, "__init__.py"))  # noqa: PTH110, PTH118 - a string
    return entry.name.endswith((".py", ".pyc", ".so"))
