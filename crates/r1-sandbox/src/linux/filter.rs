//! The system-call filters.

use std::collections::BTreeMap;

use libc::c_long;
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen as Len, SeccompCmpOp as Op, SeccompCondition, SeccompFilter,
    SeccompRule, sock_filter,
};

type Rules = BTreeMap<i64, Vec<SeccompRule>>;

/// What a filter has to know about the cage around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FilterPolicy {
    /// Compilers start processes; programs under test may only start threads.
    pub(super) may_fork: bool,
    /// No other layer keeps signals inside.
    pub(super) deny_signals: bool,
    /// Without a process namespace a process must not leave its group.
    pub(super) deny_sessions: bool,
    /// Programs reach files of the host by their paths, and no other layer keeps their times.
    pub(super) deny_times: bool,
    /// The same for modes and owners: those of the trainer's own user are the trainer's.
    pub(super) deny_modes: bool,
}

// The same on every architecture, and not in libc for all of them.
const SYS_QUOTACTL_FD: c_long = 443;
const SYS_PROCESS_MRELEASE: c_long = 448;
const SYS_CACHESTAT: c_long = 451;
const SYS_FCHMODAT2: c_long = 452;

/// Never needed by a program of a judge, and each a way out or a way to hide memory.
const DENIED: &[c_long] = &[
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_process_madvise,
    libc::SYS_kcmp,
    libc::SYS_pidfd_open,
    libc::SYS_pidfd_getfd,
    libc::SYS_pidfd_send_signal,
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_open_tree,
    libc::SYS_move_mount,
    libc::SYS_fsopen,
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_fspick,
    libc::SYS_mount_setattr,
    libc::SYS_unshare,
    libc::SYS_setns,
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_userfaultfd,
    libc::SYS_keyctl,
    libc::SYS_add_key,
    libc::SYS_request_key,
    libc::SYS_kexec_load,
    libc::SYS_kexec_file_load,
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_personality,
    libc::SYS_quotactl,
    SYS_QUOTACTL_FD,
    SYS_PROCESS_MRELEASE,
    // Tells which files others have read.
    SYS_CACHESTAT,
    libc::SYS_swapon,
    libc::SYS_swapoff,
    libc::SYS_reboot,
    libc::SYS_acct,
    libc::SYS_syslog,
    libc::SYS_settimeofday,
    libc::SYS_clock_settime,
    libc::SYS_clock_adjtime,
    libc::SYS_adjtimex,
    libc::SYS_sethostname,
    libc::SYS_setdomainname,
    libc::SYS_name_to_handle_at,
    libc::SYS_open_by_handle_at,
    libc::SYS_fanotify_init,
    libc::SYS_vhangup,
    libc::SYS_shmget,
    libc::SYS_msgget,
    libc::SYS_semget,
    libc::SYS_mq_open,
    libc::SYS_migrate_pages,
    libc::SYS_move_pages,
    libc::SYS_lookup_dcookie,
    // What is asked for stands in memory, where no filter reads it.
    libc::SYS_sched_setattr,
    // Felt by others: locks on shared files, writes of all disks.
    libc::SYS_flock,
    libc::SYS_sync,
    libc::SYS_syncfs,
    libc::SYS_shmat,
    libc::SYS_shmctl,
    libc::SYS_msgctl,
    libc::SYS_semctl,
    libc::SYS_mq_unlink,
    libc::SYS_connect,
    libc::SYS_bind,
    libc::SYS_listen,
    libc::SYS_accept,
    libc::SYS_accept4,
    // Descriptors that are sent in a circle outlive their program, and count against the next one's user.
    libc::SYS_sendmsg,
    libc::SYS_sendmmsg,
    // Its contexts are counted for the whole machine.
    libc::SYS_io_setup,
    // Memory that no limit counts, and marks on files of the same user.
    libc::SYS_setxattr,
    libc::SYS_lsetxattr,
    libc::SYS_fsetxattr,
    libc::SYS_removexattr,
    libc::SYS_lremovexattr,
    libc::SYS_fremovexattr,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_iopl,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_ioperm,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_modify_ldt,
];

