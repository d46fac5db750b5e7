# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  A name that is to be hashed or left out: it is searched for
# in the ring's memory, in the shipper's memory, which is where all that ever
# crossed the channel was, and in what the receiver got.
import contextlib
import os
import pathlib
import re
import shutil
import tempfile

from command import Lab
from pair import COLLECTOR, Pair, need_root
from receiver import Receiver
from siphash import siphash
from tap import check, check_equal, main, test, until

lab = Lab()
SOURCE = pathlib.Path(os.environ["SLUICE_SOURCE_ROOT"])
NAME = "zukunftsbank"
SECRET = os.urandom(16).hex()


@contextlib.contextmanager
def host():
    """A tree with an interface of a customer's name."""
    with tempfile.TemporaryDirectory(prefix="sluice-redact-") as top:
        os.chmod(top, 0o755)
        shutil.copytree(SOURCE / "tests/fixtures/linux-6.18", top,
                        dirs_exist_ok=True)
        file = pathlib.Path(top, "proc/net/dev")
        file.chmod(0o644)
        lines = file.read_text().splitlines()
        lines.append(f"{NAME}: 1 2 0 0 0 0 0 0 3 4 0 0 0 0 0 0")
        file.write_text("\n".join(lines) + "\n")
        yield {"procfs": f"{top}/proc", "sysfs": f"{top}/sys"}


def ring_of(pid):
    found = b""
    for fd in pathlib.Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(OSError):
            if "memfd:" in os.readlink(fd):
                found += fd.read_bytes()
    return found


def memory_of(pid):
    """All that the process can write to."""
    found = b""
    with open(f"/proc/{pid}/maps", encoding="ascii") as maps, \
            open(f"/proc/{pid}/mem", "rb", 0) as mem:
        for line in maps:
            place, rights, *_ = line.split()
            if not rights.startswith("rw"):
                continue
            start, end = (int(x, 16) for x in place.split("-"))
            mem.seek(start)
            with contextlib.suppress(OSError):
                found += mem.read(end - start)
    return found


def lost(receiver):
    return max((p.value for p in receiver.points(
        "sluice.records.lost", sluice_cause="oversize")), default=0)


def check_key(places, collector, used):
    """It is the collector's alone, and not as it stood in the file."""
    text, key = SECRET.encode(), bytes.fromhex(SECRET)
    check_equal([k for k, v in places.items() if text in v or key in v], [])
    check_equal((text in collector, key in collector), (False, used))


def run(collect):
    """Where the name was found, and what the receiver got."""
    with host() as tree, Receiver(lab.keys) as receiver, \
            Pair(receiver.url, lab.keys,
                 settings={"collect": tree | collect}) as pair:
        until(lambda: len(receiver.requests) >= 2, 30, "two requests")
        bodies = b"".join(r.body for r in list(receiver.requests))
        places = {"body": bodies, "ring": ring_of(pair.collector),
                  "shipper": memory_of(pair.shipper)}
        check_key(places, memory_of(pair.collector), "redact_key" in collect)
    check(len(places["ring"]) > 100000 and len(places["shipper"]) > 100000,
          {k: len(v) for k, v in places.items()})
    return {k for k, v in places.items() if NAME.encode() in v}, bodies


@test
def without_redaction_the_name_is_in_every_place_that_is_searched():
    need_root()
    found, _ = run({})
    check_equal(found, {"body", "ring", "shipper"})


@test
def a_hashed_name_is_in_none_and_its_hash_is_sent():
    need_root()
    secret = lab.folder / "redact.key"
    secret.write_text(SECRET + "\n")
    lab.give(secret)
    found, bodies = run({
        "redact": {"network.interface.name": "hash",
                   "system.device": "hash"}, "redact_key": str(secret)})
    check_equal(found, set())
    check_equal(bodies.count(siphash(SECRET, NAME).encode()) >= 2, True)


@test
def an_excluded_name_is_in_none_and_is_not_counted_as_lost():
    need_root()
    found, _ = run({"sources": {"network": {"exclude": ["zu?unfts*"]}}})
    check_equal(found, set())


