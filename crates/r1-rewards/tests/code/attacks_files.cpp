// Attacks by compiled programs on memory and signals, as in attacks.py.

#! page_of_old_calls = RE AC
// The page of vsyscall answers the time at most; what it holds is no way to another call.
using Call = long (*)(long *);
long now = 0;
(void)reinterpret_cast<Call>(0xffffffffff600400)(&now);

#! fault_without_end = TLE RE
// A handler that returns to the fault, on a stack of its own.
static char stack[1 << 16];
stack_t other = {};
other.ss_sp = stack;
other.ss_size = sizeof stack;
sigaltstack(&other, nullptr);
struct sigaction action = {};
action.sa_handler = [](int) {};
action.sa_flags = SA_ONSTACK;
sigaction(SIGSEGV, &action, nullptr);
*reinterpret_cast<volatile int *>(8) = 1;

#! thread_leader_leaves = TLE RE
pthread_t thread;
pthread_create(&thread, nullptr, [](void *) -> void * { for (;;) pause(); }, nullptr);
syscall(SYS_exit, 0);

#! storm_of_signals = AC TLE RE
signal(SIGRTMIN, SIG_IGN);
sigset_t set;
sigfillset(&set);
sigprocmask(SIG_BLOCK, &set, nullptr);
siginfo_t info = {};
info.si_code = SI_QUEUE;
long sent = 0;
for (int i = 0; i < 100000; i++) sent += syscall(SYS_rt_sigqueueinfo, getpid(), SIGRTMIN + 1, &info) == 0;
if (sent > 20000) puts("signals without a limit");

#! memory_that_forks_keep = AC RE MLE TLE
for (int i = 0; i < 64; i++) {
    char *area = static_cast<char *>(mmap(nullptr, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_GROWSDOWN, -1, 0));
    if (area == MAP_FAILED) break;
    for (int at = 0; at < 1 << 20; at += 4096) area[at] = 1;
    if (syscall(SYS_vfork) == 0) _exit(0);
    munmap(area, 1 << 20);
}
