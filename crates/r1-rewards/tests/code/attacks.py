# Attacks, one a section. A section prints what it got hold of; "held" alone means nothing.
# Its header is: #! name = verdicts. AC means that "held" and nothing else was printed.

#! read_host_files = AC
for path in ["/etc/passwd", "/etc/shadow", "/root/.bashrc", SECRET, "/etc/hostname", "/tmp/r1-secret"]:
    try: print("read", path, open(path).read()[:20])
    except OSError: pass
for path in ["/", "/root", "/home", "/tmp", "/etc", SECRET_DIR, CWD]:
    try:
        names = [n for n in os.listdir(path) if n not in ("usr", "bin", "sbin", "lib", "lib32", "lib64", "libx32", "box", "dev", "tmp", "etc", "proc", "ld.so.cache", "alternatives")]
        shown = [n for n in names if not (path == "/root" and n in (".rustup", ".pyenv"))]
        if shown: print("listed", path, shown[:3])
    except OSError: pass

#! write_host_files = AC
for path in ["/etc/passwd", SECRET, SECRET_DIR + "/new", "/tmp/../etc/x", "/usr/lib/x", "/usr/bin/python3", "/dev/shm/x", "/var/tmp/x", CWD + "/x", "../x", "/proc/self/root" + SECRET, "/dev/sda", "/dev/mem", "/dev/kmsg"]:
    for mode in ("a", "r+"):
        try: open(path, mode).write("owned"); print("wrote", path)
        except OSError: pass

#! links_out_of_the_box = AC
for link in (os.symlink, os.link):
    for target in ["/etc/passwd", SECRET, "/proc/self/root" + SECRET, "../.." + SECRET]:
        try:
            link(target, "l")
            try: print("read by link", open("l").read()[:20])
            finally: os.unlink("l")
        except OSError: pass
for a, b in [("main.py", SECRET_DIR + "/main.py"), (SECRET, "mine")]:
    try: os.rename(a, b); print("renamed", a, b)
    except OSError: pass
try:
    fd = os.open(SECRET, os.O_PATH)
    try: print("O_PATH", open("/proc/self/fd/%d" % fd).read())
    except OSError: pass
    try: print("openat", os.open("secret", os.O_RDONLY, dir_fd=os.open(SECRET_DIR, os.O_PATH)))
    except OSError: pass
except OSError: pass

#! parents_memory_and_environment = AC
for pid in [1, os.getppid(), PARENT, VICTIM]:
    for name in ["environ", "mem", "maps", "cmdline", "fd", "root", "cwd"]:
        path = "/proc/%d/%s" % (pid, name)
        if pid in (0, os.getpid()): continue
        try:
            got = os.listdir(path) if os.path.isdir(path) else open(path, "rb").read(10)
            print("got", path, got)
        except (OSError, ValueError): pass
if any("SECRET" in k or "secret" in v for k, v in os.environ.items()): print("environment", os.environ)
if set(os.environ) - {"PATH", "HOME", "TMPDIR", "LANG", "PYTHONHASHSEED", "PYTHONDONTWRITEBYTECODE", "LC_CTYPE"}: print(os.environ)
try:
    if b"SECRET" in open("/proc/1/environ", "rb").read(): print("environ of 1")
except OSError: pass

#! inherited_descriptors = AC
found = []
for fd in range(3, 200):
    try: os.fstat(fd); found.append(fd)
    except OSError: pass
if found: print("descriptors", found)

#! trace_and_read_processes = AC
PTRACE, READV, WRITEV = 101, 310, 311
for pid in [1, os.getppid(), PARENT, VICTIM]:
    if pid in (0, os.getpid()): continue
    if libc.syscall(PTRACE, 16, pid, 0, 0) == 0: print("ptrace", pid)
    buffer = ctypes.create_string_buffer(8)
    class Iovec(ctypes.Structure): _fields_ = [("base", ctypes.c_void_p), ("len", ctypes.c_size_t)]
    mine, theirs = Iovec(ctypes.addressof(buffer), 8), Iovec(0x400000, 8)
    if libc.syscall(READV, pid, ctypes.byref(mine), 1, ctypes.byref(theirs), 1, 0) > 0: print("readv", pid)
    if libc.syscall(434, pid, 0) >= 0: print("pidfd_open", pid)

