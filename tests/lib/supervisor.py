# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  systemd's part for one pair: readiness, status, watchdog,
# descriptor store, restart at once and without end.  Written after
# sd_notify(3), sd_listen_fds(3), sd_watchdog_enabled(3) and the paragraphs
# NotifyAccess= (main), FileDescriptorStoreMax= and WatchdogSec= of
# systemd.service(5).
import collections
import contextlib
import fcntl
import os
import pathlib
import select
import signal
import socket
import struct
import threading
import time

from pair import children_of, parse_event, status_of
from tap import Failed, until

STORE_MAX = 4
FIRST_FD = 3
MESSAGE_MAX = 4096
NAME_MAX = 255

Message = collections.namedtuple("Message", "time fields fds")


def _shell_words(names):
    assignments = " ".join(f"{name}=$$" for name in names)
    return ["sh", "-c", f'{"export " + assignments + "; " if names else ""}'
            'exec "$@"', "sh"]


class Life:
    """One process between two starts."""

    def __init__(self, pid):
        self.pid = pid
        self._pidfd = os.pidfd_open(pid)
        self._lock = threading.Lock()
        self.started = time.monotonic()
        self.messages = []
        self.ready = None           # all times: time.monotonic()
        self.stopping = None
        self.ended = None
        self.code = None            # as Popen says it
        self.given = []             # names of the descriptors it was given
        self.events = []
        self.lines = []

    @property
    def status(self):
        """The last STATUS, or None."""
        return (self.statuses or [None])[-1]

    @property
    def statuses(self):
        return [m.fields["STATUS"] for m in list(self.messages)
                if "STATUS" in m.fields]

    @property
    def alive(self):
        """When it answered the watchdog."""
        return [m.time for m in list(self.messages)
                if m.fields.get("WATCHDOG") == "1"]

    def signal(self, number):
        """Nobody else can be hit, even where the number was given away."""
        with self._lock, contextlib.suppress(ProcessLookupError):
            if self._pidfd >= 0:
                signal.pidfd_send_signal(self._pidfd, number)

    def wait_on(self):
        """Readable when it has ended."""
        return self._pidfd

    def let_go(self):
        with self._lock:
            if self._pidfd >= 0:
                os.close(self._pidfd)
            self._pidfd = -1

    def shipper(self):
        """Its process id, or None."""
        path = f"/proc/{self.pid}/task/{self.pid}/children"
        try:
            found = [int(w) for w in pathlib.Path(path).read_text().split()]
        except FileNotFoundError:
            found = children_of(self.pid)
        except ProcessLookupError:
            found = []
        return found[0] if found else None

    def signal_shipper(self, number):
        """False: it has none."""
        pid = self.shipper()
        if pid is None:
            return False
        try:
            fd = os.pidfd_open(pid)
        except ProcessLookupError:
            return False
        try:
            # still ours: nobody can have taken its number since
            if status_of(pid).get("PPid") != str(self.pid):
                return False
            signal.pidfd_send_signal(fd, number)
            return True
        except ProcessLookupError:
            return False
        finally:
            os.close(fd)


