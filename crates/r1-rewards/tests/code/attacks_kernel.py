# Attacks on the kernel's interfaces, one a section; see attacks.py.

#! rings_and_faults = AC
room = ctypes.create_string_buffer(256)
for entries in (1, 8, 4096):
    for number, arguments in [(425, (entries, room)), (426, (0, 1, 1, 0, 0, 0)), (427, (0, 0, room, 1)),
                              (323, (0,)), (323, (1,)), (323, (0o2004000,))]:
        if libc.syscall(number, *arguments) >= 0: print("syscall", number)
for device in ("userfaultfd", "fuse", "kvm", "kmsg", "mem", "port", "loop-control", "net/tun", "ptmx", "tty", "vhost-net"):
    try: os.open("/dev/" + device, os.O_RDWR); print("device", device)
    except OSError: pass

#! programs_of_the_kernel = AC
room = ctypes.create_string_buffer(256)
for command in range(40):
    if libc.syscall(321, command, room, 144) >= 0: print("bpf", command)
for kind in range(6):
    room[0:8] = kind.to_bytes(4, "little") + (128).to_bytes(4, "little")
    for pid in (0, -1, PARENT):
        if libc.syscall(298, room, pid, -1 if pid != -1 else 0, -1, 8) >= 0: print("perf", kind, pid)
for number in (175, 176, 246, 313, 320):
    if libc.syscall(number, 0, 0, 0, 0, 0) >= 0: print("syscall", number)

#! keyrings = AC
for ring in range(-8, 0):
    for operation in range(32):
        if libc.syscall(250, operation, ring, 1, 0, 0) >= 0: print("keyctl", operation, ring)
    if libc.syscall(248, b"user", b"name", b"value", 5, ring) >= 0: print("add_key", ring)
    if libc.syscall(249, b"user", b"name", 0, ring) >= 0: print("request_key", ring)
    if libc.syscall(249, b"user", b"name", b"info", ring) >= 0: print("upcall", ring)

#! program_from_memory = AC RE
for number, arguments in [(319, (b"m", 0)), (319, (b"m", 2)), (319, (b"m", 0x10)), (447, (0,))]:
    fd = libc.syscall(number, *arguments)
    if fd >= 0:
        print("memory file"); os.write(fd, b"#!/bin/sh\necho through\n")
        libc.syscall(322, fd, b"", 0, 0, 0x1000)
try:
    fd = os.open(".", os.O_TMPFILE | os.O_RDWR, 0o755)
    os.write(fd, b"#!/bin/sh\nkill -9 %d\n" % VICTIM)
    libc.syscall(322, fd, b"", 0, 0, 0x1000)
except OSError: pass

#! own_process_folder = AC RE
for name in ("mem", "clear_refs", "oom_score_adj", "oom_adj", "coredump_filter", "autogroup", "sched", "timens_offsets", "setgroups",
             "uid_map", "gid_map", "projid_map", "attr/current", "attr/exec", "loginuid", "timerslack_ns", "comm", "latency", "make-it-fail"):
    for folder in ("self", "thread-self", "1", str(PARENT), str(VICTIM), "%d/task/%d" % (os.getpid(), os.getpid())):
        try:
            with open("/proc/%s/%s" % (folder, name), "wb", 0) as file: file.write(b"-1000" if "oom" in name else b"1")
            if folder in ("1", str(PARENT), str(VICTIM)) or name in ("mem", "clear_refs", "uid_map", "gid_map", "loginuid"): print("wrote", folder, name)
        except OSError: pass

#! folders_of_the_kernel = AC
secret = ("kcore", "kallsyms", "kmsg", "sysrq-trigger", "modules", "iomem", "timer_list", "keys", "key-users", "slabinfo", "config.gz", "vmallocinfo",
          "net/unix", "net/tcp", "sysvipc/shm", "mounts", "cmdline", "cpuinfo", "uptime", "loadavg", "meminfo", "diskstats", "locks", "interrupts",
          "sys/kernel/core_pattern", "sys/kernel/random/boot_id", "sys/kernel/hostname", "sys/fs/binfmt_misc/register", "sys/kernel/modprobe", "driver/rtc",
          "self/mountinfo", "self/mounts", "self/mountstats", "self/cgroup", "self/environ", "self/net/tcp", "self/net/unix", "self/ns/net", "self/sessionid",
          "1/environ", "1/maps", "1/cwd", "1/root/etc/passwd", "1/fd", "%d/environ" % PARENT, "%d/cmdline" % PARENT, "%d/maps" % PARENT, "%d/status" % VICTIM)
