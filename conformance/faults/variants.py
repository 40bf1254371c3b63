# SPDX-License-Identifier: MIT
"""Variants of the reference: build one, and have the suite judge it.

A variant is the reference with some of its files replaced, or the textbook pool
of the example or an unusual executor if what is replaced is theirs.  Only what differs is compiled; the rest
is linked from the objects of the build, with the same flags.
"""
import json
import os
import shlex
import shutil
import signal
import subprocess
import threading
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
UNUSUAL = "conformance/backends/unusual"
CAUGHT = ("FAIL", "HUNG", "CRASHED", "RACE", "LEAK")  # verdicts on what was run
RED = CAUGHT + ("UNRESOLVED", "XPASS")


class Broken(Exception):
    """There is no verdict: what was asked for could not be made or run."""


class Tools:
    """One build of the tool and the reference: plain, or with sanitizers."""

    def __init__(self, san=""):
        self.san = san
        command = ["make", "-s", "--no-print-directory", f"SAN={san}", "TOOL=", f"-j{os.cpu_count()}", "variant-tools"]
        made = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, env=plain_environment())
        if made.returncode != 0:
            raise Broken(f"{' '.join(command)} failed")
        said = dict(line.split("=", 1) for line in made.stdout.splitlines() if "=" in line)
        self.build = ROOT / said["build"]
        self.compile = shlex.split(said["compile"])
        self.link = shlex.split(said["link"])
        self.sources = said["sources"].split()
        self.poolproof = self.build / "poolproof"
        self.known, self.levels = {}, {}

    def clauses(self):
        """The clause of each case and scenario."""
        if not self.known:
            listed = subprocess.run([self.poolproof, "list"], stdout=subprocess.PIPE, text=True, check=True).stdout
            rows = [line.split() for line in listed.splitlines()[1:]]
            self.known = {row[0]: row[1] for row in rows if len(row) >= 4}
            self.levels = {row[1]: row[2] for row in rows if len(row) >= 4}
        return self.known

    def object(self, source):
        return self.build / Path(source).with_suffix(".o")


def plain_environment():
    """Ours, but without what a make above us says to the makes below it."""
    return {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}


def run_quietly(command, **how):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **how)
    if done.returncode != 0:
        raise Broken(f"{command[0]}: " + " ".join(done.stdout.split())[:300])


def copy_sources(folder):
    """Lay folder out anew, with the reference and the adapters in it."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(ROOT / "reference", folder / "reference", ignore=shutil.ignore_patterns("tests", "bench", "man"))
    adapters = ROOT / "conformance/backends"
    shutil.copytree(adapters, folder / "conformance/backends", ignore=shutil.ignore_patterns("cpython"))


def sources_of(tools, changed):
    """What a variant is linked from, and a library of which it gets what it lacks, as in the Makefile: the
    adapter is that of the executor that the changed files are of."""
    unusual = [name for name in changed if name.startswith(UNUSUAL)]
    if unusual:
        design = [name for name in unusual if Path(name).parent == Path(UNUSUAL)] or [f"{UNUSUAL}/big_lock.c"]
        return design, [f"{UNUSUAL}/pool/{path.name}" for path in sorted((ROOT / UNUSUAL / "pool").glob("*.c"))]
    example = any(name.startswith("conformance/backends/example") for name in changed)
    return tools.sources + [f"conformance/backends/{'example' if example else 'reference'}.c"], []


def build(tools, folder, changed):
    """Link folder/variant.so, and return its path.  folder holds a copy of the sources,
    of which those in the list changed are not as they were."""
    headers = {str(Path(name).parent) for name in changed if name.endswith(".h")}

    def compiled(source):
        if source not in changed and str(Path(source).parent) not in headers and not source.startswith(UNUSUAL):
            return str(tools.object(source))
        target = str(folder / (source.replace("/", "_") + ".o"))
        run_quietly(tools.compile + [f"-I{folder}/reference/include", f"-I{folder}/reference",
                                     "-Iconformance/include", "-c", "-o", target, str(folder / source)], cwd=ROOT)
        return target

    sources, library = sources_of(tools, changed)
    objects = [compiled(source) for source in sources]
    if library:
        objects.append(str(folder / "library.a"))
        run_quietly(["ar", "rcs", objects[-1]] + [compiled(source) for source in library], cwd=ROOT)
    variant = folder / "variant.so"
    run_quietly(tools.link + ["-o", str(variant)] + objects, cwd=ROOT)
    return variant


def end_group(process):
    """End a process that we started, and what it has started in its group."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()


def results_of(path):
    try:
        return json.loads(path.read_text())["results"]
    except (OSError, ValueError, KeyError):
        return []


def judge(tools, folder, arguments, limit, tool="", stop_at_red=False):
    """Run poolproof with arguments; its results, each a dictionary of the JSON report.
    stop_at_red: only the first that is red, as the console tells it, if there is one."""
    report, log = folder / "report.json", folder / "log"
    report.unlink(missing_ok=True)
    command = [str(tools.poolproof)] + arguments + ["--no-expect", "--json", str(report)]
    if tool:
        command = ["valgrind", "-q", "--trace-children=no", "--error-exitcode=0", "--child-silent-after-fork=no",
                   f"--tool={tool}"] + (["--leak-check=no"] if tool == "memcheck" else []) + command
    first = None
    environment = dict(os.environ, POOLPROOF_PROGRESS="never", NO_COLOR="1")
    with open(log, "w") as out:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
                                   env=environment, cwd=ROOT, start_new_session=True)
        watchdog = Watchdog(process, limit)
        for line in process.stdout:
            out.write(line)
            outcome, _, name = line.partition(" ")
            if stop_at_red and outcome in RED:
                first = {"case": name.strip(), "outcome": outcome, "message": ""}
                end_group(process)
                break
        process.stdout.close()
        code = process.wait()
        late = watchdog.stop()
    if first:
        return [first]
    results = results_of(report)
    if late and not any(r["outcome"] in RED for r in results):
        raise Broken(f"no verdict within {limit} s; see {log}")
    if code == 2:
        raise Broken(log.read_text().strip().splitlines()[-1][:300])
    return results


def explore(tools, folder, arguments, limit):
    """Run poolproof explore with arguments; what failed, as judge has it.  A deadlock, a
    crash and an outcome that is forbidden are all FAIL here."""
    command = [str(tools.poolproof), "explore"] + arguments + ["--directory", str(folder)]
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
                              cwd=ROOT, timeout=limit)
    except subprocess.TimeoutExpired:
        raise Broken(f"explore: no verdict within {limit} s") from None
    (folder / "log").write_text(done.stdout)
    if done.returncode == 2:
        raise Broken(done.stdout.strip().splitlines()[-1][:300])
    lines = done.stdout.splitlines() + [""]
    clauses = tools.clauses()
    return [{"case": name, "clause": clauses.get(name, ""), "outcome": "FAIL", "message": lines[i + 1].strip()}
            for i, line in enumerate(lines) if line.startswith("FAILED ")
            for name in [line.split()[1].rstrip(":")]]


class Watchdog:
    """Ends a process that takes longer than limit seconds."""

    def __init__(self, process, limit):
        self.fired = False
        self.process = process
        self.timer = threading.Timer(limit, self.fire)
        self.timer.start()

    def fire(self):
        self.fired = True
        end_group(self.process)

    def stop(self):
        self.timer.cancel()
        return self.fired
