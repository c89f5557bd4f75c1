"""Whom the server takes a request to come from."""

import pytest

from company.errors import UsageError
from company.server.access.clients import client_of, networks_of

PROXIES = networks_of(["10.0.0.0/8", "2001:db8:ffff::/48"])


def test_without_trusted_proxies_nobody_can_claim_another_address() -> None:
    assert client_of("192.0.2.1", "203.0.113.9", ()) == "192.0.2.1"


def test_an_untrusted_peer_cannot_claim_another_address() -> None:
    assert client_of("192.0.2.1", "203.0.113.9", PROXIES) == "192.0.2.1"


@pytest.mark.parametrize(
    ("forwarded", "found"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("1.2.3.4, 203.0.113.9", "203.0.113.9"),
        ("1.2.3.4, 203.0.113.9, 10.9.9.9", "203.0.113.9"),
        ("1.2.3.4, unknown, 10.9.9.9", "10.9.9.9"),
        ("10.1.1.1, 10.2.2.2", "10.1.1.1"),
        ("203.0.113.9:50123", "203.0.113.9"),
        ("", "10.0.0.5"),
    ],
)
def test_of_a_forwarded_chain_the_last_address_that_is_no_trusted_proxy_counts(forwarded: str, found: str) -> None:
    assert client_of("10.0.0.5", forwarded, PROXIES) == found


def test_all_addresses_of_one_ipv6_customer_count_as_one() -> None:
    assert client_of("2001:db8::1", "", ()) == client_of("2001:db8::2:1", "", ()) == "2001:db8::/64"
    assert client_of("2001:db8:0:1::1", "", ()) != client_of("2001:db8::1", "", ())
    assert client_of("2001:db8:ffff::1", "[2001:db8::9]:443", PROXIES) == "2001:db8::/64"


def test_ipv4_in_the_clothes_of_ipv6_is_ipv4() -> None:
    assert client_of("::ffff:192.0.2.1", "", ()) == "192.0.2.1"
    assert client_of("::ffff:10.0.0.5", "203.0.113.9", PROXIES) == "203.0.113.9"


def test_what_is_no_address_stays_what_it_is() -> None:
    assert client_of("", "203.0.113.9", PROXIES) == ""
    assert client_of("testclient", "203.0.113.9", PROXIES) == "testclient"


def test_a_trusted_proxy_that_is_no_address_is_refused() -> None:
    with pytest.raises(UsageError, match="'nginx' is not an address"):
        networks_of(["nginx"])