own = ("self/mounts", "self/mountinfo", "self/mountstats", "self/cgroup", "self/environ", "self/net/tcp", "self/net/unix", "self/sessionid")
for name in secret:
    if name in own and not LANDLOCK: continue
    try: print("read", name, open("/proc/" + name, "rb").read(40))
    except OSError: pass
for name in ("kernel", "fs/cgroup", "class/net", "devices", "firmware", "module", "kernel/debug", "kernel/tracing"):
    try: print("listed", name, os.listdir("/sys/" + name)[:3])
    except OSError: pass

#! first_process = AC RE
for pid in [1, os.getppid()] + list(range(1, 40)):
    if pid in (0, os.getpid()): continue
    for number in (18, 19, 9):
        try:
            os.kill(pid, number)
            if pid in (PARENT, VICTIM): print("signal", number, "to", pid)
        except OSError: pass
for group in (PARENT, VICTIM):
    for number in (0, 18):
        try: os.killpg(group, number); print("group", group)
        except OSError: pass

#! games_of_prctl = AC RE
for option, value in [(1, 0), (1, 9), (35, 1), (28, 0), (28, 0x2f), (24, 0), (62, 1), (62, 0), (57, 1)]:
    if libc.prctl(option, value, 0, 0, 0) == 0 and option not in (24,): print("prctl", option, value)
for field in range(1, 16):
    if libc.prctl(35, field, 4096, 0, 0) == 0: print("prctl mm", field)
for kind in range(1, 4):
    cookie = ctypes.c_ulong(0)
    for command in (0, 1, 2, 3):
        if libc.prctl(62, command, PARENT, 0, ctypes.byref(cookie)) == 0: print("core scheduling", command)
        if libc.prctl(62, command, 0, kind - 1, ctypes.byref(cookie)) == 0: print("own core", command)
libc.prctl(4, 1, 0, 0, 0); libc.prctl(0x59616d61, ctypes.c_ulong(-1), 0, 0, 0)
if libc.prctl(38, 0, 0, 0, 0) == 0: print("new privileges")
if libc.prctl(22, 0, 0, 0, 0) == 0: print("seccomp")

#! typing_into_terminals = AC
import fcntl
for fd in range(0, 6):
    for request in (0x5412, 0x541c, 0x540e, 0x5422, 0x5410, 0x5406, 0x8901, 0x8902, 0x5437):
        try: fcntl.ioctl(fd, request, b"\n" + b"\0" * 63); print("ioctl", fd, hex(request))
        except OSError: pass

#! scheduling = AC
for policy in (1, 2, 6):
    try: os.sched_setscheduler(0, policy, os.sched_param(1 if policy != 6 else 0)); print("policy", policy)
    except OSError: pass
attribute = (48).to_bytes(4, "little") + (6).to_bytes(4, "little") + bytes(16) + (10**6).to_bytes(8, "little") + (10**7).to_bytes(8, "little") * 2
if libc.syscall(314, 0, attribute, 0) >= 0: print("deadline")
before = os.getpriority(os.PRIO_PROCESS, 0)
try:
    os.nice(-5)
    if os.getpriority(os.PRIO_PROCESS, 0) < before: print("faster")
except OSError: pass
for which in (1, 2, 3):
    if libc.syscall(251, which, 0 if which == 1 else os.getuid(), (1 << 13) | 0) >= 0: print("real-time disk", which)
for pid in (PARENT, VICTIM, 1, 2):
    for number, arguments in [(203, (pid, 8, b"\1" + bytes(7))), (144, (pid, 5, bytes(8))), (142, (pid, bytes(8))), (314, (pid, attribute, 0)),
                              (141, (0, pid, 19)), (251, (1, pid, 3 << 13)), (256, (pid, 64, bytes(8), bytes(8))), (279, (pid, 0, 0, 0, 0, 0))]:
        if libc.syscall(number, *arguments) >= 0: print("syscall", number, "on", pid)

