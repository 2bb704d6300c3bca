"""Which machines are of the open internet, and which hosts an operator lets in all the same."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bellwire.errors import InvalidInput
from bellwire.model.address import check_callback_url, is_allowed, is_public

PUBLIC = ["8.8.8.8", "20.190.128.1", "2001:4860:4860::8888", "2002:808:808::1", "64:ff9b::808:808"]
INSIDE = [
    "0.0.0.0",
    "10.0.0.1",
    "100.64.0.1",
    "127.0.0.1",
    "168.63.129.16",
    "169.254.169.254",
    "172.16.0.1",
    "192.168.0.1",
    "198.18.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:10.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b:1::1",
    "2001:db8::1",
    "2002:7f00:1::1",
    "fc00::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
]


@pytest.mark.parametrize("address", PUBLIC)
def test_the_open_internet_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("address", INSIDE)
def test_ones_own_network_is_not(address: str) -> None:
    assert not is_public(address)


def test_what_is_no_address_is_not_public() -> None:
    assert not is_public("receiver.example")
    assert not is_public("")


PRIVATE = [IPv4Network(block) for block in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8")]


@given(st.sampled_from(PRIVATE).flatmap(lambda block: st.ip_addresses(v=4, network=block)))
def test_no_way_to_write_a_private_address_makes_it_public(address: IPv4Address) -> None:
    number = int(address)
    ways = (
        address,
        IPv6Address(number),
        IPv6Address(0xFFFF << 32 | number),
        IPv6Address(0x0064FF9B << 96 | number),
        IPv6Address(0x2002 << 112 | number << 80 | 1),
    )
    assert [str(way) for way in ways if is_public(str(way))] == []


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("http://crm.internal/hook", ["crm.internal"]),
        ("http://CRM.internal:8080/hook", ["crm.internal:8080"]),
        ("http://10.0.0.1:8080/hook", ["10.0.0.1"]),
        ("http://[fd00::1]:8080/hook", ["[fd00::1]:8080"]),
        ("https://crm.internal/hook", ["crm.internal:443"]),
    ],
)
def test_the_operator_lets_hosts_in(url: str, allowed: list[str]) -> None:
    assert is_allowed(url, allowed)
    check_callback_url(url, allowed)


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("http://crm.internal:8081/hook", ["crm.internal:8080"]),
        ("http://crm.internal.evil.example/hook", ["crm.internal"]),
        ("http://xcrm.internal/hook", ["crm.internal"]),
        ("http://crm.internal/hook", []),
    ],
)
def test_no_other_host_profits_from_it(url: str, allowed: list[str]) -> None:
    assert not is_allowed(url, allowed)
    with pytest.raises(InvalidInput, match="https"):
        check_callback_url(url, allowed)
