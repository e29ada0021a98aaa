//! Threads that watch for the next loop.

use std::{
    ptr,
    sync::{
        OnceLock,
        atomic::{AtomicBool, AtomicPtr, AtomicUsize, Ordering::SeqCst},
    },
    thread::Thread,
    time::{Duration, Instant},
};

use crate::job::Job;

/// How long a thread watches before it sleeps: longer than what lies between two loops of a step.
const PATIENCE: Duration = Duration::from_micros(300);

/// Looks between two looks at the clock, and before a waiting leader lets others have its core.
const LOOKS: usize = 256;

/// The threads besides the leading one.
///
/// A loop is open while `job` points to it. A thread says that it is inside before it looks again whether the loop is
/// still open, and the leader closes the loop before it looks whether anybody is inside: as all see one order of these
/// four, either the thread sees a closed loop and leaves, or the leader sees the thread and waits. So nobody touches
/// a loop that has ended.
pub(crate) struct Crew {
    job: AtomicPtr<Job<'static>>,
    /// Loops that were opened: whoever has helped with one does not enter it again.
    opened: AtomicUsize,
    inside: AtomicUsize,
    asleep: AtomicUsize,
    taken: AtomicBool,
    threads: OnceLock<Vec<Thread>>,
}

/// The crew, until it is dropped.
pub(crate) struct Taken(&'static Crew);

impl Drop for Taken {
    fn drop(&mut self) {
        self.0.taken.store(false, SeqCst);
    }
}

impl Crew {
    /// The crew of this process; its threads start when it is first asked for.
    pub(crate) fn get() -> &'static Self {
        static CREW: Crew = Crew {
            job: AtomicPtr::new(ptr::null_mut()),
            opened: AtomicUsize::new(0),
            inside: AtomicUsize::new(0),
            asleep: AtomicUsize::new(0),
            taken: AtomicBool::new(false),
            threads: OnceLock::new(),
        };
        CREW.threads.get_or_init(|| {
            // Of threads that the system refuses the others do the work.
            let start = |index| {
                let name = std::thread::Builder::new().name(format!("crew-{index}"));
                name.spawn(|| CREW.watch()).ok().map(|handle| handle.thread().clone())
            };
            (1..crate::threads()).filter_map(start).collect()
        });
        &CREW
    }

    /// The crew for the calling thread, unless another has it.
    pub(crate) fn take(&'static self) -> Option<Taken> {
        (!self.taken.swap(true, SeqCst)).then_some(Taken(self))
    }

    /// A loop of the thread that has [taken](Self::take) the crew.
    pub(crate) fn run(&self, parts: usize, work: &(dyn Fn(usize) + Sync)) {
        let job = Job::new(parts, work);
        self.opened.fetch_add(1, SeqCst);
        self.job.store(ptr::from_ref(&job).cast_mut().cast(), SeqCst);
        if self.asleep.load(SeqCst) > 0 {
            self.threads.get().into_iter().flatten().for_each(Thread::unpark);
        }
        job.help();
        self.job.store(ptr::null_mut(), SeqCst);
        let mut looks = 0;
        while self.inside.load(SeqCst) > 0 {
            looks += 1;
            // On a busy machine the one who is waited for may need this core.
            if looks % LOOKS == 0 { std::thread::yield_now() } else { std::hint::spin_loop() }
        }
        if let Some(panic) = job.into_panic() {
            std::panic::resume_unwind(panic);
        }
    }

    /// The life of a thread.
    fn watch(&self) {
        let (mut helped, mut since, mut looks) = (0, Instant::now(), 0usize);
        loop {
            let opened = self.opened.load(SeqCst);
            if opened != helped && !self.job.load(SeqCst).is_null() {
                self.inside.fetch_add(1, SeqCst);
                let job = self.job.load(SeqCst);
                if !job.is_null() {
                    helped = self.opened.load(SeqCst);
                    // SAFETY: the loop was open after this thread was inside, so the leader keeps it until it is not.
                    unsafe { (*job).help() };
                }
                self.inside.fetch_sub(1, SeqCst);
                since = Instant::now();
            }
            looks += 1;
            if looks % LOOKS == 0 && since.elapsed() > PATIENCE {
                self.sleep(helped);
                since = Instant::now();
            }
            std::hint::spin_loop();
        }
    }

    /// Sleeps until a loop is opened.
    fn sleep(&self, helped: usize) {
        self.asleep.fetch_add(1, SeqCst);
        // A loop that was opened before the leader could see this thread asleep.
        if self.opened.load(SeqCst) == helped || self.job.load(SeqCst).is_null() {
            std::thread::park();
        }
        self.asleep.fetch_sub(1, SeqCst);
    }
}