#! signals_to_others = AC
for pid in [PARENT, VICTIM]:
    for send in (0, 9):
        try: os.kill(pid, send); print("signal", pid)
        except OSError: pass
for tid in (PARENT, VICTIM):
    if libc.syscall(234, tid, tid, 9) == 0: print("tgkill")

#! signal_to_everybody = AC RE
try: os.kill(-1, 9)
except OSError: pass

#! priorities_and_limits_of_others = AC
for pid in [PARENT, VICTIM]:
    try: resource.prlimit(pid, resource.RLIMIT_NOFILE, (3, 3)); print("prlimit")
    except OSError: pass
    try: os.setpriority(os.PRIO_PROCESS, pid, 19); print("nice")
    except OSError: pass
    try: os.sched_setaffinity(pid, {0}); print("affinity")
    except OSError: pass
for limit in (resource.RLIMIT_AS, resource.RLIMIT_CPU, resource.RLIMIT_NPROC, resource.RLIMIT_FSIZE):
    try: resource.setrlimit(limit, (-1, -1)); print("raised", limit)
    except (OSError, ValueError): pass

#! sockets = AC
for family in range(0, 46):
    for kind in (1, 2, 3, 5):
        for protocol in (0, 1, 15):
            fd = libc.socket(family, kind, protocol)
            if fd >= 0: print("socket", family, kind); os.close(fd)
pair = (ctypes.c_int * 2)()
for family in (2, 10, 16):
    if libc.socketpair(family, 1, 0, pair) == 0: print("pair", family)

#! names_and_connections = AC
import_socket = __import__("socket")
for target in [("127.0.0.1", 22), ("1.1.1.1", 53)]:
    try: import_socket.create_connection(target, 0.2); print("connected", target)
    except OSError: pass
try: print("resolved", import_socket.gethostbyname("example.com"))
except OSError: pass

#! kernel_interfaces = AC
for name, number, arguments in [
    ("io_uring_setup", 425, (8, ctypes.create_string_buffer(120))), ("bpf", 321, (0, ctypes.create_string_buffer(72), 72)),
    ("userfaultfd", 323, (1,)), ("perf_event_open", 298, (ctypes.create_string_buffer(128), 0, -1, -1, 0)),
    ("keyctl", 250, (0, -3, 1)), ("add_key", 248, (b"user", b"x", b"y", 1, -3)), ("kexec_load", 246, (0, 0, 0, 0)),
    ("init_module", 175, (0, 0, b"")), ("mount", 165, (b"none", b"/tmp", b"tmpfs", 0, 0)), ("umount2", 166, (b"/proc", 2)),
    ("pivot_root", 155, (b".", b".")), ("chroot", 161, (b".",)), ("setns", 308, (0, 0)), ("unshare_user", 272, (0x10000000,)),
    ("unshare_ns", 272, (0x20000,)), ("unshare_net", 272, (0x40000000,)), ("personality", 135, (0x0040000,)), ("acct", 163, (b"x",)),
    ("swapon", 167, (b"x", 0)), ("reboot", 169, (0, 0, 0)), ("open_by_handle_at", 304, (0, 0, 0)),
    ("memfd_create", 319, (b"x", 0)), ("memfd_secret", 447, (0,)), ("shmget", 29, (0, 4096, 0o1600)),
    ("msgget", 68, (0, 0o1600)), ("semget", 64, (0, 1, 0o1600)), ("mq_open", 240, (b"x", 66, 384, 0)), ("fanotify_init", 300, (0, 0)),
    ("clone3", 435, (ctypes.create_string_buffer(88), 88)), ("pidfd_getfd", 438, (0, 0, 0)), ("kcmp", 312, (1, 1, 0, 0, 0)),
    ("fsopen", 430, (b"tmpfs", 0)), ("open_tree", 428, (-100, b"/", 1)), ("syslog", 103, (3, ctypes.create_string_buffer(9), 9)),
    ("io_setup", 206, (1000, ctypes.create_string_buffer(8))), ("connect", 42, (0, b"", 0)), ("bind", 49, (0, b"", 0)), ("prctl_pdeathsig", 157, (1, 0, 0, 0, 0)),
    ("ioperm", 173, (0, 1, 1)), ("modify_ldt", 154, (0, ctypes.create_string_buffer(16), 16)), ("move_mount", 429, (-100, b"/", -100, b"/", 0)),
    ("mount_setattr", 442, (-100, b"/", 0, ctypes.create_string_buffer(32), 32)), ("statmount", 457, (0, 0, 0, 0)), ("quotactl_fd", 443, (0, 0, 0, 0)),
    ("setpriority_user", 141, (2, 0, 19)), ("ioprio_set_user", 251, (3, 0, 0x6000)), ("setuid", 105, (0,)), ("setgid", 106, (0,)), ("sethostname", 170, (b"x", 1)), ("iopl", 172, (3,)),
]:
    if libc.syscall(number, *arguments) >= 0: print("syscall", name)

