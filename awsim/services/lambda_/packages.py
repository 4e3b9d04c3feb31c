"""Deployment packages: what a zip holds, and Python code in it.

Source: Lambda Developer Guide, "Lambda quotas", "Working with .zip file archives for Python Lambda functions".
"""

from __future__ import annotations

import zipfile
from base64 import b64encode
from functools import lru_cache
from hashlib import sha256
from io import BytesIO
from types import ModuleType
from typing import Any

from awsim.services.lambda_.refusals import invalid

_BROKEN = "Could not unzip uploaded file. Please check your file, then try to upload again."


def digest(data: bytes) -> str:
    return b64encode(sha256(data).digest()).decode()


def unzipped_size(data: bytes) -> int:
    """Bytes of all files of a zip; refuses what is none."""
    if not data:
        raise invalid("Uploaded file must be a non-empty zip")
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            names = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError):
        raise invalid(_BROKEN) from None
    if not names:
        raise invalid("Uploaded file must be a non-empty zip")
    return sum(entry.file_size for entry in names)


class NoModule(Exception):
    """The module of a handler cannot be imported: the message says why."""


class NoHandler(Exception):
    """The module has no such function."""


@lru_cache(maxsize=64)
def _sources(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist() if name.endswith(".py")}


def has(data: bytes, name: str) -> bool:
    """Whether a zip has a file of that name."""
    with zipfile.ZipFile(BytesIO(data)) as archive:
        return name in archive.namelist()


def has_python(data: bytes, handler: str) -> bool:
    """Whether a zip has the module of a handler as Python source."""
    module = handler.rpartition(".")[0].replace("/", ".").replace(".", "/")
    sources = _sources(data)
    return f"{module}.py" in sources or f"{module}/__init__.py" in sources


class Modules:
    """The modules of a zip: each is run once, in a namespace of its own, and nothing is left in `sys.modules`.

    What they import of their zip comes from there; everything else is what this process has.
    """

    def __init__(self, data: bytes) -> None:
        self._sources = _sources(data)
        self._made: dict[str, ModuleType] = {}

    def handler(self, name: str) -> Any:
        """The callable of `"package.module.function"`; raises NoModule or NoHandler."""
        module, _, function = name.rpartition(".")
        module = module.replace("/", ".")
        try:
            made = self._load(module)
        except SyntaxError as problem:
            raise NoModule(f"Syntax error in module '{module}': {problem}") from None
        except ImportError as problem:
            raise NoModule(f"Unable to import module '{module}': {problem}") from None
        found = getattr(made, function, None)
        if found is None:
            raise NoHandler(f"Handler '{function}' missing on module '{module}'")
        return found

    def _path(self, name: str) -> str | None:
        stem = name.replace(".", "/")
        return next((path for path in (f"{stem}.py", f"{stem}/__init__.py") if path in self._sources), None)

    def _load(self, name: str) -> ModuleType:
        if name in self._made:
            return self._made[name]
        path = self._path(name)
        if path is None:
            raise ModuleNotFoundError(f"No module named '{name}'", name=name)
        parent, _, leaf = name.rpartition(".")
        above = self._load(parent) if parent and self._path(parent) else None
        module = self._made[name] = ModuleType(name)
        module.__file__ = f"/var/task/{path}"
        package = path.endswith("/__init__.py")
        module.__package__ = name if package else parent
        if package:
            module.__path__ = [f"/var/task/{name.replace('.', '/')}"]
        builtins = dict(vars(__import__("builtins")))
        builtins["__import__"] = self._import
        module.__dict__["__builtins__"] = builtins
        try:
            exec(compile(self._sources[path], module.__file__, "exec"), module.__dict__)
        except BaseException:
            del self._made[name]
            raise
        if above is not None:
            setattr(above, leaf, module)
        return module

    def _import(
        self,
        name: str,
        namespace: dict[str, Any] | None = None,
        locals: Any = None,
        wanted: Any = (),
        level: int = 0,
    ) -> Any:
        full = name
        if level:
            package = (namespace or {}).get("__package__") or ""
            parts = package.split(".")
            base = ".".join(parts[: len(parts) - level + 1])
            full = f"{base}.{name}".strip(".")
        root = full.partition(".")[0]
        if self._path(full) is None and self._path(root) is None:
            return __import__(name, namespace, locals, wanted or (), level)
        module = self._load(full)
        if not wanted:
            return module if level else self._load(root) if self._path(root) else module
        for leaf in wanted:
            if not hasattr(module, leaf) and self._path(f"{full}.{leaf}"):
                self._load(f"{full}.{leaf}")
        return module