#! locked_memory = AC
import mmap
area = mmap.mmap(-1, 1 << 20)
address = ctypes.c_void_p(ctypes.addressof(ctypes.c_char.from_buffer(area)))
if libc.mlock(address, 1 << 20) == 0: print("mlock")
if libc.syscall(325, address, 1 << 20, 1) == 0: print("mlock2")
for flags in (1, 2, 3, 7):
    if libc.mlockall(flags) == 0: print("mlockall", flags)
try: mmap.mmap(-1, 1 << 20, flags=0x22 | 0x2000); print("locked mapping")
except OSError: pass
try: mmap.mmap(-1, 1 << 21, flags=0x22 | 0x40000); print("huge pages")
except (OSError, ValueError): pass

#! watches_of_files = AC
for path in (b"/", b"/usr/lib", b"/usr/bin", b"/lib", b"/dev/null", b"/etc", SECRET.encode()):
    fd = libc.inotify_init1(0)
    if fd >= 0 and libc.inotify_add_watch(fd, path, 0xfff) >= 0: print("watched", path)
for flags in (0, 1, 4, 8, 0x200, 0x800):
    if libc.syscall(300, flags, 0) >= 0: print("fanotify", flags)

#! locks_that_others_feel = AC
import fcntl
for path in ("/usr/lib", "/usr/bin/env", "/bin/sh", "/dev/null", "/dev/zero", "/dev/urandom", "/etc/ld.so.cache", "/etc/alternatives"):
    try: fd = os.open(path, os.O_RDONLY)
    except OSError: continue
    for operation in (1, 2, 5, 6):
        if libc.flock(fd, operation) == 0: print("flock", path)
    for command, value in [(6, None), (7, None), (37, None), (38, None), (1024, 0), (1024, 1), (1026, 0x8000003f), (8, os.getpid()), (10, 9)]:
        room = bytearray(32)
        try: fcntl.fcntl(fd, command, bytes(room) if value is None else value); print("fcntl", command, path)
        except (OSError, OverflowError): pass

#! raised_limits = AC
for limit in range(16):
    try: soft, hard = resource.getrlimit(limit)
    except (OSError, ValueError): continue
    if limit in (13, 14) and (soft > 0 or hard > 0): print("priority", limit, soft, hard)
    if hard == -1: continue
    for wanted in ((hard + 1, hard + 1), (-1, -1), (soft, -1)):
        try: resource.setrlimit(limit, wanted); print("raised", limit, wanted)
        except (OSError, ValueError): pass
    for pid in (PARENT, VICTIM):
        try: resource.prlimit(pid, limit, (0, 0)); print("limited", pid)
        except (OSError, ValueError): pass

#! memory_of_others = AC
room = ctypes.create_string_buffer(64)
vector = ctypes.addressof(room).to_bytes(8, "little") + (64).to_bytes(8, "little")
for pid in (PARENT, VICTIM, os.getppid(), 1, os.getpid()):
    for request in (16, 0x4206, 0x4207, 0):
        if libc.syscall(101, request, pid, 0, 0) >= 0: print("ptrace", request, pid)
    for number in (310, 311):
        if libc.syscall(number, pid, vector, 1, vector, 1, 0) >= 0: print("process_vm", pid)
    for number, arguments in [(434, (pid, 0)), (438, (3, 0, 0)), (440, (3, vector, 1, 4, 0)), (448, (3, 0)), (312, (pid, pid, 0, 0, 0)), (424, (3, 0, 0, 0))]:
        if libc.syscall(number, *arguments) >= 0: print("syscall", number, pid)

#! links_that_change = AC TLE
import threading
stop = False
def swap():
    while not stop:
        for target in ("/usr/bin/env", SECRET, "/etc/passwd", "/proc/1/environ", "/proc/%d/root%s" % (PARENT, SECRET)):
            try: os.symlink(target, "next"); os.replace("next", "link")
            except OSError: pass
thread = threading.Thread(target=swap, daemon=True); thread.start()
until = time.process_time() + 0.2
while time.process_time() < until:
    try:
        data = open("link", "rb").read(20)
        if b"\x7fELF" not in data[:4] and data: print("read", data)
    except OSError: pass
    try:
        with open("link", "r+b") as file: file.write(b"changed"); print("wrote")
    except OSError: pass
stop = True