#! foreign_system_calls = RE
libc.syscall(0x40000000 + 39)
print("x32")

#! namespaces_by_clone = AC
for flag in (0x10000000, 0x20000, 0x20000000, 0x40000000, 0x8000000, 0x4000000):
    pid = libc.syscall(56, flag | 17, 0, 0, 0, 0)
    if pid == 0: os._exit(0)
    if pid > 0: print("clone", hex(flag))

#! setuid_programs = AC
for program in ["/bin/su", "/usr/bin/sudo", "/bin/mount", "/usr/bin/passwd", "/usr/bin/id"]:
    try: subprocess.run([program], timeout=1); print("ran", program)
    except OSError: pass

#! fork = AC
for _ in range(50):
    try:
        pid = os.fork()
        if pid == 0: time.sleep(30); os._exit(0)
        print("forked")
    except OSError: pass

#! daemon = AC
try:
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            time.sleep(60)
        os._exit(0)
    print("forked")
except OSError: pass

#! thread_bomb = AC RE MLE TLE
import threading
made = 0
try:
    for _ in range(100000):
        thread = threading.Thread(target=time.sleep, args=(30,), daemon=True); thread.start(); made += 1
except BaseException: pass
if made > 200: print("threads", made)
sys.stdout.write("held\n"); sys.stdout.flush(); os._exit(0)

#! spin = TLE
while True: pass

#! spin_with_signals_ignored = TLE
for number in range(1, 65):
    try: signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError): pass
while True: pass

#! sleep = TLE
time.sleep(100)

#! stopped = TLE RE AC
os.kill(os.getpid(), signal.SIGSTOP); time.sleep(100)

#! memory = MLE
data = []
while True: data.append(bytearray(16 << 20))

#! memory_at_once = MLE
data = bytearray(10 << 30)

#! shared_memory = MLE RE
import mmap
maps = []
while True:
    m = mmap.mmap(-1, 32 << 20)
    for i in range(0, 32 << 20, 4096): m[i] = 1
    maps.append(m)

#! output_flood = OLE
while True: sys.stdout.write("x" * 65536)

#! error_flood = OLE
while True: sys.stderr.write("x" * 65536)

#! half_closed_pipes = AC
os.close(0); print("held"); sys.stdout.flush(); os.close(2); os._exit(0)

#! closed_output = WA RE
os.close(1); os.close(2); sys.exit(0)

#! giant_file = AC RE
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
total = 0
try:
    with open("big", "wb") as file:
        while total < 1 << 30: total += file.write(b"x" * (1 << 20)); file.flush()
except OSError: pass
if total > 64 << 20: print("wrote", total)

#! many_files = AC TLE
made = 0
try:
    for i in range(100000): open("f%d" % i, "w").close(); made += 1
except OSError: pass
if made > 5000: print("files", made)

