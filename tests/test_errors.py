from maskproxy import errors


def test_every_error_has_a_status_a_kind_and_an_exit_code() -> None:
    classes = [c for c in vars(errors).values() if isinstance(c, type) and issubclass(c, errors.MaskproxyError)]
    assert len(classes) > 10
    for c in classes:
        assert 400 <= c.status < 600
        assert c.kind.endswith(("_error", "_large"))
        assert c.exit_code in {65, 69, 77, 78}


def test_the_sentence_is_public_and_the_detail_is_not_in_it() -> None:
    error = errors.BadRequest("Send one Host field.", detail="Host: a, Host: b")
    assert "Host: a" not in str(error)
    assert error.detail == "Host: a, Host: b"