/// Calls that change the mode or owner of a file, which Landlock lets pass.
const MODES: &[c_long] = &[
    libc::SYS_fchmod,
    libc::SYS_fchmodat,
    SYS_FCHMODAT2,
    libc::SYS_fchown,
    libc::SYS_fchownat,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_chmod,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_chown,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_lchown,
];

/// Calls that change the times of a file by its path, which Landlock lets pass, too: whoever may write a file of
/// the host may change them.
#[cfg(target_arch = "x86_64")]
const TIMES: &[c_long] = &[libc::SYS_utime, libc::SYS_utimes, libc::SYS_futimesat];
#[cfg(not(target_arch = "x86_64"))]
const TIMES: &[c_long] = &[];

/// Answered as if the kernel had none of them, because libraries then take the older call.
const MISSING: &[c_long] = &[
    libc::SYS_clone3,
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_memfd_create,
    libc::SYS_memfd_secret,
];

/// The flags of `clone` that make namespaces.
const NAMESPACES: [i32; 8] = [
    libc::CLONE_NEWNS,
    libc::CLONE_NEWUSER,
    libc::CLONE_NEWPID,
    libc::CLONE_NEWNET,
    libc::CLONE_NEWIPC,
    libc::CLONE_NEWUTS,
    libc::CLONE_NEWCGROUP,
    0x80, // CLONE_NEWTIME
];

/// The filters of a policy, each to be installed in order.
pub(super) fn filters(policy: FilterPolicy) -> Result<Vec<BpfProgram>, seccompiler::BackendError> {
    let mut missing = Rules::new();
    MISSING.iter().for_each(|&call| drop(missing.insert(call, Vec::new())));
    // Watches are memory that no limit counts. A user may have no more of them as it is, and programs know.
    let watches = Rules::from([(libc::SYS_inotify_add_watch, Vec::new())]);
    let mut filters = vec![
        guard(),
        compile(missing, libc::ENOSYS)?,
        compile(watches, libc::ENOSPC)?,
        compile(modesty()?, 0)?,
        compile(denied(policy)?, libc::EPERM)?,
    ];
    if !policy.may_fork {
        filters.push(compile(forks()?, libc::EAGAIN)?);
    }
    Ok(filters)
}

/// Lower priorities of one's own, which are granted and have no effect: on a busy machine whoever has one cannot
/// even die soon, because for that, too, he waits for a processor.
fn modesty() -> Result<Rules, seccompiler::BackendError> {
    const RESET_ON_FORK: u64 = 0x4000_0000;
    const SCHED_BATCH: u64 = 3;
    const SCHED_IDLE: u64 = 5;
    const IOPRIO_IDLE: u64 = 3 << 13;
    let all = |conditions: [Result<SeccompCondition, _>; 3]| {
        SeccompRule::new(conditions.into_iter().collect::<Result<_, _>>()?)
    };
    let is = |argument, value| SeccompCondition::new(argument, Len::Dword, Op::Eq, value);
    let masked =
        |argument, mask, value| SeccompCondition::new(argument, Len::Dword, Op::MaskedEq(mask), value);
    let mut rules = Rules::new();
    // Of a process, and that is oneself; a nice value that is not negative.
    let nice = all([is(0, libc::PRIO_PROCESS as u64), is(1, 0), masked(2, 1 << 31, 0)])?;
    rules.insert(libc::SYS_setpriority, vec![nice]);
    let policy = |policy| {
        let all = u64::from(u32::MAX) & !RESET_ON_FORK;
        SeccompRule::new(vec![is(0, 0)?, masked(1, all, policy)?])
    };
    rules.insert(libc::SYS_sched_setscheduler, vec![policy(SCHED_BATCH)?, policy(SCHED_IDLE)?]);
    // IOPRIO_WHO_PROCESS is 1.
    let disk = all([is(0, 1), is(1, 0), masked(2, 0xe000, IOPRIO_IDLE)])?;
    rules.insert(libc::SYS_ioprio_set, vec![disk]);
    Ok(rules)
}

