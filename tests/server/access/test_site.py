"""Under which names the server answers."""

import pytest

from company.config import ServerSettings
from company.errors import UsageError
from company.server.access.site import Site, is_secure


def site(host: str = "127.0.0.1", port: int = 8400, **settings: object) -> Site:
    return Site.of(ServerSettings.model_validate(settings), host, port)


def test_a_loopback_server_answers_to_the_names_of_its_machine_with_its_port() -> None:
    found = site()
    assert found.hosts == {"127.0.0.1:8400", "localhost:8400", "[::1]:8400"}
    assert found.origins == {"http://127.0.0.1:8400", "http://localhost:8400", "http://[::1]:8400"}
    assert (found.own, found.public) == ("http://127.0.0.1:8400", "http://127.0.0.1:8400")


def test_the_usual_port_of_a_scheme_may_be_left_out() -> None:
    assert {"localhost", "localhost:80"} <= site(port=80).hosts
    assert "http://localhost" in site(port=80).origins
    assert "http://localhost:80" not in site(port=80).origins  # no browser says so


def test_with_a_certificate_only_https_is_its_own_origin() -> None:
    found = site(tls_certificate="c", tls_key="k", port=8443)
    assert found.own == "https://127.0.0.1:8443"
    assert not [origin for origin in found.origins if origin.startswith("http:")]


def test_behind_a_proxy_both_its_address_and_the_own_one_are_known() -> None:
    found = site(proxy="https://Company.example/")
    assert {"company.example", "company.example:443", "127.0.0.1:8400"} <= found.hosts
    assert "https://company.example" in found.origins
    assert "http://company.example" not in found.origins
    assert (found.own, found.public) == ("http://127.0.0.1:8400", "https://company.example")


def test_further_names_count_here_and_at_the_proxy() -> None:
    found = site(names=["Alias.example"], proxy="https://company.example:8443")
    assert {"alias.example:8400", "alias.example:8443"} <= found.hosts
    assert {"http://alias.example:8400", "https://alias.example:8443"} <= found.origins


@pytest.mark.parametrize(
    ("host", "called"), [("192.0.2.7", "192.0.2.7"), ("2001:db8::7", "[2001:db8::7]"), ("127.0.0.2", "127.0.0.2")]
)
def test_the_address_that_was_named_is_a_name_too(host: str, called: str) -> None:
    assert f"{called}:8400" in site(host).hosts
    assert site(host).own == f"http://{called}:8400"


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_every_address_is_no_name(host: str) -> None:
    assert site(host).hosts == site().hosts


@pytest.mark.parametrize("name", ["https://company.example", "company.example:8400", "a/b", "a@b", ""])
def test_a_name_with_more_than_a_name_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="is not a host name"):
        Site.of(ServerSettings.model_construct(names=(name,)), "127.0.0.1", 8400)


@pytest.mark.parametrize(
    "proxy",
    [
        "company.example",
        "ftp://company.example",
        "https://company.example/app",
        "https://u@company.example",
        "https://a:x",
    ],
)
def test_a_proxy_without_readable_address_is_refused(proxy: str) -> None:
    with pytest.raises(UsageError, match="is not the address of a proxy"):
        site(proxy=proxy)


@pytest.mark.parametrize(
    ("scheme", "origin", "host", "secure"),
    [
        ("http", None, "127.0.0.1:8400", False),
        ("http", "http://127.0.0.1:8400", "127.0.0.1:8400", False),
        ("https", None, "127.0.0.1:8400", True),
        ("http", "https://company.example", "127.0.0.1:8400", True),
        ("http", None, "company.example", True),
    ],
)
def test_a_browser_at_the_other_end_of_https_is_recognised(
    scheme: str, origin: str | None, host: str, secure: bool
) -> None:
    assert is_secure(scheme, origin, host, site(proxy="https://company.example")) is secure