#! many_big_files = AC
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
total = 0
for i in range(50):
    try:
        with open("b%d" % i, "wb") as file: total += file.write(b"x" * (4 << 20))
    except OSError: pass
if total > 64 << 20: print("wrote", total)

#! descriptor_exhaustion = AC
files = []
try:
    while len(files) < 100000: files.append(os.open("/dev/null", 0))
except OSError: pass
if len(files) > 1000: print("opened", len(files))

#! undeletable_names = AC
try:
    for name in [b"a\nb", b"\xff\xfe", b"-rf", b" "]: open(name, "w").close()
    for _ in range(200): os.mkdir("d"); os.chdir("d")
except OSError: pass

#! box_rights = AC
for action in (lambda: os.chmod("/box", 0), lambda: os.chown("/box", 0, 0), lambda: os.chmod(".", 0)):
    try: action()
    except OSError: pass

#! own_memory_file = AC RE
try: open("/proc/self/mem", "r+b").write(b"x")
except (OSError, ValueError): pass

#! exit_zero = WA
sys.exit(0)

#! exit_zero_hard = WA
os._exit(0)

#! printed_verdict = WA
print("AC\n{\"verdict\":\"AC\"}\n0\nall tests passed"); os._exit(0)

#! binary_output = WA
sys.stdout.buffer.write(bytes(range(256)) * 10); sys.stdout.flush(); os._exit(0)

#! nul_bytes = WA
sys.stdout.write("held\0\n"); sys.stdout.flush(); os._exit(0)

#! locale = WA
sys.stdout.write("hel,d\n"); sys.stdout.flush(); os._exit(0)

#! abort = RE
os.abort()

#! segmentation_fault = RE
ctypes.string_at(0)

#! datagrams_to_outside = AC
import socket
for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM, socket.SOCK_SEQPACKET):
    for address in (SOCKET, "\0" + ABSTRACT):
        for way in ("sendto", "connect", "sendmsg", "bind"):
            try:
                one, other = socket.socketpair(socket.AF_UNIX, kind)
                if way == "sendto": one.sendto(b"stolen", address)
                if way == "sendmsg": one.sendmsg([b"stolen"], [], 0, address)
                if way == "connect": one.connect(address); one.send(b"stolen")
                if way == "bind": one.bind(address + "2")
                # A connected pair ignores the address; a pair of datagrams would not.
                if kind == socket.SOCK_DGRAM or way in ("connect", "bind"): print(way, address)
            except OSError: pass

#! signal_by_descriptor = AC
import fcntl, struct
for pid in (VICTIM, -VICTIM):
    reader, writer = os.pipe()
    try: fcntl.fcntl(reader, 8, pid); print("owner")
    except OSError: pass
    try: fcntl.fcntl(reader, 15, struct.pack("ii", 1, pid)); print("owner by structure")
    except OSError: pass
    try: fcntl.ioctl(reader, 0x8901, struct.pack("i", pid)); print("owner by ioctl")
    except OSError: pass
    try: fcntl.fcntl(reader, 10, 9); print("signal")
    except OSError: pass
    fcntl.fcntl(reader, fcntl.F_SETFL, os.O_ASYNC | os.O_NONBLOCK)
    os.write(writer, b"x")

#! shell = AC
os.execv("/bin/sh", ["sh", "-c", "exec 2>&-; while read line; do echo read $line; done < %s; echo x > %s/new && echo wrote; kill -9 %d && echo killed; ulimit -n 100000 && echo raised; echo held" % (SECRET, SECRET_DIR, VICTIM)])

#! setuid_program_by_exec = RE
for program in ("/bin/su", "/usr/bin/su", "/bin/mount"):
    try: os.execv(program, [program, "-c", "echo became root", "root"])
    except OSError: pass
sys.exit(1)

#! linker_as_program = RE
os.execv("/lib64/ld-linux-x86-64.so.2", ["ld", "/bin/cat", SECRET])

#! own_program = AC RE
with open("own", "w") as file: file.write("#!/bin/sh\nwhile read line; do echo read $line; done < %s\n echo held" % SECRET)
os.chmod("own", 0o6755)
os.execv("own", ["own"])

