# Attacks by files, memory and descriptors that the cage shows or allows, one a section; see attacks.py.

#! dumps_of_core = RE
for value in (-1, 1 << 30):
    try: resource.setrlimit(resource.RLIMIT_CORE, (value, value)); print("core", value)
    except (OSError, ValueError): pass
libc.prctl(4, 1, 0, 0, 0)
os.abort()

#! deleted_folder = AC
try:
    os.mkdir("gone"); os.chdir("gone"); os.rmdir("../gone")
except OSError: pass
for path in ("..", "../..", "../../..", "../../../..", "../../../../../.." + SECRET):
    try:
        here = os.open(path, os.O_PATH)
        # Without a root of its own a program may learn that a path exists, and no more.
        if NAMESPACES and os.readlink("/proc/self/fd/%d" % here).startswith(SECRET_DIR): print("outside", path)
    except OSError: pass
try: open(SECRET).read(); print("read")
except OSError: pass

#! marks_on_files = AC
try: open("own", "w").close()
except OSError: pass
for path in ("own", "/usr/bin/env", "/bin/sh", "/dev/null", "/usr/lib", "."):
    for name in ("security.capability", "security.selinux", "trusted.x", "system.posix_acl_access"):
        try: os.setxattr(path, name, b"\1\0\0\2" + b"\xff" * 16); print("marked", path, name)
        except OSError: pass
    for mode in (0o4777, 0o777, 0o0):
        try:
            os.chmod(path, mode)
            if path not in ("own", "."): print("mode", path)
        except OSError: pass
    try:
        os.utime(path, (0, 0))
        if path not in ("own", "."): print("time", path)
    except OSError: pass
    try:
        os.chown(path, 0, 0); print("owner", path)
    except OSError: pass
try: os.chmod(".", 0o700)
except OSError: pass

#! attributes_of_others_files = AC
for path in (SECRET, SECRET_DIR, CWD):
    for change in (lambda: os.chmod(path, 0o600), lambda: os.utime(path, (0, 0)), lambda: os.chown(path, os.getuid(), os.getgid()),
                   lambda: os.setxattr(path, "user.mark", b"1"), lambda: os.utime(path, (0, 0), follow_symlinks=False)):
        try: change(); print("changed", path)
        except OSError: pass
    number = {"fchmodat2": 452, "futimesat": 261}
    if libc.syscall(number["fchmodat2"], -100, path.encode(), 0o600, 0) == 0: print("mode", path)
    if libc.syscall(number["futimesat"], -100, path.encode(), None) == 0: print("time", path)

#! attributes_without_number = AC RE MLE
# Each is memory of the kernel; of some kinds no file system counts how many there are.
open("own", "w").close()
for kind in ("security", "user", "trusted"):
    kept = 0
    try:
        for number in range(2000): os.setxattr("own", "%s.m%d" % (kind, number), bytes(60000)); kept += 1
    except OSError: pass
    if kept > 300: print("kept", kind, kept)

#! device_nodes = AC
import stat
for kind, major, minor in [(stat.S_IFCHR, 1, 1), (stat.S_IFCHR, 1, 3), (stat.S_IFBLK, 254, 0), (stat.S_IFBLK, 7, 0), (stat.S_IFCHR, 10, 229), (stat.S_IFCHR, 5, 0)]:
    try: os.mknod("node", 0o666 | kind, os.makedev(major, minor)); print("node", major, minor)
    except OSError: pass

#! requests_to_file_systems = AC
import fcntl
for path in (".", "/", "/usr/lib", "/usr/bin/env", "/dev/null", "/dev/zero", "/dev/urandom"):
    try: fd = os.open(path, os.O_RDONLY)
    except OSError: continue
    # Freeze, thaw, trim, flags of inodes, clones, verity, encryption keys, entropy, labels.
    for request in (0xC0045877, 0xC0045878, 0xC0185879, 0x40086602, 0x401C5820, 0x40049409, 0x40806685, 0xC0506617, 0x5206, 0x40045201, 0x40085203, 0x41009432):
        try: fcntl.ioctl(fd, request, bytearray(64)); print("request", hex(request), path)
        except OSError: pass

#! links_to_shown_files = AC
for target in ("/usr/bin/env", "/bin/sh", SECRET, "/proc/self/exe", "/proc/self/fd/0", "/proc/self/fd/1"):
    try: os.link(target, "hard"); print("linked", target)
    except OSError: pass
    for flag in (0x400, 0x1000):
        try: fd = os.open(target, os.O_PATH)
        except OSError: continue
        if libc.linkat(fd, b"" if flag == 0x1000 else b".", -100, b"hard2", flag) == 0: print("linked by descriptor", target)
        os.close(fd)

#! deep_folders = AC RE TLE
depth = 0
try:
    while depth < 3000: os.mkdir("d" * 100); os.chdir("d" * 100); depth += 1
except OSError: pass

