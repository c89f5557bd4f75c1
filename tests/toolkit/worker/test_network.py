"""Which names and addresses a manifest lets through."""

import pytest

from company.toolkit.worker.guard import Denials, Refused
from company.toolkit.worker.network import Network


@pytest.fixture
def network() -> Network:
    network = Network(Denials())
    network.open(["api.example.com", "*.example.org:8443", "192.0.2.7:80", "localhost:9000"])
    network.remember("API.example.com.", ["198.51.100.1", "127.0.0.1", "169.254.169.254", "::1"])
    network.remember("a.b.example.org", ["2001:db8::1"])
    network.remember("evil.example", ["203.0.113.9"])
    network.remember("localhost", ["127.0.0.1"])
    return network


@pytest.mark.parametrize(
    ("place", "reached"),
    [
        (("198.51.100.1", 443), True),
        (("198.51.100.1", 80), False),
        (("::ffff:198.51.100.1", 443), True),
        (("2001:db8::1", 8443, 0, 0), True),
        (("192.0.2.7", 80), True),
        (("203.0.113.9", 443), False),
        (("169.254.169.254", 443), False),  # a name of the outside that leads to the machine itself
        (("127.0.0.1", 443), False),
        (("127.0.0.1", 9000), True),
        (("::1", 443), False),
        ("/run/docker.sock", False),
        (b"\0abstract", False),
    ],
)
def test_an_address_is_reached_when_a_declared_name_led_there(network, place, reached):
    check = network.checks()["socket.connect"]
    if reached:
        check((None, place))
    else:
        with pytest.raises(Refused):
            check((None, place))


@pytest.mark.parametrize(
    ("name", "resolved"),
    [
        ("api.example.com", True),
        (b"API.Example.com.", True),
        ("x.example.org", True),
        ("example.org", False),
        ("notexample.org", False),
        ("api.example.com.evil.example", False),
        ("secret.evil.example", False),
        (None, False),
    ],
)
def test_only_declared_names_are_resolved(network, name, resolved):
    check = network.checks()["socket.getaddrinfo"]
    if resolved:
        check((name, 443, 0, 0, 0))
    else:
        with pytest.raises(Refused):
            check((name, 443, 0, 0, 0))
