"""Sigma rules from a folder, with what was compiled kept between starts."""

from __future__ import annotations

import contextlib
import gc
import hashlib
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import msgspec
import structlog

from safecare.detect.logs import rule
from safecare.detect.logs.book import RuleBook, shipped_rules
from safecare.detect.logs.load import FILE_LIMIT, load
from safecare.detect.logs.plan import Compiled, Plan
from safecare.detect.logs.rule import Problem
from safecare.exchange.disk import write_private
from safecare.model.layout import laid_out

DETECTOR = "log.sigma"
"""Name under which the health page tells of rules."""
COLLECT = (50_000, 20, 20)
"""When the garbage collector of a process that judges logs looks (measured: records hold no cycles, and are judged a
fifth faster than with Python's own thresholds)."""
KEPT = 4
"""Compiled rule sets that are kept beside the one in use (chosen: some 20 MB each)."""

TOLD = 50
"""Most errors that the health page tells one by one (chosen: more are not read there, but by `rules check`)."""
NAME = re.compile("[0-9a-f]{40}")
"""What a file of the cache is called; a folder may hold other things, which are left alone."""


class NoRulesError(RuntimeError):
    """A folder of rules that is not there, or can't be read."""


def cache_folder() -> Path:
    """Return the folder of this user for what can be made again (XDG Base Directory Specification 0.8)."""
    named = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(named) if named.startswith("/") else Path.home() / ".cache") / "safecare" / "rules"


def rule_files(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Yield name and bytes of the rule files in `folder` (or of the one file). Raises `NoRulesError`."""
    if folder.is_file():
        paths = [folder]
    elif folder.is_dir():
        paths = sorted(path for ending in ("yml", "yaml") for path in folder.rglob(f"*.{ending}") if path.is_file())
    else:
        raise NoRulesError(f"{folder} is neither a folder of rules nor a rule")
    for path in paths:
        try:
            with path.open("rb") as file:
                yield str(path), file.read(FILE_LIMIT + 1)
        except OSError as error:
            raise NoRulesError(f"{path}: {error.strerror}") from error


def read_plan(folder: Path, *, cache: Path | None = None, expand: Mapping[str, Sequence[str]] | None = None) -> Plan:
    """Return the rules of `folder`, ready to be asked. Raises `NoRulesError`.

    With `cache`, what was compiled before is taken from there if no rule has changed since, and put there if one has.
    """
    return plan_of(list(rule_files(folder)), cache=cache, expand=expand)


def plan_of(
    files: Sequence[tuple[str, bytes]], *, cache: Path | None = None, expand: Mapping[str, Sequence[str]] | None = None
) -> Plan:
    """Return the rules of `files` (name, bytes), ready to be asked; `cache` and `expand` as for `read_plan`."""
    key = _key(files, expand or {})
    kept = _kept(cache / key) if cache else None
    plan = Plan(kept or Compiled(load(files, expand)))
    if cache and kept is None:
        _keep(cache, key, plan.dump())
    gc.collect()
    gc.freeze()  # a plan lives long: its hundred thousands of parts are not looked through again and again
    gc.set_threshold(*COLLECT)
    return plan


def _key(files: Sequence[tuple[str, bytes]], expand: Mapping[str, Sequence[str]]) -> str:
    digest = hashlib.sha256()
    for part in (_version("hyperscan"), _version("pysigma"), repr(sorted(expand.items()))):
        digest.update(part.encode() + b"\x00")
    for path in sorted(Path(rule.__file__).parent.glob("*.py")):  # another engine keeps another form
        digest.update(path.read_bytes())
    for name, raw in files:
        digest.update(f"{name}\x00{len(raw)}\x00".encode())
        digest.update(raw)
    return digest.hexdigest()[:40]


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _kept(path: Path) -> Compiled | None:
    """Return what is kept at `path`, if it is ours alone and whole: automata are taken as they are."""
    try:
        status = path.lstat()
        if status.st_uid != os.getuid() or status.st_mode & 0o077:
            return None
        raw = path.read_bytes()
    except OSError:
        return None
    if hashlib.sha256(raw[32:]).digest() != raw[:32]:
        return None
    try:
        return msgspec.msgpack.decode(raw[32:], type=laid_out(Compiled))
    except msgspec.DecodeError:
        return None


def _keep(folder: Path, key: str, compiled: Compiled) -> None:
    """Keep `compiled`; that it can't be kept (full disk, no right) costs time at the next start, and nothing else."""
    raw = msgspec.msgpack.encode(compiled)
    fresh = folder / f".{key}.{os.getpid()}"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_private(fresh, hashlib.sha256(raw).digest() + raw, durable=False)
        fresh.replace(folder / key)
        others = (path for path in folder.iterdir() if NAME.fullmatch(path.name) and path.name != key)
        old = sorted(others, key=lambda path: path.stat().st_mtime)
        for path in old[: -KEPT or None]:
            path.unlink(missing_ok=True)
    except OSError:
        fresh.unlink(missing_ok=True)


class LiveRules:
    """The platform's rules and those of `folder`, exchanged in `book` when a file changes; `cache` keeps them compiled.

    A folder that is not there holds no rules. While it can't be read, the rules last read go on.
    """

    def __init__(self, folder: Path, cache: Path) -> None:
        """Read the rules."""
        self._folder, self._cache = folder, cache
        self._seen: list[tuple[str, int, int]] | None = None
        self._failed = ""
        self.book = RuleBook(plan_of(shipped_rules(), cache=cache))
        self.look()

    def look(self) -> None:
        """Exchange the rules if a file has changed since the last look."""
        seen = signature(self._folder)
        if seen == self._seen or (self._seen is None and not seen):
            return
        try:
            own = list(rule_files(self._folder)) if seen else []
            plan = plan_of([*shipped_rules(), *own], cache=self._cache)
        except NoRulesError as error:
            self._failed = str(error)
            return
        self._failed, self._seen = "", seen
        self.book.plan = plan
        structlog.get_logger().info("log rules read", rules=len(plan.rules), left_out=len(_errors(plan)))

    def reasons(self) -> dict[str, str]:
        """Return, for the health page, what is wrong with rules, under the detector's name."""
        if self._failed:
            return {DETECTOR: self._failed}
        errors = _errors(self.book.plan)
        told = {f"{one.file}:{one.line}": one.reason for one in errors[:TOLD]}
        return told | ({DETECTOR: f"{len(errors)} errors in rule files"} if errors else {})


def _errors(plan: Plan) -> list[Problem]:
    return [one for one in plan.set.problems if one.level == "error"]


def signature(folder: Path) -> list[tuple[str, int, int]]:
    """Return name, time and size of each rule file; what can't be looked at has none."""
    found: list[tuple[str, int, int]] = []
    if folder.is_dir():
        for path in sorted(folder.rglob("*.y*ml")):
            with contextlib.suppress(OSError):
                status = path.stat()
                found.append((str(path), status.st_mtime_ns, status.st_size))
    return found