#! storms_of_timers = AC TLE RE
timers = []
try:
    while len(timers) < 120:
        fd = libc.timerfd_create(len(timers) % 2, 0o4000)
        if fd < 0: break
        timers.append(fd); libc.timerfd_settime(fd, 0, (0).to_bytes(8, "little") + (1).to_bytes(8, "little") + (0).to_bytes(8, "little") + (1).to_bytes(8, "little"), 0)
except OSError: pass
signal.signal(signal.SIGALRM, signal.SIG_IGN)
for _ in range(300):
    number = ctypes.c_int()
    if libc.timer_create(1, 0, ctypes.byref(number)) != 0: break
    libc.timer_settime(number, 0, (0).to_bytes(8, "little") + (1000).to_bytes(8, "little") + (0).to_bytes(8, "little") + (1000).to_bytes(8, "little"), 0)

#! shared_folders_of_memory = AC
for path in ("/dev/shm", "/dev/mqueue", "/dev/hugepages", "/run", "/run/lock", "/var/tmp", "/var/lock", "/tmp", "/", "/etc", "/usr/lib", "/run/shm"):
    name = path + "/r1-left"
    try: open(name, "w").write("x"); print("left", name)
    except OSError: pass
    try: os.mkdir(name + "-folder"); print("left", name)
    except OSError: pass
    try: os.mkfifo(name + "-pipe"); print("left", name)
    except OSError: pass
for name in (b"/r1-left", b"/x"):
    if libc.shm_open(name, 66, 0o600) >= 0: print("shm_open")
    if libc.syscall(240, name[1:], 66, 0o600, 0) >= 0: print("mq_open")
for number, arguments in [(29, (1, 4096, 0o1666)), (64, (1, 1, 0o1666)), (68, (1, 0o1666)), (31, (0, 0, 0)), (31, (0, 14, 0)), (66, (0, 0, 19, 0))]:
    if libc.syscall(number, *arguments) >= 0: print("ipc", number)

#! bombs_of_processes = AC RE TLE MLE
import threading
def bomb():
    for _ in range(50):
        for number, arguments in [(57, ()), (58, ()), (56, (17, 0, 0, 0, 0)), (56, (0x4111, 0, 0, 0, 0)), (56, (0x8011, 0, 0, 0, 0)), (435, (bytes(88), 88)), (435, (bytes(64), 64))]:
            pid = libc.syscall(number, *arguments)
            if pid == 0: os._exit(0)
            if pid > 0: print("process", number)
for _ in range(4): threading.Thread(target=bomb).start()

#! floods_inside_the_kernel = OLE
zero = os.open("/dev/zero", os.O_RDONLY)
reader, writer = os.pipe()
try:
    while True:
        if os.sendfile(1, zero, None, 1 << 20) == 0: break
except OSError: pass
try:
    while True: os.splice(zero, writer, 1 << 16); os.splice(reader, 1, 1 << 16)
except (OSError, AttributeError): pass
block = bytes(1 << 16)
while True: os.write(1, block)

#! sparse_files = AC RE MLE
try:
    fd = os.open("sparse", os.O_CREAT | os.O_RDWR)
    for size in (1 << 24, 1 << 34, 1 << 44, 1 << 62):
        try:
            os.ftruncate(fd, size)
            if size > 1 << 24: print("file of", size)
        except OSError: pass
        for mode in (0, 1, 0x10, 0x20):
            if libc.fallocate(fd, mode, ctypes.c_long(0), ctypes.c_long(size)) == 0 and size > 1 << 26: print("fallocate", mode, size)
    import mmap
    area = mmap.mmap(fd, 1 << 30); area[(1 << 30) - 1] = 1; print("mapped")
except (OSError, ValueError): pass

#! other_roots = AC
for flag in (0x80, 0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000, 0x200, 0x400, 0x40000):
    if libc.syscall(272, flag) >= 0: print("unshare", hex(flag))
    pid = libc.syscall(56, flag | 17, 0, 0, 0, 0)
    if pid == 0: os._exit(0)
    if pid > 0: print("clone", hex(flag))
