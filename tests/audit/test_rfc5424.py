import pytest
from hypothesis import given
from hypothesis import strategies as st

from maskproxy.audit.rfc5424 import FACILITIES, framed, message


@pytest.mark.parametrize(("facility", "priority"), [("auth", 36), ("authpriv", 84), ("local0", 132), ("local7", 188)])
def test_the_priority_is_facility_and_severity(facility: str, priority: int) -> None:
    said = message(FACILITIES[facility], 4, "2025-11-25T22:00:00.123456Z", "node-1", 7, "finding", b'{"a":1}')
    assert said == f'<{priority}>1 2025-11-25T22:00:00.123456Z node-1 maskproxy 7 finding - {{"a":1}}'.encode()


@given(st.text(max_size=300))
def test_no_name_of_a_node_adds_a_field_to_the_head(node: str) -> None:
    head = message(16, 6, "2025-11-25T22:00:00.123456Z", node, 7, "replay", b"{}").split(b" ")
    assert len(head) == 8
    assert 0 < len(head[2]) <= 255


@given(st.lists(st.binary(max_size=40), max_size=5))
def test_frames_are_read_back_whatever_is_in_them(messages: list[bytes]) -> None:
    data, found = b"".join(map(framed, messages)), []
    while data:
        size, _, rest = data.partition(b" ")
        found.append(rest[: int(size)])
        data = rest[int(size) :]
    assert found == messages
