"""Where the server may listen."""

import socket

import pytest

from company.config import ServerSettings
from company.errors import UsageError
from company.server.access import binding
from company.server.access.binding import listen, require_safe

TLS = {"tls_certificate": "c.pem", "tls_key": "k.pem"}


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "127.0.0.2"])
def test_loopback_is_safe_as_it_is(host: str) -> None:
    require_safe(host, ServerSettings(), has_password=False)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7"])
@pytest.mark.parametrize("settings", [{}, TLS, {"proxy": "https://company.example"}])
def test_an_address_of_others_without_password_is_refused(host: str, settings: dict[str, str]) -> None:
    with pytest.raises(UsageError, match="no password") as refused:
        require_safe(host, ServerSettings(**settings), has_password=False)
    assert "company password set" in refused.value.cure


@pytest.mark.parametrize("settings", [{}, {"proxy": "http://company.example"}])
def test_an_address_of_others_without_encryption_is_refused(settings: dict[str, str]) -> None:
    with pytest.raises(UsageError, match="nothing encrypts"):
        require_safe("0.0.0.0", ServerSettings(**settings), has_password=True)


@pytest.mark.parametrize("settings", [TLS, {"proxy": "https://company.example"}])
def test_an_address_of_others_with_password_and_encryption_is_safe(settings: dict[str, str]) -> None:
    require_safe("0.0.0.0", ServerSettings(**settings), has_password=True)


@pytest.mark.parametrize("half", TLS)
def test_a_certificate_without_key_is_refused_even_on_loopback(half: str) -> None:
    with pytest.raises(UsageError, match="belong together"):
        require_safe("127.0.0.1", ServerSettings(**{half: "file.pem"}), has_password=True)


@pytest.mark.parametrize("host", ["", "company.example", "127.1.1", "127.0.0.1:80"])
def test_what_is_no_address_is_refused(host: str) -> None:
    with pytest.raises(UsageError, match="is not an address"):
        require_safe(host, ServerSettings(), has_password=True)


def test_a_busy_port_that_was_asked_for_is_refused() -> None:
    with listen("127.0.0.1", 0) as first, pytest.raises(UsageError, match="cannot be had"):
        listen("127.0.0.1", first.getsockname()[1])


def test_the_next_free_port_is_taken_when_the_usual_one_is_busy(monkeypatch: pytest.MonkeyPatch) -> None:
    with listen("127.0.0.1", 0) as first:
        busy = first.getsockname()[1]
        monkeypatch.setattr(binding, "PORT", busy)
        with listen("127.0.0.1", None) as second:
            assert busy < second.getsockname()[1] < busy + 20


def test_an_address_of_another_machine_cannot_be_listened_at() -> None:
    with pytest.raises(UsageError, match=r"'192\.0\.2\.7' cannot be listened at"):
        listen("192.0.2.7", 0)


def test_both_families_can_be_listened_at() -> None:
    with listen("::1", 0) as six, listen("localhost", 0) as four:
        assert (six.family, four.family) == (socket.AF_INET6, socket.AF_INET)