room = ctypes.create_string_buffer(256)
for number, arguments in [(165, (b"/usr", b"/box", b"", 4096, 0)), (165, (b"proc", b"/proc", b"proc", 0, 0)), (165, (0, b"/", 0, 0x1020 & ~1, 0)), (428, (-100, b"/", 1)),
                          (430, (b"proc", 0)), (433, (-100, b"/", 0)), (432, (3, 0, 0)), (431, (3, 6, 0, 0, 0)), (442, (-100, b"/", 0x8000, room, 32)),
                          (303, (-100, b"/usr/bin/env", room, room, 0)), (304, (3, room, 0)), (161, (b"/",)), (155, (b".", b".")), (166, (b"/", 2)), (308, (0, 0))]:
    if libc.syscall(number, *arguments) >= 0: print("syscall", number)
for path in ("/proc/self/ns/mnt", "/proc/self/ns/user", "/proc/1/ns/mnt", "/proc/%d/ns/mnt" % PARENT):
    try: fd = os.open(path, os.O_RDONLY); libc.syscall(308, fd, 0) >= 0 and print("setns", path)
    except OSError: pass

#! sessions_and_groups = AC
try: os.setsid()
except OSError: pass
for pid, group in [(0, 0), (0, PARENT), (0, VICTIM), (PARENT, 0), (VICTIM, 0), (VICTIM, os.getpid())]:
    try:
        os.setpgid(pid, group)
        if pid or group: print("group", pid, group)
    except OSError: pass
for pid in (PARENT, VICTIM):
    try: print("session of", pid, os.getsid(pid)) if NAMESPACES else os.getsid(pid)
    except OSError: pass

#! signals_by_other_ways = AC RE
import fcntl
reader, writer = os.pipe()
for fd in (0, 1, 2, reader, writer):
    for command, value in [(8, PARENT), (8, -PARENT), (8, VICTIM), (15, (1).to_bytes(4, "little") + VICTIM.to_bytes(4, "little")), (10, 9), (10, 19)]:
        try: fcntl.fcntl(fd, command, value); print("owner", fd, command)
        except OSError: pass
    for request in (0x8901, 0x8902):
        try: fcntl.ioctl(fd, request, PARENT.to_bytes(4, "little")); print("owner by ioctl", fd)
        except OSError: pass
room = ctypes.create_string_buffer(128)
for pid in (PARENT, VICTIM):
    for number, arguments in [(62, (pid, 18)), (200, (pid, 18)), (234, (pid, pid, 18)), (129, (pid, 18, room)), (297, (pid, pid, 18, room))]:
        if libc.syscall(number, *arguments) >= 0: print("signal by", number)
    event = (9).to_bytes(8, "little") + (18).to_bytes(4, "little") + (4).to_bytes(4, "little") + pid.to_bytes(4, "little") + bytes(44)
    if libc.syscall(222, 1, event, room) >= 0: print("timer of", pid)

#! descriptors_in_flight = AC RE MLE
import array, socket
pairs = []
try:
    for _ in range(200):
        one, two = socket.socketpair(); pairs.append((one, two))
        one.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 30); one.setblocking(False)
        for _ in range(100): one.sendmsg([b"x" * 65536], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [two.fileno(), one.fileno()] * 60))]); print("sent")
except OSError: pass
for one, two in pairs[:3]:
    for number, room in [(46, 56), (307, 64)]:
        if libc.syscall(number, one.fileno(), ctypes.create_string_buffer(room), 0, 0) >= 0: print("message", number)

#! network_by_a_pair = AC
import fcntl, socket
one, two = socket.socketpair()
for number in list(range(0x8900, 0x8a00)) + [0x8b01, 0x8b1b, 0x80108906, 0x80108907]:
    for content in (bytes(64), b"lo" + bytes(62), b"eth0" + bytes(60), (64).to_bytes(8, "little") + bytes(56)):
        try: fcntl.ioctl(one, number, content); print("ioctl", hex(number))
        except OSError: pass

#! clocks_and_names = AC
room = ctypes.create_string_buffer(256)
room[0:4] = (1).to_bytes(4, "little")
for number, arguments in [(164, (room, 0)), (227, (0, room)), (227, (1, room)), (159, (room,)), (305, (0, room)), (170, (b"x", 1)), (171, (b"x", 1)), (169, (0xfee1dead, 672274793, 0, 0)),
                          (103, (10, room, 99)), (103, (2, room, 99)), (163, (b"/box/acct",)), (167, (b"/box/swap", 0)), (168, (b"/x",)), (179, (0, b"/", 0, room)), (162, ()), (306, (1,)), (153, ())]:
    if libc.syscall(number, *arguments) >= 0 and number != 162: print("syscall", number)
