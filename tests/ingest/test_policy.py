"""Links lead to public servers only, however the inside is written."""

import ipaddress

import pytest

from catalog.settings import read_settings
from ingest.errors import LinkRefused, Unreachable
from ingest.sources.policy import Policy, inside, policy_of, target_of

INSIDE = [
    "127.0.0.1", "127.255.255.254", "0.0.0.0", "10.1.2.3", "172.16.0.1", "172.31.255.255",
    "192.168.1.1", "169.254.169.254", "100.64.0.1", "100.127.255.255", "192.0.0.1", "192.0.2.7",
    "198.18.0.1", "198.51.100.1", "203.0.113.9", "224.0.0.1", "239.1.1.1", "240.0.0.1",
    "255.255.255.255", "192.88.99.1", "168.63.129.16",
    "::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "64:ff9b::7f00:1",
    "64:ff9b:1::a00:1", "2002:7f00:1::", "2001:0:7f00:1::1", "2001:db8::1", "3fff::1", "fc00::1",
    "fd00:ec2::254", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1", "4000::1", "100::1",
]  # fmt: skip
OUTSIDE = ["8.8.8.8", "151.101.131.42", "172.15.255.255", "172.32.0.1", "100.63.255.255",
           "100.128.0.1", "2a04:4e42::551", "2600::1", "2001:4860:4860::8888"]  # fmt: skip


@pytest.mark.parametrize("address", INSIDE)
def test_an_address_that_is_not_plainly_public_is_inside(address: str) -> None:
    assert inside(address)


@pytest.mark.parametrize("address", OUTSIDE)
def test_a_public_address_is_not(address: str) -> None:
    assert inside(address) is None


def test_python_s_own_question_would_pass_several_of_them() -> None:
    passed = [one for one in INSIDE if "%" not in one and ipaddress.ip_address(one).is_global]
    assert {"224.0.0.1", "64:ff9b::7f00:1", "168.63.129.16"} <= set(passed)


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "localhost.", "2130706433", "0x7f.1", "0177.0.0.1", "127.1",
     "[::1]", "[::ffff:127.0.0.1]", "[::ffff:a9fe:a9fe]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]",
     "169.254.169.254", "100.64.0.1", "0.0.0.0"],
)  # fmt: skip
def test_every_way_of_writing_the_inside_is_refused(host: str) -> None:
    with pytest.raises(LinkRefused, match="public servers only"):
        Policy().addresses(target_of(f"http://{host}/x.mp4"))


def test_one_inside_address_among_public_ones_refuses_the_host() -> None:
    mixed = Policy(resolve=lambda _host, _port: ["8.8.8.8", "10.0.0.1"])
    with pytest.raises(LinkRefused, match=r"media\.example has an address that is private"):
        mixed.addresses(target_of("https://media.example/talk.mp4"))


def test_a_name_that_is_not_found_is_waited_for() -> None:
    with pytest.raises(Unreachable, match="its name has no address"):
        Policy(resolve=lambda _host, _port: []).addresses(target_of("https://media.example/x"))


def test_only_the_usual_ports_are_asked() -> None:
    anywhere = Policy(resolve=lambda _host, _port: ["8.8.8.8"])
    assert anywhere.addresses(target_of("https://media.example/x")) == ["8.8.8.8"]
    for port in (0, 22, 25, 6379, 8080):
        with pytest.raises(LinkRefused, match=f"the port {port};"):
            anywhere.addresses(target_of(f"http://media.example:{port}/x"))


def test_an_operator_may_name_servers_of_the_own_network() -> None:
    policy = policy_of(read_settings(link_hosts_inside="localhost, Media.Example:8080"))
    assert policy.inside == {"localhost:80", "localhost:443", "media.example:8080"}
    assert "127.0.0.1" in policy.addresses(target_of("http://localhost/talk.mp4"))
    with pytest.raises(LinkRefused):
        policy.addresses(target_of("http://localhost:8080/talk.mp4"))
    with pytest.raises(LinkRefused):
        policy.addresses(target_of("http://127.0.0.1/talk.mp4"))


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("file:///etc/passwd", "only http and https"),
        ("ftp://media.example/x.mp4", "only http and https"),
        ("gopher://media.example/", "only http and https"),
        ("https://anna:secret@media.example/x.mp4", "user name or password"),
        ("https://media.example\\@127.0.0.1/", "not a well-formed"),
        ("https://media.example/a b", "not a well-formed"),
        ("https://media.example/\r\nHost: x", "not a well-formed"),
        ("https://media.example:port/", "not a well-formed"),
        ("https://media.example:99999/", "not a well-formed"),
        ("https://[::1/", "not a well-formed"),
        ("https://[fe80::1%25eth0]/", "not a well-formed"),
        ("https:///x.mp4", "not a well-formed"),
        ("https://me%64ia.example/", "not a well-formed"),
        ("https://media.example/" + "x" * 2000, "not a well-formed"),
    ],
)
def test_an_address_of_another_form_is_refused_without_repeating_a_secret(
    url: str, says: str
) -> None:
    with pytest.raises(LinkRefused, match=says) as refused:
        target_of(url)
    assert "secret" not in str(refused.value)
    assert "\n" not in str(refused.value)


def test_an_address_is_written_in_one_way_and_shown_without_its_query() -> None:
    target = target_of(
        "HTTPS://Bücher.Example:443/Vorlesung 1.mp4".replace(" ", "%20") + "?key=ab#t"
    )
    assert target.url == "https://xn--bcher-kva.example/Vorlesung%201.mp4?key=ab"
    assert target.shown == "https://xn--bcher-kva.example/Vorlesung%201.mp4"
    assert target_of(target.url) == target
