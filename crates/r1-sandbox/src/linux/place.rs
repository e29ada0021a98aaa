//! Places for programs: a user, a control group, an empty network and a folder of their own.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{
    group::MemoryGroup, host_box::HostBox, network::Network, plan::Failure, settings::Settings, spawn,
};
use crate::{Command, SandboxError};

/// How many networks are kept while nobody uses them: each holds descriptors of this process.
const KEPT_NETWORKS: usize = 16;

/// Places for programs that nobody has at the moment.
#[derive(Default)]
pub(super) struct Places {
    free: Vec<Kept>,
}

/// What is kept of a place for the next program.
struct Kept {
    uid: u32,
    group: Option<MemoryGroup>,
    network: Option<Network>,
}

impl Drop for Places {
    fn drop(&mut self) {
        users().free.extend(self.free.drain(..).map(|kept| kept.uid));
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
    /// With namespaces.
    pub(super) network: Option<Network>,
    /// The folder of the program outside of a mount namespace.
    pub(super) host_box: Option<HostBox>,
    home: Arc<Mutex<Places>>,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.host_box = None;
        let mut home = self.home.lock().unwrap_or_else(PoisonError::into_inner);
        let networks = home.free.iter().filter(|kept| kept.network.is_some()).count();
        let network = self.network.take().filter(|_| networks < KEPT_NETWORKS);
        home.free.push(Kept { uid: self.uid, group: self.group.take(), network });
    }
}

impl Place {
    /// A free place, made ready for the command.
    pub(super) fn take(
        home: &Arc<Mutex<Places>>,
        settings: Settings,
        command: &Command,
    ) -> Result<Self, SandboxError> {
        let kept = home.lock().unwrap_or_else(PoisonError::into_inner).free.pop();
        let Kept { uid, group, network } =
            kept.unwrap_or_else(|| Kept { uid: users().take(), group: None, network: None });
        let mut place = Self { uid, group, network, host_box: None, home: home.clone() };
        let failed = |step| move |source| SandboxError::Cage { step, source };
        if settings.cgroup && command.needs_group() {
            if place.group.is_none() {
                place.group = Some(MemoryGroup::new().map_err(failed("cgroup"))?);
            }
            if let Some(group) = &mut place.group {
                group.prepare(command.limits.memory_bytes).map_err(failed("cgroup"))?;
            }
        }
        if settings.namespaces && place.network.is_none() {
            let made = spawn::network(settings.user_namespace);
            let failed = |(step, source): Failure| SandboxError::Cage { step: step.name(), source };
            place.network = Some(made.map_err(failed)?);
        }
        if !settings.namespaces {
            let user = settings.uid_drop.then_some(uid);
            place.host_box = Some(HostBox::new(user).map_err(failed("files of the box"))?);
        }
        Ok(place)
    }
}
