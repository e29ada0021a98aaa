//! Bare system calls, for processes that share their parent's memory. See the contract of the child.

use libc::c_int;

use super::plan::Step;

/// Why the last system call of this process failed.
pub(super) fn errno() -> c_int {
    // SAFETY: the address is always valid.
    unsafe { *libc::__errno_location() }
}

/// `Ok` when a system call did not give -1.
pub(super) fn check(result: impl Into<i64>, step: Step) -> Result<(), Step> {
    if result.into() == -1 { Err(step) } else { Ok(()) }
}

/// A bare system call.
macro_rules! call {
    ($step:expr, $number:expr $(, $argument:expr)*) => {{
        // SAFETY: pointers among the arguments point into the plan or to static strings.
        let result: libc::c_long = unsafe { libc::syscall($number $(, $argument)*) };
        $crate::linux::sys::check(result, $step).map(|()| result as libc::c_int)
    }};
}

pub(super) use call;
