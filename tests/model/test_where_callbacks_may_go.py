"""Which machines are of the open internet, and which hosts an operator lets in all the same."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bellwire.errors import InvalidInput
from bellwire.model.address import can_allow, check_callback_url, is_allowed, is_public, place

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


@pytest.mark.parametrize(
    "url",
    [
        "https://a..b/x",
        "https://.foo/",
        "https://foo../",
        "https://./",
        f"https://{'a' * 64}.example/",
        "https://" + "a." * 127 + "example/",
        "https://a%2eb.example/",
        "https://receiver.example:0/",
        "https://127.1/",
        "https://2130706433/",
        "https://0/",
        "https://0x7f.1/",
        "https://127.0.0.1./",
        "https://8.8.8.8./",
        "https://localhost./",
    ],
)
def test_a_host_that_nobody_can_look_up_is_refused(url: str) -> None:
    with pytest.raises(InvalidInput):
        check_callback_url(url, [])


@pytest.mark.parametrize(
    "url",
    [
        "https://receiver.example./x",
        "https://my_own.receiver.example/x",
        f"https://{'a' * 63}.example/",
        "https://8.8.8.8/x",
        "https://[2001:4860:4860::8888]/x",
        "https://3com.example/",
        "https://xn--r-bja.example:8443/",
    ],
)
def test_a_host_of_the_open_internet_is_not(url: str) -> None:
    check_callback_url(url, [])


def test_where_it_goes_is_shown_as_it_is_written() -> None:
    assert place("https://[2606:4700::1111]/x") == "[2606:4700::1111]:443"
    assert place("http://CRM.internal/x") == "crm.internal:80"
    assert place("https://crm.internal:8443/x") == "crm.internal:8443"


@pytest.mark.parametrize("entry", ["crm.internal", "CRM.internal:8080", "10.0.0.1", "[fd00::1]:8", "fd00::1"])
def test_an_operator_names_a_host_and_perhaps_a_port(entry: str) -> None:
    assert can_allow(entry)


@pytest.mark.parametrize(
    "entry",
    [
        "http://x/y",
        "x/y",
        "x?y",
        "me@x",
        "x:",
        "x:0x",
        "x:99999",
        "*.internal",
        "a..b",
        "[fd00::1",
        "10.0.0.0/8",
        "a b",
    ],
)
def test_an_entry_that_could_never_match_is_none(entry: str) -> None:
    assert not can_allow(entry)
