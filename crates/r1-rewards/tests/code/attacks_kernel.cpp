// Attacks by compiled programs on the kernel's interfaces, as in attacks.py.

#! exec_by_another_thread = TLE
pthread_t thread;
pthread_create(&thread, nullptr, [](void *) -> void * {
    char *const arguments[] = {const_cast<char *>("sleep"), const_cast<char *>("600"), nullptr};
    execve("/bin/sleep", arguments, nullptr);
    return nullptr;
}, nullptr);
for (;;) pause();

#! storm_of_threads_that_end = AC TLE RE MLE
for (int round = 0; round < 2000; round++) {
    pthread_t thread;
    if (pthread_create(&thread, nullptr, [](void *) -> void * { return nullptr; }, nullptr) == 0) pthread_detach(thread);
}

#! page_tables = AC MLE RE TLE
for (long piece = 0; piece < 4000; piece++) {
    void *area = mmap(nullptr, 1L << 30, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (area == MAP_FAILED) break;
    for (long at = 0; at < 1L << 30; at += 1 << 21) (void)*(static_cast<volatile char *>(area) + at);
}

#! mappings_that_hide = AC MLE RE TLE
// What is not mapped to a page counts for nobody, so that the address space is what bounds it: 128 and 512 MiB.
for (int i = 0; i < 1024; i++) {
    void *area = mmap(nullptr, 1 << 20, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (area == MAP_FAILED) break;
    for (int at = 0; at < 1 << 20; at += 4096) static_cast<char *>(area)[at] = 1;
    madvise(area, 1 << 20, MADV_DONTNEED);
    if (i > 640) puts("more than the address space");
}

#! other_instruction_sets = RE AC
if (syscall(SYS_personality, 0x0008) >= 0) puts("personality");
if (syscall(SYS_arch_prctl, 0x1012, 0) == 0) puts("cpuid");
struct { unsigned entry, base, limit, flags; } segment = {0, 0, 0xfffff, 0x51};
if (syscall(SYS_modify_ldt, 1, &segment, sizeof segment) >= 0) puts("segment");
if (syscall(SYS_iopl, 3) == 0 || syscall(SYS_ioperm, 0x60, 1, 1) == 0) puts("ports");
long answer; asm volatile("int $0x80" : "=a"(answer) : "a"(20));
if (answer > 0) puts("old calls");
