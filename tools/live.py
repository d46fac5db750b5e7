# SPDX-License-Identifier: Apache-2.0
# Runs in: a developer's shell, by tools/run.  Builds, makes keys, starts a
# receiver and the real pair, and shows what arrives.
import argparse
import contextlib
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
CACHE = ROOT / ".cache"
BUILD = CACHE / "run"
sys.path.insert(0, str(ROOT / "tests/lib"))
sys.dont_write_bytecode = True

import arrivals     # noqa: E402
import keys         # noqa: E402
import nginx        # noqa: E402
import pair         # noqa: E402
import receiver     # noqa: E402
import screen       # noqa: E402
import tap          # noqa: E402
import victoria     # noqa: E402


def arguments():
    parser = argparse.ArgumentParser(
        prog="tools/run", description="Runs the pair against a local receiver "
        "that demands a client certificate, and shows what arrives.")
    parser.add_argument("--seconds", type=float, metavar="N",
                        help="end after N seconds; status 0 only if metrics "
                        "arrived (default: until Ctrl-C)")
    parser.add_argument("--interval", default="1s", metavar="D",
                        help="time between collections (default: 1s)")
    parser.add_argument("--encoding", choices=("protobuf", "json"),
                        default="protobuf")
    parser.add_argument("--with", dest="database",
                        choices=("victoria-metrics",),
                        help="a real database behind nginx, with graphs")
    parser.add_argument("--built", action="store_true",
                        help=argparse.SUPPRESS)
    return parser.parse_args()


def prepare(options):
    """Everything that needs no root."""
    wanted = ["build"] + (["nginx"] if options.database else [])
    subprocess.run([ROOT / "tools/setup", *wanted], check=True)
    CACHE.mkdir(exist_ok=True)
    if not (BUILD / "build.ninja").exists():
        subprocess.run(["meson", "setup", "--buildtype=release",
                        "-Dtests=false", BUILD, ROOT], check=True,
                       stdout=subprocess.DEVNULL)
    built = subprocess.run(["ninja", "-C", BUILD, "--quiet"],
                           capture_output=True, text=True)
    if built.returncode != 0:
        sys.exit("tools/run: the build failed\n" + built.stdout)
    keys.CachedKeys(CACHE / "keys")


def become_root():
    """The pair needs two users; only root can give them."""
    if os.geteuid() == 0:
        return
    if shutil.which("sudo") is None:
        sys.exit("tools/run: needs root (or sudo), to start the pair with "
                 "two users")
    os.execvp("sudo", ["sudo", sys.executable, __file__, "--built",
                       *sys.argv[1:]])


def interrupted(*_):
    raise KeyboardInterrupt


@contextlib.contextmanager
def local(own):
    with receiver.Receiver(own, keep=1000) as ours:
        yield ours.url, arrivals.FromReceiver(ours)


@contextlib.contextmanager
def database(own):
    with victoria.VictoriaMetrics() as store, \
            nginx.Nginx(own, store.url) as front:
        yield (f"https://127.0.0.1:{front.port}{victoria.PATH}",
               arrivals.FromDatabase(store, front))


def show(view, daemons, seconds):
    """Until time is up, Ctrl-C or the end of the pair; the points seen."""
    started = time.monotonic()
    points = 0
    with contextlib.suppress(KeyboardInterrupt):
        while daemons.process.poll() is None:
            time.sleep(1)
            passed = time.monotonic() - started
            points = view.draw(passed, {"collectord": daemons.collector,
                                        "shipperd": daemons.shipper}).points
            if seconds is not None and passed >= seconds:
                break
    return points


def main():
    options = arguments()
    if options.database and options.encoding == "json":
        sys.exit("tools/run: victoria-metrics takes protobuf only")
    signal.signal(signal.SIGTERM, interrupted)
    if not options.built:
        prepare(options)
        become_root()
    own = keys.CachedKeys(CACHE / "keys")
    try:
        with (database if options.database else local)(own) as (url, seen):
            view = screen.Screen(
                f"Sluice at {options.interval}, OTLP/HTTP "
                f"{options.encoding}, mutual TLS 1.3. Ctrl-C ends it.", seen)
            with pair.Pair(url, own, build=BUILD,
                           encoding="http/" + options.encoding,
                           interval=options.interval, on_line=view.on_log,
                           settings={"require": ["split"]}) as daemons:
                points = show(view, daemons, options.seconds)
                status = daemons.stop()
            view.close()
    except (tap.Skip, tap.Failed, RuntimeError) as error:
        sys.exit(f"tools/run: {error}")
    print(f"{points} points arrived; the pair ended with status {status}")
    sys.exit(0 if points and status == 0 else 1)


main()