fn denied(policy: FilterPolicy) -> Result<Rules, seccompiler::BackendError> {
    let mut rules = Rules::new();
    DENIED.iter().for_each(|&call| drop(rules.insert(call, Vec::new())));
    // No socket of any family, but a connected pair that leads nowhere, which event loops and compilers
    // want. A pair of datagrams is not one: either end may send to any address.
    rules.insert(libc::SYS_socket, Vec::new());
    let mut pairs = vec![rule(0, Len::Dword, Op::Ne, libc::AF_UNIX as u64)?];
    let connected = [libc::SOCK_STREAM as u64, libc::SOCK_SEQPACKET as u64];
    for kind in (0..16).filter(|kind| !connected.contains(kind)) {
        pairs.push(rule(1, Len::Dword, Op::MaskedEq(0xf), kind)?);
    }
    rules.insert(libc::SYS_socketpair, pairs);
    // Death with the parent is not to be called off, and no core is to be kept from the programs of others.
    const PR_SCHED_CORE: i32 = 62;
    let death = rule(0, Len::Dword, Op::Eq, libc::PR_SET_PDEATHSIG as u64)?;
    rules.insert(libc::SYS_prctl, vec![death, rule(0, Len::Dword, Op::Eq, PR_SCHED_CORE as u64)?]);
    // A signal at the end of input or output, to whom one likes; locks, leases and watches on files that
    // the host uses, too.
    const F_SETOWN_EX: i32 = 15;
    const F_SETSIG: i32 = 10;
    const F_OFD_SETLKW: i32 = 38;
    let felt = [
        libc::F_SETOWN,
        F_SETOWN_EX,
        F_SETSIG,
        libc::F_SETLK,
        libc::F_SETLKW,
        libc::F_OFD_SETLK,
        F_OFD_SETLKW,
        libc::F_SETLEASE,
        libc::F_NOTIFY,
    ];
    let felt = felt.map(|command| rule(1, Len::Dword, Op::Eq, command as u64));
    rules.insert(libc::SYS_fcntl, felt.into_iter().collect::<Result<_, _>>()?);
    let namespaces: Result<Vec<_>, _> =
        NAMESPACES.iter().map(|&flag| rule(0, Len::Qword, Op::MaskedEq(flag as u64), flag as u64)).collect();
    rules.insert(libc::SYS_clone, namespaces?);
    // On oneself only: without a process namespace the numbers of others are known.
    for call in [libc::SYS_prlimit64, libc::SYS_sched_setaffinity] {
        rules.insert(call, vec![rule(0, Len::Dword, Op::Ne, 0)?]);
    }
    // Runtimes give their threads the policy that they have, by number.
    let mut others = vec![SeccompCondition::new(0, Len::Dword, Op::Ne, 0)?];
    if !policy.deny_sessions {
        others.push(SeccompCondition::new(1, Len::Dword, Op::Ne, libc::SCHED_OTHER as u64)?);
    }
    rules.insert(libc::SYS_sched_setscheduler, vec![SeccompRule::new(others)?]);
    for call in [libc::SYS_sched_setparam, libc::SYS_get_robust_list] {
        rules.insert(call, vec![rule(0, Len::Dword, Op::Ne, 0)?]);
    }
    // Of a process, not of all processes of a user: PRIO_PROCESS is 0, IOPRIO_WHO_PROCESS is 1.
    for (call, process) in [(libc::SYS_setpriority, 0), (libc::SYS_ioprio_set, 1)] {
        let others = [rule(0, Len::Dword, Op::Ne, process), rule(1, Len::Dword, Op::Ne, 0)];
        rules.insert(call, others.into_iter().collect::<Result<_, _>>()?);
    }
    // TIOCSTI and TIOCLINUX type into a terminal.
    let typed = [0x5412, 0x541c].map(|request| rule(1, Len::Dword, Op::Eq, request));
    // Whatever is asked of a socket: a pair tells of interfaces around it, and FIOSETOWN is F_SETOWN.
    let networks = [0x8900, 0x8b00].map(|kind| rule(1, Len::Dword, Op::MaskedEq(0xff00), kind));
    // Whatever is told to a file system about a file or itself: flags, projects, keys, seals, a freeze.
    const WRITES: u64 = 1 << 30;
    let file_systems = [b'f', b'X'].map(|kind| {
        let kind = u64::from(kind) << 8;
        rule(1, Len::Dword, Op::MaskedEq(WRITES | 0xff00), WRITES | kind)
    });
    let ioctls = typed.into_iter().chain(networks).chain(file_systems);
    rules.insert(libc::SYS_ioctl, ioctls.collect::<Result<_, _>>()?);
    if policy.deny_modes {
        MODES.iter().for_each(|&call| drop(rules.insert(call, Vec::new())));
    }
    if policy.deny_times {
        TIMES.iter().for_each(|&call| drop(rules.insert(call, Vec::new())));
        // Without a path it is about an open file.
        let by_path = vec![rule(1, Len::Qword, Op::Ne, 0)?];
        rules.insert(libc::SYS_utimensat, if policy.deny_modes { Vec::new() } else { by_path });
    }
    if policy.deny_signals {
        let calls = [libc::SYS_kill, libc::SYS_tkill, libc::SYS_tgkill];
        let queues = [libc::SYS_rt_sigqueueinfo, libc::SYS_rt_tgsigqueueinfo];
        calls.into_iter().chain(queues).for_each(|call| drop(rules.insert(call, Vec::new())));
    }
    if policy.deny_sessions {
        rules.insert(libc::SYS_setsid, Vec::new());
        rules.insert(libc::SYS_setpgid, Vec::new());
    }
    Ok(rules)
}

