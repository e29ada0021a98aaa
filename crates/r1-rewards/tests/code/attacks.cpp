// Attacks by compiled programs, as in attacks.py.

#! memory_after_the_first_thread = MLE
pthread_t thread;
pthread_create(&thread, nullptr, [](void *) -> void * {
    for (int i = 0; i < 300; i++) {
        char *piece = static_cast<char *>(malloc(1 << 20));
        if (!piece) _exit(3);
        for (int at = 0; at < 1 << 20; at += 4096) piece[at] = 1;
    }
    usleep(300000);
    puts("held");
    fflush(stdout);
    _exit(0);
}, nullptr);
pthread_exit(nullptr);

#! spin_after_the_first_thread = TLE
pthread_t thread;
pthread_create(&thread, nullptr, [](void *) -> void * { for (volatile long i = 0;; i = i + 1); }, nullptr);
pthread_exit(nullptr);

#! every_way_to_start_a_process = AC
if (fork() == 0) _exit(0); else if (errno != EAGAIN) puts("fork");
if (syscall(SYS_vfork) == 0) _exit(0); else if (errno != EAGAIN) puts("vfork");
for (long flags : {0L, (long)SIGCHLD, (long)CLONE_VM | SIGCHLD, (long)CLONE_PARENT | SIGCHLD, (long)CLONE_UNTRACED, (long)CLONE_VM | CLONE_SIGHAND})
    { static char stack[65536]; long pid = syscall(SYS_clone, flags, flags & CLONE_VM ? stack + 65536 : nullptr, 0, 0, 0); if (pid == 0) _exit(0); if (pid > 0) puts("clone"); }

#! filters_of_its_own = AC
struct sock_filter allow[] = {BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
struct sock_fprog program = {1, allow};
prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
if (socket(AF_INET, SOCK_STREAM, 0) >= 0) puts("socket");
if (prctl(PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0) == 0) puts("privileges");
if (prctl(PR_SET_PDEATHSIG, 0) == 0) puts("outlives the parent");
if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, 21, 0, 0) == 0) puts("capability");
if (setuid(0) == 0 || setgid(0) == 0 || setgroups(0, nullptr) == 0) puts("user");

#! deep_recursion = RE
struct Deep { static long call(volatile long n) { volatile char frame[4096]; frame[0] = 1; return call(n + 1) + frame[0]; } };
printf("%ld", Deep::call(0));
