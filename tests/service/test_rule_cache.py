from pathlib import Path

import pytest

from maskproxy.service.rule_cache import rule_cache


@pytest.mark.parametrize(
    ("environ", "place"),
    [
        ({}, None),
        ({"HOME": "/home/ada"}, Path("/home/ada/.cache/maskproxy")),
        ({"HOME": "/home/ada", "XDG_CACHE_HOME": "/fast"}, Path("/fast/maskproxy")),
        ({"CACHE_DIRECTORY": "/var/cache/a:/b", "HOME": "/"}, Path("/var/cache/a/maskproxy")),
    ],
)
def test_the_nearest_cache_is_taken(environ: dict[str, str], place: Path | None) -> None:
    assert rule_cache(environ) == place
