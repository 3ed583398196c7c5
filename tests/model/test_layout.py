"""Two threads may read with a type that neither has used before; without a lock there the process ended."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import safecare

SOURCE = Path(safecare.__file__).parent
ALONE = {Path("cli/disarm.py"), Path("model/layout.py")}
"""A command with one thread, and the lock itself."""

PROGRAM = """
import sys, threading
from types import ModuleType
import msgspec
from safecare.model.layout import laid_out

sys.setswitchinterval(1e-6)  # threads change places as often as they can: the race is there in every run
PARTS = 40
SOURCE = "from __future__ import annotations\\nimport msgspec\\n"
SOURCE += "".join(f"class Part{n}(msgspec.Struct):\\n    a: str\\n" for n in range(PARTS))
SOURCE += "class Whole(msgspec.Struct):\\n" + "".join(f"    f{n}: Part{n} | None = None\\n" for n in range(PARTS))
value = [{f"f{n}": {"a": "x"} for n in range(PARTS)}]
right = []
for number in range(100):
    module = sys.modules[f"made{number}"] = ModuleType(f"made{number}")
    exec(SOURCE, module.__dict__)
    gate = threading.Barrier(3)

    def read():
        gate.wait()
        right.append(msgspec.convert(value, laid_out(tuple[module.Whole, ...]))[0].f39.a == "x")

    threads = [threading.Thread(target=read) for _ in range(3)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
assert right == [True] * 300, len(right)
"""


def test_threads_that_first_read_with_a_type_do_not_see_it_half_done() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


PLAIN = {"dict", "list", "tuple", "set", "frozenset", "str", "bytes", "int", "float", "bool", "Any"}


def test_everything_of_ours_is_read_with_types_that_are_laid_out() -> None:
    """Within functions: what stands in a module itself is made while the module is imported, by one thread."""
    found = []
    for path in sorted(SOURCE.rglob("*.py")):
        if "testing" in path.parts or path.relative_to(SOURCE) in ALONE:
            continue
        for function in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                found += [
                    f"{path.relative_to(SOURCE)}:{call.lineno}"
                    for call in ast.walk(function)
                    if isinstance(call, ast.Call) and bare(call)
                ]
    assert sorted(set(found)) == []


def bare(call: ast.Call) -> bool:
    """Tell whether `call` reads with a type of records that nobody laid out before."""
    match call.func:
        case ast.Attribute(value=ast.Name("msgspec"), attr="convert"):
            kinds = call.args[1:2]
        case ast.Attribute(value=ast.Attribute(value=ast.Name("msgspec")), attr="decode" | "Decoder" as name):
            kinds = [one.value for one in call.keywords if one.arg == "type"] + (
                call.args[:1] if name == "Decoder" else []
            )
        case _:
            return False
    names = {one.id for kind in kinds for one in ast.walk(kind) if isinstance(one, ast.Name)}
    return not names <= PLAIN and "laid_out" not in names