class Supervisor:
    """with Supervisor(Pair(url, keys)) as manager: …

    The pair is configured and never started by itself.  address: "path",
    "abstract" or None (no manager to talk to).  watchdog: seconds; it is only
    watched, unless watchdog_kills.  environment: laid over what is given at
    each start, None takes a variable away.  give: (name, descriptor) pairs in
    the store from the beginning; owned from now on.  newest_first: the order
    in which systemd passes what it kept.  on_end: called with each life.
    on_message: called with a life and the fields of a message before anything
    is done about it; False: nothing is."""

    def __init__(self, pair, address="path", watchdog=None,
                 watchdog_kills=False, environment=None, give=(),
                 newest_first=True, on_end=None, on_message=None):
        self.pair = pair
        self.watchdog = watchdog
        self.watchdog_kills = watchdog_kills
        self.environment = environment or {}
        self.newest_first = newest_first
        self.on_end = on_end
        self.on_message = on_message
        self.lives = []
        self.store = list(give)     # [(name, fd)], the oldest first
        self.refused = []           # (pid, text): not from the main process
        self.dropped = 0            # descriptors beyond the most
        self.hear = True            # False: nothing is read from the socket
        self._go_on = threading.Event()
        self._go_on.set()
        self._stop = False
        self._pipes = {}            # stderr of a life: (life, bytes)
        self._wake = os.pipe()
        self._bind(address)
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _bind(self, address):
        self.socket = None
        if address is None:
            return
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        self.socket.setblocking(False)
        if address == "abstract":
            name = f"sluice-test-{os.getpid()}-{id(self):x}"
            self.socket.bind("\0" + name)
            self.notify = "@" + name
        else:
            self.notify = str(self.pair.folder / "notify")
            self.socket.bind(self.notify)
            os.chmod(self.notify, 0o777)

    # ---- what a test does

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, kind, error, _):
        self.stop()
        lines = [line for life in self.lives[-3:] for line in life.lines]
        self.pair.__exit__(None, None, None)
        if isinstance(error, Failed):
            error.evidence = "\n".join(
                lines[-80:] + [f"STATUS {self.lives[-1].status}"
                               if self.lives else "never started"])

    def stop(self, number=signal.SIGTERM):
        """Ends the pair for good; returns the last exit status."""
        self._stop = True
        self._go_on.set()
        self._poke()
        if self._thread.is_alive():
            if self.lives:
                self.lives[-1].signal(signal.SIGCONT)
                self.lives[-1].signal(number)
            self._thread.join(10)
            if self._thread.is_alive():
                self.lives[-1].signal(signal.SIGKILL)
                self._thread.join()
        for _, fd in self.store:
            os.close(fd)
        self.store = []
        for fd in [*self._wake, *self._pipes]:
            os.close(fd)
        self._wake, self._pipes = (), {}
        if self.socket is not None:
            self.socket.close()
        return self.lives[-1].code if self.lives else None

    @property
    def life(self):
        return self.lives[-1]

    def wait_life(self, number, seconds=10):
        """That life, counted from 0, once it has started."""
        return until(lambda: self.lives[number:number + 1], seconds,
                     f"start number {number}")[0]

    def wait_ready(self, number=None, seconds=20):
        """The life of that number (the last), once it has said READY=1."""
        def ready():
            lives = self.lives
            life = lives[len(lives) - 1 if number is None else number]
            return life if life.ready is not None else None
        self.wait_life(number or 0)
        return until(ready, seconds, "READY=1")

    def wait_status(self, *words, seconds=30, life=None):
        """The first STATUS that has all those words."""
        self.wait_life(0)

        def said():
            return next((s for s in (life or self.life).statuses
                         if all(word in s for word in words)), None)
        return until(said, seconds, f"a STATUS with {words}")

    def wait_event(self, name, /, seconds=20, life=None, **fields):
        self.wait_life(0)
        want = {key: str(value) for key, value in fields.items()}
        return until(lambda: next(
            (e for e in list((life or self.life).events)
             if e.name == name and want.items() <= e.fields.items()), None),
            seconds, f"event={name} {want}")

    def wait_end(self, life, seconds=10):
        until(lambda: life.ended is not None, seconds, "the process ends")
        return life.code

    def hold(self):
        """Nothing is started again before release()."""
        self._go_on.clear()

    def release(self):
        self._go_on.set()
        self._poke()

    def kill(self, collector=True, shipper=False):
        """kill -9 of either or both; returns the life that it hit."""
        life = self.life
        if shipper:
            life.signal_shipper(signal.SIGKILL)
        if collector:
            life.signal(signal.SIGKILL)
        return life

    def restart(self, **which):
        """kill() and the next life, once it is ready."""
        number = len(self.lives)
        self.kill(**which)
        return self.wait_ready(number)

    # ---- the manager's thread

    def _poke(self):
        if self._wake:
            os.write(self._wake[1], b"x")

    def _run(self):
        while not self._stop:
            self._start()
            self._live(self.lives[-1])
            while not self._go_on.is_set() and not self._stop:
                self._wait([])

    def _environment(self, listening):
        own = []
        env = {"PATH": "/usr/bin:/bin:/usr/sbin:/sbin"}
        if self.socket is not None:
            env["NOTIFY_SOCKET"] = self.notify
        if self.watchdog is not None:
            env["WATCHDOG_USEC"] = str(int(self.watchdog * 1e6))
            own.append("WATCHDOG_PID")
        if listening:
            env["LISTEN_FDS"] = str(len(listening))
            env["LISTEN_FDNAMES"] = ":".join(name for name, _ in listening)
            own.append("LISTEN_PID")
        for name, value in self.environment.items():
            if name in own:
                own.remove(name)
            env.pop(name, None)
            if value is not None:
                env[name] = value
        return env, own

    def _start(self):
        listening = self.store[::-1] if self.newest_first else self.store
        env, own = self._environment(listening)
        reading, writing = os.pipe()
        # above every number that is filled below
        above = [fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 200)
                 for _, fd in listening]
        null = os.open("/dev/null", os.O_RDWR)
        actions = [(os.POSIX_SPAWN_DUP2, null, 0),
                   (os.POSIX_SPAWN_DUP2, null, 1),
                   (os.POSIX_SPAWN_DUP2, writing, 2)]
        actions += [(os.POSIX_SPAWN_DUP2, fd, FIRST_FD + i)
                    for i, fd in enumerate(above)]
        words = _shell_words(own) + self.pair.prefix + self.pair.command()
        pid = os.posix_spawn("/bin/sh", words, env, file_actions=actions,
                             setsid=True, setsigdef=[signal.SIGPIPE])
        for fd in [writing, null, *above]:
            os.close(fd)
        os.set_blocking(reading, False)
        life = Life(pid)
        life.given = [name for name, _ in listening]
        self._pipes[reading] = [life, b""]
        self.lives.append(life)

    def _live(self, life):
        while not self._wait([life.wait_on()]):
            self._bark(life)
        # what it said before it ended counts
        self._hear(life)
        _, status = os.waitpid(life.pid, 0)
        life.let_go()
        for fd in list(self._pipes):
            self._read(fd)
        life.code = os.waitstatus_to_exitcode(status)
        if self.on_end is not None:
            self.on_end(life)
        life.ended = time.monotonic()

    def _bark(self, life):
        if not self.watchdog_kills or life.ready is None:
            return
        last = max([life.ready] + life.alive)
        if time.monotonic() - last > self.watchdog:
            life.signal(signal.SIGABRT)

    def _wait(self, more):
        """One turn; True where a descriptor of `more` has news."""
        poller = select.poll()
        for fd in [self._wake[0], *self._pipes, *more]:
            poller.register(fd, select.POLLIN)
        if self.socket is not None and self.hear:
            poller.register(self.socket, select.POLLIN)
        found = {fd for fd, _ in poller.poll(200)}
        if self._wake[0] in found:
            os.read(self._wake[0], 64)
        if self.socket is not None and self.socket.fileno() in found:
            self._hear(self.lives[-1])
        for fd in found & self._pipes.keys():
            self._read(fd)
        return bool(found & set(more))

    def _read(self, fd):
        life, rest = self._pipes[fd]
        while True:
            try:
                got = os.read(fd, 65536)
            except BlockingIOError:
                break
            if not got:
                os.close(fd)
                del self._pipes[fd]
                break
            *lines, rest = (rest + got).split(b"\n")
            for raw in lines:
                line = raw.decode(errors="backslashreplace")
                life.lines.append(line)
                event = parse_event(line)
                if event is not None:
                    life.events.append(event)
        if fd in self._pipes:
            self._pipes[fd][1] = rest

    def _hear(self, life):
        while self.socket is not None and self.hear:
            try:
                self._take(life, *self._receive())
            except BlockingIOError:
                return

    def _receive(self):
        text, control, flags, _ = self.socket.recvmsg(
            MESSAGE_MAX, socket.CMSG_SPACE(12) + socket.CMSG_SPACE(4 * 16),
            socket.MSG_CMSG_CLOEXEC)
        fds, pid = [], 0
        for level, kind, data in control:
            if kind == socket.SCM_RIGHTS:
                fds += struct.unpack(f"{len(data) // 4}i", data)
            elif kind == socket.SCM_CREDENTIALS:
                pid = struct.unpack("3i", data)[0]
        if flags & (socket.MSG_TRUNC | socket.MSG_CTRUNC):
            self.refused.append((pid, "cut: " + repr(text)))
        return text.decode(), pid, fds

    def _take(self, life, text, pid, fds):
        lines = text.rstrip("\n").split("\n")
        fields = dict(line.split("=", 1) for line in lines if "=" in line)
        now = time.monotonic()
        known = pid == life.pid or "BARRIER" in fields
        if not known:
            self.refused.append((pid, text))
        elif self.on_message is not None:
            known = self.on_message(life, fields) is not False
        if known and fields.get("FDSTORE") == "1":
            self._keep(fields, fds)
        else:
            # a barrier's end as well: all that was said before is done
            for fd in fds:
                os.close(fd)
        if not known:
            return
        if fields.get("FDSTOREREMOVE") == "1":
            self._forget(fields.get("FDNAME"))
        if fields.get("READY") == "1":
            life.ready = now
        if fields.get("STOPPING") == "1":
            life.stopping = now
        life.messages.append(Message(now, fields, len(fds)))

    def _keep(self, fields, fds):
        name = fields.get("FDNAME", "stored")
        good = len(name) <= NAME_MAX and ":" not in name and \
            all(" " <= c <= "~" for c in name)
        for fd in fds:
            if any(os.path.samestat(os.fstat(fd), os.fstat(kept))
                   for _, kept in self.store):
                os.close(fd)        # it is there already
            elif len(self.store) >= STORE_MAX:
                self.dropped += 1
                os.close(fd)
            else:
                self.store.append((name if good else "stored", fd))

    def _forget(self, name):
        for row in [row for row in self.store if row[0] == name]:
            self.store.remove(row)
            os.close(row[1])