#! program_in_memory = AC
for number, arguments in ((319, (b"x", 1)), (447, (0,))):
    fd = libc.syscall(number, *arguments)
    if fd >= 0: print("memory file", fd)
for place in ("/dev/shm/x", "/run/x", "/var/tmp/x", "/tmp/x"):
    try: open(place, "w"); print("wrote", place)
    except OSError: pass

#! calls_of_another_architecture = RE
import mmap
code = mmap.mmap(-1, 4096, prot=7)
code.write(bytes.fromhex("b814000000cd80c3"))
call = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(code)))
print("i386", call())

#! old_fast_calls = AC RE
moment = ctypes.create_string_buffer(16)
ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)(0xffffffffff600000)(ctypes.addressof(moment), None)

#! other_boxes = AC
own = os.getcwd()
for number in range(4000):
    box = "/tmp/r1-box-%d-%d" % (PARENT, number)
    if box == own: continue
    for action in (os.listdir, lambda box: open(box + "/main.py").read(), lambda box: open(box + "/new", "w")):
        try: action(box); print("reached", box)
        except OSError: pass

#! kernel_files = AC
for path in ["/proc/kcore", "/proc/kallsyms", "/proc/kmsg", "/proc/sysrq-trigger", "/proc/sys/kernel/core_pattern", "/proc/sys/kernel/hostname", "/proc/keys", "/proc/config.gz", "/sys/kernel/uevent_helper", "/sys/fs/cgroup/cgroup.procs", "/sys/fs/cgroup/memory/tasks", "/dev/ptmx", "/dev/tty", "/dev/fuse", "/dev/kvm", "/dev/net/tun"]:
    for mode in ("rb", "r+b"):
        try: open(path, mode, 0); print("opened", path, mode)
        except OSError: pass
try:
    if open("/proc/self/net/tcp").read().count("\n") > 1: print("connections of the host")
except OSError: pass
try:
    others = [name for name in os.listdir("/proc") if name.isdigit() and int(name) != os.getpid()]
    if others: print("processes", others[:5])
except OSError: pass
for name, value in (("oom_score_adj", "-1000"), ("uid_map", "0 0 1"), ("setgroups", "allow"), ("attr/current", "x")):
    try:
        with open("/proc/self/" + name, "w") as file: file.write(value)
        print("wrote", name)
    except OSError: pass

#! sleep_without_output = TLE
os.close(1); os.close(2); time.sleep(100)

#! long_arguments = AC
try: os.execv("/bin/true", ["x" * (10 << 20)]); print("ran")
except OSError: pass

#! end_of_input = RE
input()

#! deep_recursion = RE
def deeper(n): return deeper(n + 1) + 1
deeper(0)

#! unbounded_recursion = RE MLE
sys.setrecursionlimit(1 << 30)
def deeper(n): return [deeper(n + 1)].sort(key=deeper)
deeper(0)

#! short_threads = AC TLE RE MLE
import threading
for _ in range(20000): threading.Thread(target=int).start()

#! timers = AC RE
import struct
for _ in range(1000):
    if libc.syscall(222, 0, 0, ctypes.create_string_buffer(8)) != 0: break
signal.signal(signal.SIGALRM, signal.SIG_IGN)
signal.setitimer(signal.ITIMER_REAL, 1e-6, 1e-6)

#! pipes_full = AC RE MLE
import fcntl
try:
    while True:
        reader, writer = os.pipe(); os.set_blocking(writer, False)
        try: fcntl.fcntl(writer, 1031, 1 << 20)
        except OSError: pass
        os.write(writer, b"x" * (1 << 20))
except OSError: pass

#! locks_on_system_files = AC
import fcntl
for path in ("/etc/ld.so.cache", "/usr/bin/python3"):
    try:
        file = open(path, "rb"); fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB); print("locked", path)
    except OSError: pass

#! everything_closed = WA RE
os.closerange(0, 1 << 16); os._exit(0)
