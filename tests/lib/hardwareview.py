# SPDX-License-Identifier: Apache-2.0
# Runs in: tests.  A second reader of what the kernel says about hardware and
# about itself, written apart from the collector's sources.
import decimal

SOFTIRQS = ("HI", "TIMER", "NET_TX", "NET_RX", "BLOCK", "IRQ_POLL", "TASKLET",
            "SCHED", "HRTIMER", "RCU")
KINDS = {"NMI": "nmi", "LOC": "local_timer", "SPU": "spurious",
         "PMI": "performance", "IWI": "irq_work", "RES": "reschedule",
         "CAL": "function_call", "TLB": "tlb_shootdown", "TRM": "thermal",
         "THR": "threshold", "DFR": "deferred_error", "MCE": "machine_check",
         "MCP": "machine_check_poll", "ERR": "error"}
SOFTNET = {"packets": 0, "dropped": 1, "squeezed": 2, "steered": 9,
           "flow_limited": 10, "backlog": 11}


def cpu_table(view, path):
    """(name, sum over the CPUs) of each row."""
    lines = view.lines(path)
    cpus = len(lines[0].split()) if lines else 0
    for line in lines[1:]:
        name, _, rest = line.partition(":")
        yield name.strip(), sum(map(int, [
            word for word in rest.split()[:cpus] if word.isdigit()]))


def interrupts(view):
    for name, value in cpu_table(view, "softirqs"):
        if name in SOFTIRQS:
            view.say("linux.softirqs", value, linux__softirq=name.lower())
    rows = [line.split() for line in view.lines("net/softnet_stat")]
    for name, column in SOFTNET.items():
        if rows:
            view.say("linux.softnet." + name,
                     sum(int(row[column], 16) for row in rows))
    devices = []
    for name, value in cpu_table(view, "interrupts"):
        if name in KINDS:
            view.say("linux.cpu.interrupts", value,
                     linux__interrupt__kind=KINDS[name])
        elif name.isdigit():
            devices.append(value)
    if devices:
        view.say("linux.cpu.interrupts", sum(devices),
                 linux__interrupt__kind="device")
    cpus = [line.split() for line in view.lines("schedstat")
            if line.startswith("cpu")]
    for name, column in (("run_time", 7), ("wait_time", 8)):
        if cpus:
            view.say("linux.sched." + name, decimal.Decimal(sum(
                int(cpu[column]) // 1000 for cpu in cpus)) / 1000000)
    if cpus:
        view.say("linux.sched.timeslices", sum(int(cpu[9]) for cpu in cpus))


def conntrack(view):
    for name, path in (("entries", "count"), ("limit", "max")):
        for line in view.lines("sys/net/netfilter/nf_conntrack_" + path):
            view.say("linux.conntrack." + name, line)
    names, *rows = [line.split() for line in
                    view.lines("net/stat/nf_conntrack")] or [[]]
    for name in ("invalid", "insert_failed", "drop", "early_drop"):
        if name in names:
            at = names.index(name)
            view.say("linux.conntrack.events",
                     sum(int(row[at], 16) for row in rows),
                     linux__conntrack__event=name)


SOURCES = {"interrupts": interrupts, "conntrack": conntrack}