#! pages_that_fail = AC RE
import mmap
area = mmap.mmap(-1, 1 << 16); area[0] = 1
address = ctypes.c_void_p(ctypes.addressof(ctypes.c_char.from_buffer(area)))
for advice in (100, 101):
    if libc.madvise(address, 4096, advice) == 0: print("failed memory", advice)
for advice in (12, 14, 25):
    libc.madvise(address, 1 << 16, advice)

#! great_pipes = AC RE MLE
pipes = []
try:
    while len(pipes) < 500:
        reader, writer = os.pipe(); pipes.append((reader, writer))
        os.set_blocking(writer, False)
        import fcntl
        try: fcntl.fcntl(writer, 1031, 1 << 31 - 1)
        except OSError: pass
        for size in (1 << 20, 1 << 24):
            try:
                fcntl.fcntl(writer, 1031, size)
                if size > 1 << 20: print("pipe of", size)
            except OSError: pass
        try:
            while os.write(writer, bytes(1 << 16)): pass
        except OSError: pass
except OSError: pass

#! rings_of_watchers = AC RE
import select
try:
    watchers = [select.epoll() for _ in range(60)]
    for one in watchers:
        for two in watchers:
            try: one.register(two.fileno(), 1)
            except (OSError, ValueError): pass
    for one in watchers: one.poll(0)
except OSError: pass

#! processor_of_others = AC
if len(os.sched_getaffinity(0)) == 0: print("no processor")
for pid in (PARENT, VICTIM, 1):
    if pid == os.getpid(): continue
    try: os.sched_setaffinity(pid, {0}); print("bound", pid)
    except OSError: pass
    try: os.sched_setparam(pid, os.sched_param(0)); print("parameter", pid)
    except OSError: pass

#! time_limit_ignored = TLE RE
for number in (signal.SIGXCPU, signal.SIGTERM, signal.SIGALRM, signal.SIGPROF, signal.SIGVTALRM): signal.signal(number, signal.SIG_IGN)
try: resource.setrlimit(resource.RLIMIT_CPU, (resource.getrlimit(resource.RLIMIT_CPU)[1],) * 2)
except (OSError, ValueError): pass
import threading
def spin():
    while True: pass
for _ in range(8):
    try: threading.Thread(target=spin, daemon=True).start()
    except RuntimeError: pass
spin()

#! first_task_ends = TLE RE WA OLE
# The first thread leaves while another goes on without end.
import threading
def stay():
    while True: time.sleep(0.01)
threading.Thread(target=stay).start()
libc.syscall(60, 0)

#! great_arguments = AC RE
for program in ("/usr/bin/env", "/bin/true", "/bin/kill"):
    for arguments in (["x" * 131071] * 100, ["x" * 131073], [""] * 500000, []):
        try: os.posix_spawn(program, arguments, {}); print("started", program)
        except (OSError, ValueError): pass
try: os.execv("/bin/true", ["x" * 131073])
except (OSError, ValueError): pass

#! sockets_that_pass_rights = AC RE
import socket, struct
one, two = socket.socketpair()
for fields in ((PARENT, 0, 0), (VICTIM, 0, 0), (os.getpid(), 0, 0)):
    try:
        one.sendmsg([b"x"], [(socket.SOL_SOCKET, 2, struct.pack("iII", *fields))])
        print("credentials", fields)
    except OSError: pass
for level, option in [(1, 36), (1, 32), (1, 33), (1, 25)]:
    try: one.setsockopt(level, option, struct.pack("iiI", 1, 1, 1)); level == 1 and option in (32, 33, 25) and print("option", option)
    except OSError: pass
for address in (SOCKET, ABSTRACT):
    try: one.sendto(b"x", address); print("sent", address)
    except OSError: pass

#! input_of_the_test = AC RE
for path in ("/proc/self/fd/0", "/dev/stdin"):
    try:
        with open(path, "r+b", 0) as file:
            file.write(b"x")
    except OSError: pass
for fd in (0, 1, 2):
    try: print("seek", os.lseek(fd, 0, 2)) if fd else None
    except OSError: pass
    try: os.ftruncate(fd, 0); print("truncated", fd)
    except OSError: pass
for name in os.listdir("/proc/self/fd"):
    try: target = os.readlink("/proc/self/fd/" + name)
    except OSError: continue
    if SECRET_DIR in target or "cgroup" in target or "memfd" in target: print("descriptor", name, target)

#! time_and_futexes = AC RE TLE
room = ctypes.create_string_buffer(64)
for operation in (0, 1, 3, 4, 6, 8, 9, 11, 12, 13):
    libc.syscall(202, room, operation | 128, 1, (0).to_bytes(8, "little") + (1000).to_bytes(8, "little"), room, 0)
for number in (449, 450, 452, 453, 454, 455, 456, 457, 458, 460, 463, 500, 1000):
    if libc.syscall(number, 0, 0, 0, 0, 0, 0) > 0: print("new call", number)
