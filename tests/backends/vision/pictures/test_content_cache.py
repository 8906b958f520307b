"""What was made of a picture is found again by its content, within a number of bytes."""

from functools import partial

from backends.vision.pictures.content_cache import ContentCache


def test_a_value_is_made_once_for_a_key() -> None:
    made: list[str] = []

    def make(value: str) -> str:
        made.append(value)
        return value

    cache = ContentCache[str](len)
    assert [cache.get(key, partial(make, key)) for key in ("a", "b", "a", "a")] == ["a", "b", "a", "a"]
    assert made == ["a", "b"]


def test_what_was_not_used_for_longest_goes_first() -> None:
    cache = ContentCache[str](len, max_bytes=8)
    cache.get("a", lambda: "aaaa")
    cache.get("b", lambda: "bbbb")
    cache.get("a", lambda: "never made")
    cache.get("c", lambda: "cccc")
    assert cache.get("a", lambda: "new") == "aaaa"
    assert cache.get("b", lambda: "new") == "new"


def test_a_value_larger_than_the_cache_is_kept_alone() -> None:
    cache = ContentCache[str](len, max_bytes=3)
    assert cache.get("a", lambda: "aaaaaa") == "aaaaaa"
    assert cache.get("a", lambda: "again") == "aaaaaa"
    cache.get("b", lambda: "b")
    assert cache.get("a", lambda: "again") == "again"