/// Every way of starting a process that is not a thread.
fn forks() -> Result<Rules, seccompiler::BackendError> {
    let mut rules = Rules::new();
    rules.insert(libc::SYS_clone, vec![rule(0, Len::Qword, Op::MaskedEq(libc::CLONE_THREAD as u64), 0)?]);
    #[cfg(target_arch = "x86_64")]
    for call in [libc::SYS_fork, libc::SYS_vfork] {
        rules.insert(call, Vec::new());
    }
    Ok(rules)
}

fn rule(argument: u8, len: Len, op: Op, value: u64) -> Result<SeccompRule, seccompiler::BackendError> {
    SeccompRule::new(vec![SeccompCondition::new(argument, len, op, value)?])
}

/// Kills for a foreign architecture, which seccompiler checks in every filter.
fn compile(rules: Rules, errno: i32) -> Result<BpfProgram, seccompiler::BackendError> {
    let arch = std::env::consts::ARCH.try_into()?;
    SeccompFilter::new(rules, SeccompAction::Allow, SeccompAction::Errno(errno as u32), arch)?.try_into()
}

/// Calls by a number beyond those known here do not exist; on x86-64 the x32 calls kill.
fn guard() -> BpfProgram {
    /// `statmount` and later were not known when the lists above were written.
    const LAST_KNOWN: u32 = 456;
    const X32: u32 = 0x4000_0000;
    let instruction = |code: u32, jt, jf, k| sock_filter { code: code as u16, jt, jf, k };
    let load = libc::BPF_LD | libc::BPF_W | libc::BPF_ABS;
    let greater_or_equal = libc::BPF_JMP | libc::BPF_JGE | libc::BPF_K;
    let greater = libc::BPF_JMP | libc::BPF_JGT | libc::BPF_K;
    let give = libc::BPF_RET | libc::BPF_K;
    vec![
        instruction(load, 0, 0, 0),
        instruction(greater_or_equal, 2, 0, X32),
        instruction(greater, 2, 0, LAST_KNOWN),
        instruction(give, 0, 0, libc::SECCOMP_RET_ALLOW),
        instruction(give, 0, 0, libc::SECCOMP_RET_KILL_PROCESS),
        instruction(give, 0, 0, libc::SECCOMP_RET_ERRNO | libc::ENOSYS as u32),
    ]
}
