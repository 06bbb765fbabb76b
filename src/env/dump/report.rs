//! What a dump says: the data, and how it reads.

use super::deadlock;
use crate::env::id::Id;
use crate::env::instant::Instant;
use crate::env::site::Site;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::panic::Location;
use core::time::Duration;

/// The tasks of a runtime at one moment; made by
/// [`Handle::dump`](crate::runtime::Handle::dump).
///
/// `Display` prints a tree: each task, below it what it waits for and the tasks inside of it, and
/// at the end every deadlock.
#[derive(Clone, Debug)]
pub struct Dump {
    tasks: Vec<Task>,
    now: Instant,
    silent: usize,
}

impl Dump {
    pub(crate) fn new(tasks: Vec<Task>, now: Instant, silent: usize) -> Self {
        Self { tasks, now, silent }
    }

    /// The tasks that had not ended. Those inside of another one, as in a local set, follow it.
    pub fn tasks(&self) -> &[Task] {
        &self.tasks
    }

    /// The task with this id.
    pub fn task(&self, id: Id) -> Option<&Task> {
        self.tasks.iter().find(|task| task.id == id)
    }

    /// Tasks that wait for each other and for nothing else, each for the one after it and the last
    /// for the first: they wait for ever. A task alone waits for itself.
    ///
    /// What a future of another library waits for is not known; a task that could also go on by
    /// such a one is told of all the same.
    pub fn deadlocks(&self) -> Vec<Vec<Id>> {
        deadlock::find(&self.tasks)
    }

    /// How many threads did not answer in time, because each is in one long poll: tasks that are
    /// bound to them are missing.
    pub fn silent_threads(&self) -> usize {
        self.silent
    }

    fn label(&self, id: Id) -> Label<'_> {
        Label { id, task: self.task(id) }
    }

    fn write_task(&self, f: &mut fmt::Formatter<'_>, task: &Task, indent: usize) -> fmt::Result {
        let pad = "   ".repeat(indent);
        writeln!(f, "{pad}{task}")?;
        let inner: Vec<&Task> =
            self.tasks.iter().filter(|other| other.inside == Some(task.id)).collect();
        for (index, wait) in task.trace.waits.iter().enumerate() {
            let last = index + 1 == task.trace.waits.len() && inner.is_empty();
            let branch = if last { "└─" } else { "├─" };
            writeln!(f, "{pad}{branch} {}", Seen { wait, dump: self })?;
        }
        inner.into_iter().try_for_each(|inner| self.write_task(f, inner, indent + 1))
    }

    fn write_deadlock(&self, f: &mut fmt::Formatter<'_>, ring: &[Id]) -> fmt::Result {
        f.write_str("deadlock:")?;
        for (index, id) in ring.iter().enumerate() {
            let next = ring[(index + 1) % ring.len()];
            let wait = self.task(*id).and_then(|task| {
                task.trace.waits.iter().find(|wait| wait.waits_for() == Some(next))
            });
            let what = wait.map_or("something", |wait| wait.what);
            let verb = match wait.and_then(|wait| wait.party) {
                Some(Party::Joined(_)) => "waits for the end of",
                _ => "waits for what is held by",
            };
            write!(f, "\n   {} {verb} {} ({what})", self.label(*id), self.label(next))?;
        }
        writeln!(f)
    }
}

impl fmt::Display for Dump {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for task in &self.tasks {
            let is_shown_below = task.inside.is_some_and(|outer| self.task(outer).is_some());
            if !is_shown_below {
                self.write_task(f, task, 0)?;
            }
        }
        if self.silent > 0 {
            writeln!(f, "{} threads did not answer: they are in one long poll", self.silent)?;
        }
        self.deadlocks().iter().try_for_each(|ring| self.write_deadlock(f, ring))
    }
}

/// One task of a [`Dump`].
///
/// `Display` prints one line, without what the task waits for.
#[derive(Clone, Debug)]
pub struct Task {
    pub(crate) id: Id,
    pub(crate) name: Option<String>,
    pub(crate) future: &'static str,
    pub(crate) spawned_at: Site,
    pub(crate) age: Duration,
    pub(crate) polls: usize,
    pub(crate) state: State,
    pub(crate) trace: Trace,
    pub(crate) inside: Option<Id>,
}

impl Task {
    /// The id.
    pub fn id(&self) -> Id {
        self.id
    }

    /// The name, if it was given one.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The type of the future, which tells where it was written.
    pub fn future(&self) -> &'static str {
        self.future
    }

    /// Where it was spawned. What the library spawns for itself was spawned there.
    pub fn spawned_at(&self) -> Option<&'static Location<'static>> {
        self.spawned_at.location()
    }

    /// How long ago it was spawned, by the clock of its runtime.
    pub fn age(&self) -> Duration {
        self.age
    }

    /// How often it was polled, but for dumps.
    pub fn polls(&self) -> usize {
        self.polls
    }

    /// What it does.
    pub fn state(&self) -> State {
        self.state
    }

    /// What it waits for.
    pub fn trace(&self) -> &Trace {
        &self.trace
    }

    /// The task that polls this one: that of its local set, or of the scope whose locals it
    /// borrows.
    pub fn inside(&self) -> Option<Id> {
        self.inside
    }
}

