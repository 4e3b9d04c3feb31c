"""The house rules that a reader relies on: imports point one way, services take nothing from outside the Cloud."""

import ast
import sys
from pathlib import Path

import pytest

import awsim

ROOT = Path(awsim.__file__).parent
MODULES = sorted(ROOT.rglob("*.py"))

# What a package may import of awsim, besides itself and the errors.
ALLOWED = {
    "wire": {"wire", "errors"},
    "state": {"state", "service", "errors"},
    "limits": {"limits", "state", "errors", "toml"},
    "auth": {"auth", "state", "wire", "limits", "errors", "toml"},
    "services": {
        "services",
        "service",
        "state",
        "limits",
        "auth",
        "clock",
        "errors",
        "wire",
        "gateway",
        "ids",
        "lazily",
        "choices",
        "eventing",
        "sealing",
        "waiting",
        "scaling",
        "zones",
        "asymmetric",
        "environment",
        "metering",
    },
    "eventing": {"eventing", "state", "errors"},
    "asymmetric": {"asymmetric", "errors"},
    "gateway": {"gateway", "wire", "service", "cloud", "calls", "limits", "auth", "state", "errors", "waiting"},
}
FORBIDDEN_IN_SERVICES = {
    ("time", "time"), ("time", "monotonic"), ("datetime", "now"), ("datetime", "utcnow"), ("uuid", "uuid4"),
    ("uuid", "uuid1"), ("random", "random"), ("random", "choice"), ("os", "urandom"), ("threading", "Thread"),
    ("threading", "Timer"),
}  # fmt: skip


def imports(path):
    """(module, whether only for type checking) of every awsim import of a file."""
    tree = ast.parse(path.read_text("utf-8"))
    typing_only = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            typing_only |= {id(child) for child in ast.walk(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "awsim":
            yield node.module, id(node) in typing_only
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.split(".")[0] == "awsim":
                    yield alias.name, id(node) in typing_only


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_point_one_way(path):
    parts = path.relative_to(ROOT).parts
    allowed = ALLOWED.get(parts[0])
    if allowed is None:
        return
    for module, typing_only in imports(path):
        target = module.split(".")[1] if "." in module else module
        assert typing_only or target in allowed, f"{path.relative_to(ROOT)} imports {module}"
        if parts[0] == "services" and target == "services":
            assert module.split(".")[2] == parts[1], f"{path.relative_to(ROOT)} imports another service: {module}"


@pytest.mark.parametrize(
    "path", [path for path in MODULES if "services" in path.parts], ids=lambda path: str(path.relative_to(ROOT))
)
def test_services_take_time_ids_and_chance_from_the_cloud(path):
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner = node.func.value
            name = owner.id if isinstance(owner, ast.Name) else getattr(owner, "attr", "")
            assert (name, node.func.attr) not in FORBIDDEN_IN_SERVICES, f"{path.name}:{node.lineno}"


def test_importing_awsim_loads_neither_boto3_nor_what_only_some_need():
    import subprocess

    code = "import awsim, sys; print([m for m in ('boto3', 'freezegun', 'pytest', 'tomllib') if m in sys.modules])"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"


# What is set anew by each call before it is read, and means nothing between calls.
FLEETING = {("dynamodb/base.py", "spent")}


def _of_services(tree):
    """Classes whose bases are by name a service or a part of one."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and any(
            ast.unparse(base).endswith(("Operations", "Base", "Service")) for base in node.bases
        ):
            yield node


@pytest.mark.parametrize(
    "path", [path for path in MODULES if "services" in path.parts], ids=lambda path: str(path.relative_to(ROOT))
)
def test_operations_set_no_attributes_of_their_service(path):
    """Snapshots know of containers and records only: an attribute of the service would survive a restore."""
    name = str(path.relative_to(ROOT / "services"))
    for owner in _of_services(ast.parse(path.read_text("utf-8"))):
        for method in owner.body:
            if not isinstance(method, ast.FunctionDef) or method.name in ("setup", "__init__"):
                continue
            for node in ast.walk(method):
                targets = getattr(node, "targets", None) or [getattr(node, "target", None)]
                for target in targets if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign) else ():
                    if isinstance(target, ast.Attribute) and ast.unparse(target.value) == "self":
                        assert (name, target.attr) in FLEETING, f"{owner.name}.{method.name} sets self.{target.attr}"
