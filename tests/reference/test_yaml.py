"""What somebody may write into a YAML file of the reference folder."""

import time

import pytest

from salary_bands.reference import parse_yaml

LAUGHS = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"b{n}: &b{n} [{', '.join(['*' + (f'b{n - 1}' if n else 'a')] * 9)}]\n" for n in range(12)
)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (LAUGHS, "has an alias"),
        ("- &a [*a]", "has an alias"),
        ("a: &a {<<: *a}", "has an alias"),
        ("a: !!python/object/apply:os.system [id]", "is not YAML"),
        ("a: !!python/name:os.system", "is not YAML"),
        ("a: !!binary zzz", "is not YAML"),
        ("[" * 100_000, "is not YAML"),
        ("a: " + "{a: " * 100_000, "is not YAML"),
        ("a: \0", "is not YAML"),
        ("a: b: c", "is not YAML"),
        ("a: [1, 2", "is not YAML"),
        ('a: "', "is not YAML"),
        ("\t- a", "is not YAML"),
        ("a: 2026-13-45", "month must be in 1..12"),
        ("a: 0x" + "f" * 100_000, ""),
    ],
)
def test_an_attack_is_one_line_or_a_plain_document(text: str, says: str) -> None:
    started = time.process_time()
    try:
        document = parse_yaml(text)
    except ValueError as error:
        assert says and says in str(error) and "\n" not in str(error)
    else:
        assert not says and isinstance(document, dict)
    assert time.process_time() - started < 2


def test_stars_and_ampersands_in_texts_are_no_aliases() -> None:
    assert parse_yaml('a: "*b"\nc: R&D *d\n') == {"a": "*b", "c": "R&D *d"}
