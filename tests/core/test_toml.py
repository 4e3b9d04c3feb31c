"""TOML that is read fast is what tomllib reads."""

import tomllib
from pathlib import Path

import pytest

import awsim
from awsim import toml

FILES = sorted(Path(awsim.__file__).parent.glob("**/*.toml"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: "/".join(path.parts[-2:]))
def test_the_files_of_awsim(path):
    text = path.read_text("utf-8")
    expected = tomllib.loads(text)
    assert repr(toml.read_toml(text)) == repr(expected)
    # No text that is read plainly is read otherwise.
    try:
        plain = toml._plain(text)
    except ValueError:
        return
    assert plain == expected


@pytest.mark.parametrize("service", ["dynamodb", "iam", "kinesis", "lambda", "s3", "sns", "sqs", "sts"])
def test_limits_are_written_plainly(service):
    """What the first call to a service waits for."""
    toml._plain(next(path for path in FILES if path.parts[-2:] == ("limits", f"{service}.toml")).read_text("utf-8"))


LINES = [
    'a = "b"', 'a = "b" # c', 'a = "b" c', 'a = "b', 'a = b"', "a = 'b'", 'a = "b\\nc"', 'a = "b \\"c\\" d"',
    'a = "\\\\"', 'a = "b\\\\" # "c"', 'a = """b"""', '"a b" = "c"', '"a" = 1', "'a' = 1", '"a\\"b" = 1', "a.b = 1",
    "a b = 1", "= 1", "a =", "a", "\xe4 = 1", "a = 0", "a = 01", "a = -0", "a = -1", "a = -", "a = +1", "a = 1_000",
    "a = 1__0", "a = _1", "a = 1_", "a = 0x10", "a = 1.5", "a = .5", "a = 5.", "a = 1.5e3", "a = 1.2.3", "a = -0.5",
    "a = 00.5", "a = 1_0.5", "a = inf", "a = nan", "a = \xb2", "a = true", "a = True", "a = 2024-02-29",
    "a = 2023-02-29", "a = 2024-W01-1", "a = 2024-02-29T00:00:00", "a = 10:00:00", "a = 1 # c", "a = 1# c", "a = []",
    "a = [ ]", "a = [,]", 'a = ["b"]', 'a = ["b", "c",]', 'a = ["b",, "c"]', 'a = ["b" "c"]', 'a = ["b" # c\n]',
    'a = ["b # c"]', 'a = [\n  "b",\n  "c",\n]', 'a = [\n  "b",\n\n  "c"\n]', 'a = [\n  "b",\n# c\n]', 'a = ["b"',
    'a = ["b"] c', 'a = ["b"] # c', 'a = ["b", 1]', "a = [1, 2]", 'a = [["b"]]', "a = {}", "a = { b = 1 }",
    "a = [{ b = 1 }]", 'a = [{ b = 1, c = "d" }, { b = 2 }]', "a = [{ b = 1 } { b = 2 }]", "a = [{ b = 1, }]",
    "a = [{}]", 'a = [{ b = "c, d" }]', 'a = [{ b = "c } d" }]', "a = [{ b = 1 }, ]", "a = [{ b = 1, b = 2 }]",
    "a = [{ b = [] }]", 'a = [{ b = ["c"] }]', "a = [\n{ b = 1 },\n{ b = 2 },\n]", "a = [{ b = 1\n}]", "a = 1\na = 2",
    'a = 1\n"a" = 2', "[a]\nb = 1\n[a]\nc = 2", "a = 1\n[a]", "[a]\nb = 1", "[a] # c", "[ a ]", "[a.b]", '["a"]',
    "[[a]]", "[]", "[a", "  a = 1", "\ta = 1", "a\t=\t1", "a = 1\r\n", "a = 1 \n\n \n", "# a\n#b", 'a = "b\xa0c"',
    'a = "b\u2028c"', 'a = "b\x7f"', 'a = "\xd7"', 'a = "b\x00c"', "", "[a]\n[b]\n[a]",
]  # fmt: skip


@pytest.mark.parametrize("text", LINES)
def test_what_is_written_otherwise(text):
    try:
        expected = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        with pytest.raises(tomllib.TOMLDecodeError):
            toml.read_toml(text)
    else:
        found = toml.read_toml(text)
        assert repr(found) == repr(expected)