impl fmt::Display for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", Label { id: self.id, task: Some(self) })?;
        write!(f, ", {:?} old, {}", self.age, self.state)?;
        match self.polls {
            0 => f.write_str(", never polled"),
            1 => f.write_str(", polled once"),
            polls => write!(f, ", polled {polls} times"),
        }
    }
}

/// What a task does at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum State {
    /// A thread polls it.
    Running,
    /// It is in a queue and will be polled.
    Ready,
    /// It waits to be woken.
    Waiting,
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Running => "running",
            Self::Ready => "ready",
            Self::Waiting => "waiting",
        })
    }
}

/// What a task waits for: one [`Wait`] for each branch that it waits in.
///
/// Empty for a task that does not wait, and for one that waits only for futures of other libraries.
#[derive(Clone, Debug, Default)]
pub struct Trace {
    pub(crate) waits: Vec<Wait>,
}

impl Trace {
    /// Each of the things that the task waits for, in the order in which it looks at them.
    pub fn waits(&self) -> &[Wait] {
        &self.waits
    }
}

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.waits.iter().try_for_each(|wait| writeln!(f, "{wait}"))
    }
}

/// One thing that a task waits for.
#[derive(Clone, Debug)]
pub struct Wait {
    what: &'static str,
    detail: &'static str,
    resource: usize,
    at: Option<&'static Location<'static>>,
    until: Option<Instant>,
    party: Option<Party>,
}

/// Who else is part of a wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Party {
    Holds(Id),
    HoldsOutside,
    Joined(Id),
}

impl Wait {
    pub(crate) fn new(what: &'static str) -> Self {
        Self { what, detail: "", resource: 0, at: None, until: None, party: None }
    }

    /// In which way, as in "readable".
    pub(crate) fn detail(self, detail: &'static str) -> Self {
        Self { detail, ..self }
    }

    pub(crate) fn on<T: ?Sized>(self, resource: *const T) -> Self {
        Self { resource: resource.addr(), ..self }
    }

    pub(crate) fn at(self, site: Site) -> Self {
        Self { at: site.location(), ..self }
    }

    pub(crate) fn until(self, deadline: Instant) -> Self {
        Self { until: Some(deadline), ..self }
    }

    pub(crate) fn joined(self, task: Id) -> Self {
        Self { party: Some(Party::Joined(task)), ..self }
    }

    pub(super) fn held_by(self, task: Id) -> Self {
        Self { party: Some(Party::Holds(task)), ..self }
    }

    pub(super) fn held_outside(self) -> Self {
        Self { party: Some(Party::HoldsOutside), ..self }
    }

    /// What it is: `"mutex"`, `"sleep"`, `"task"`, `"mpsc receiver"`.
    pub fn what(&self) -> &'static str {
        self.what
    }

    /// Where the program began to wait, if that is known: the call of `lock`, `sleep` and the like.
    pub fn called_at(&self) -> Option<&'static Location<'static>> {
        self.at
    }

    /// The deadline of a timer.
    pub fn deadline(&self) -> Option<Instant> {
        self.until
    }

    /// The task that took the lock, if this is one. It may have given the guard to another.
    pub fn holder(&self) -> Option<Id> {
        match self.party {
            Some(Party::Holds(task)) => Some(task),
            _ => None,
        }
    }

    /// The task whose end is waited for.
    pub fn joins(&self) -> Option<Id> {
        match self.party {
            Some(Party::Joined(task)) => Some(task),
            _ => None,
        }
    }

    /// The address of what is waited for: two that wait for the same have the same.
    pub fn resource(&self) -> usize {
        self.resource
    }

    /// The task that must do something first.
    pub(super) fn waits_for(&self) -> Option<Id> {
        self.holder().or_else(|| self.joins())
    }

    fn write(&self, f: &mut fmt::Formatter<'_>, dump: Option<&Dump>) -> fmt::Result {
        f.write_str(self.what)?;
        if !self.detail.is_empty() {
            write!(f, " ({})", self.detail)?;
        }
        if let Some(at) = self.at {
            write!(f, " at {at}")?;
        }
        match (self.until, dump) {
            (Some(until), Some(dump)) if until >= dump.now => {
                write!(f, ", due in {:?}", until.saturating_duration_since(dump.now))?;
            }
            (Some(_), Some(_)) => f.write_str(", due")?,
            _ => {}
        }
        let label = |id| dump.map_or(Label { id, task: None }, |dump| dump.label(id));
        match self.party {
            Some(Party::Holds(task)) => write!(f, ", held by {}", label(task)),
            Some(Party::HoldsOutside) => f.write_str(", held by what is no task"),
            Some(Party::Joined(task)) => write!(f, ", {}", label(task)),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Wait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, None)
    }
}

/// A wait, with the names of the tasks it has to do with.
struct Seen<'a> {
    wait: &'a Wait,
    dump: &'a Dump,
}

impl fmt::Display for Seen<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.wait.write(f, Some(self.dump))
    }
}

/// How a task is called: id, name, where it was spawned.
struct Label<'a> {
    id: Id,
    task: Option<&'a Task>,
}

impl fmt::Display for Label<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "task {}", self.id)?;
        let Some(task) = self.task else { return Ok(()) };
        if let Some(name) = &task.name {
            write!(f, " {name:?}")?;
        }
        match task.spawned_at() {
            Some(at) => write!(f, " ({at})"),
            None => write!(f, " ({})", task.future),
        }
    }
}
