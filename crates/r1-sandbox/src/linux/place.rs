//! Places for programs: a user, a control group and a folder of their own.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{group::MemoryGroup, host_box::HostBox, settings::Settings};
use crate::{Command, SandboxError};

/// Places for programs, each with a user and a control group of its own.
#[derive(Default)]
pub(super) struct Places {
    free: Vec<(u32, Option<MemoryGroup>)>,
}

impl Drop for Places {
    fn drop(&mut self) {
        users().free.extend(self.free.drain(..).map(|(uid, _)| uid));
    }
}

/// The users of all cages of this process: what two programs of one user start counts against both.
#[derive(Default)]
struct Users {
    free: Vec<u32>,
    made: u32,
}

fn users() -> MutexGuard<'static, Users> {
    static USERS: Mutex<Users> = Mutex::new(Users { free: Vec::new(), made: 0 });
    USERS.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Users {
    /// One of 256 that no other process of this kind uses at the same time, most likely.
    fn take(&mut self) -> u32 {
        self.free.pop().unwrap_or_else(|| {
            self.made += 1;
            20_000 + std::process::id() % 150 * 256 + (self.made - 1) % 256
        })
    }
}

/// A place that a program has; given back when dropped.
pub(super) struct Place {
    pub(super) uid: u32,
    pub(super) group: Option<MemoryGroup>,
    /// The folder of the program outside of a mount namespace.
    pub(super) host_box: Option<HostBox>,
    home: Arc<Mutex<Places>>,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.host_box = None;
        let mut home = self.home.lock().unwrap_or_else(PoisonError::into_inner);
        home.free.push((self.uid, self.group.take()));
    }
}

impl Place {
    /// A free place, made ready for the command.
    pub(super) fn take(
        home: &Arc<Mutex<Places>>,
        settings: Settings,
        command: &Command,
    ) -> Result<Self, SandboxError> {
        let (uid, group) = {
            let mut places = home.lock().unwrap_or_else(PoisonError::into_inner);
            places.free.pop().unwrap_or_else(|| (users().take(), None))
        };
        let mut place = Self { uid, group, host_box: None, home: home.clone() };
        let failed = |step| move |source| SandboxError::Cage { step, source };
        if settings.cgroup && command.needs_group() {
            if place.group.is_none() {
                place.group = Some(MemoryGroup::new().map_err(failed("cgroup"))?);
            }
            if let Some(group) = &mut place.group {
                group.prepare(command.limits.memory_bytes).map_err(failed("cgroup"))?;
            }
        }
        if !settings.namespaces {
            let user = settings.uid_drop.then_some(uid);
            place.host_box = Some(HostBox::new(user).map_err(failed("files of the box"))?);
        }
        Ok(place)
    }
}
