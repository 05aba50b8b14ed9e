"""Which files of a tree are printed."""

from pathlib import Path

from maskproxy.protected.tree import LIMIT_BYTES, Tree


def test_source_is_taken_and_what_is_none_is_told(tmp_path: Path) -> None:
    root = tmp_path / "src"
    for name in ("a.py", "deep/b.go", ".git/config", "node_modules/x.js", "tests/t.py", ".env"):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    (root / "picture.bin").write_bytes(b"\x89P\0\0")
    (root / "large.sql").write_bytes(b"x" * (LIMIT_BYTES + 1))
    (root / "bad\x1bname.py").write_text("x")
    (root / "link.py").symlink_to(root / "a.py")
    tree = Tree([root, root / "a.py"], exclude=["*/tests/*"])
    assert [name for name, _ in tree.files()] == ["src/a.py", "'src/bad\\x1bname.py'", "src/deep/b.go", "a.py"]
    assert tree.skipped == ["src/large.sql", "src/picture.bin"]