@test
def a_host_that_grows_above_its_ceiling_loses_whole_instances_and_says_so():
    with host() as tree:
        config = lab.write({"collect": tree})
        most = int(re.search(r"series: (\d+) at most", lab.run(
            lab.sluice, "plan", "-c", config).stdout.decode())[1])
        net = pathlib.Path(tree["procfs"], "net/dev")
        with Receiver(lab.keys) as receiver, \
                Pair(receiver.url, lab.keys, settings={
                    "collect": tree | {"max_series": most}}):
            until(lambda: receiver.requests, 20, "the first request")
            check_equal(lost(receiver), 0, "nothing is cut at first")
            more = [f"grown{n}: 1 2 0 0 0 0 0 0 3 4 0 0 0 0 0 0\n"
                    for n in range(200)]
            # in one step: half a file would be malformed
            new = net.with_name("dev.new")
            new.write_text(net.read_text() + "".join(more))
            new.rename(net)
            until(lambda: lost(receiver) > 0, 20, "what was cut is counted")
            largest = max(len(r.points) for r in list(receiver.requests))
    check(0 < largest <= most, f"{largest} points of at most {most}")


@test
def a_secret_that_is_none_starts_nothing_and_check_says_so():
    secret = lab.folder / "wrong.key"
    secret.write_text("secret\n")
    lab.give(secret)
    config = lab.write({"collect": {"redact": {"system.device": "hash"},
                                    "redact_key": str(secret)}})
    done = lab.check(config)
    check_equal(done.returncode, 1, done.stderr.decode())
    check("collect.redact_key" in done.stderr.decode() and
          "32 digits" in done.stderr.decode(), done.stderr.decode())
    done = lab.run(lab.collectord, "-c", config, "--shipper", "/bin/false",
                   user=COLLECTOR)
    check(done.returncode != 0 and "collect.redact" in done.stderr.decode(),
          done.stderr.decode())
    check("secret" not in done.stderr.decode().replace("secret for", ""),
          done.stderr.decode())


STRANGER = 61003


def refusal(mode, owner=COLLECTOR, group=COLLECTOR, secret=SECRET):
    """What the collector says of such a file; None: nothing."""
    key = lab.folder / "judged.key"
    key.unlink(missing_ok=True)
    key.write_text(secret)
    key.chmod(mode)
    if os.geteuid() == 0:
        os.chown(key, owner, group)
    config = lab.write({"collect": {"redact": {"system.device": "hash"},
                                    "redact_key": str(key)}})
    done = lab.run(lab.collectord, "-c", config, "--shipper", "/bin/false",
                   user=COLLECTOR)
    said = done.stderr.decode()
    check(done.returncode != 0, said)
    check(secret not in said, "the key is in the log")
    if 'what="collect.redact_key"' not in said:
        return None
    check(f'path="{key}"' in said, said)
    return said


@test
def a_redaction_key_that_others_can_read_or_write_starts_nothing():
    for mode in (0o404, 0o444, 0o604):
        check("can read it" in (refusal(mode) or ""), oct(mode))
    for mode in (0o420, 0o402, 0o660):
        check("can write it" in (refusal(mode) or ""), oct(mode))
    # the control: behind a good one something else is missing
    check_equal(refusal(0o400), None)


@test
def a_redaction_key_of_another_user_starts_nothing():
    need_root()
    check("belongs to" in (refusal(0o444, owner=STRANGER) or ""), "taken")
    check("can read it" in (refusal(0o440, group=STRANGER) or ""), "taken")
    check_equal(refusal(0o440, owner=0), None)


@test
def show_prints_the_hash_that_would_be_sent():
    secret = lab.folder / "show.key"
    secret.write_text(SECRET)
    lab.give(secret)
    with host() as tree:
        config = lab.write({"collect": tree | {
            "redact": {"network.interface.name": "hash"},
            "redact_key": str(secret)}})
        done = lab.show(config, user=COLLECTOR)
    check_equal(done.returncode, 0, done.stderr.decode())
    check(f'network.interface.name="{siphash(SECRET, NAME)}"'
          in done.stdout.decode(), done.stdout.decode()[-2000:])


main()
