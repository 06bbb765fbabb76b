//! Names for actors.

use super::addr::{Addr, WeakAddr};
use super::behaviour::LocalActor;
use super::signals::{ActorId, Watcher};
use crate::lock::Lock;
use crate::sync::Notify;
use alloc::borrow::ToOwned;
use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::any::{Any, TypeId};
use core::fmt;

/// Names for actors, and one actor a type: how those find each other that were not introduced.
///
/// A registry is a value; clones are the same registry. It keeps no actor alive, and a name is
/// free again when its actor stops. So what is restarted registers anew under its old name, for
/// example in its [`init`](super::Actor::init), and others find it there.
///
/// # Examples
/// ```
/// use creel::actor::{Actor, Context, ExitReason, Registry, ReplyTo};
///
/// struct Clock(u64);
///
/// impl Actor for Clock {
///     type Message = ReplyTo<u64>;
///
///     async fn handle(&mut self, reply: ReplyTo<u64>, _: &mut Context<Self>) -> Result<(), ExitReason> {
///         self.0 += 1;
///         reply.send(self.0);
///         Ok(())
///     }
/// }
///
/// # #[creel::main(flavor = "current_thread")]
/// # async fn main() {
/// let registry = Registry::new();
/// let clock = Clock(0).start();
/// registry.register("wall", &clock).unwrap();
/// registry.register_type(&clock).unwrap();
///
/// let found = registry.get::<Clock>("wall").unwrap();
/// assert_eq!(found.call(|reply| reply).await.unwrap(), 1);
/// assert_eq!(registry.get_type::<Clock>(), Some(found));
/// assert!(registry.register("wall", &Clock(7).start()).is_err());
///
/// clock.stop();
/// assert_eq!(registry.get::<Clock>("wall"), None);
/// # }
/// ```
#[derive(Clone, Default)]
pub struct Registry {
    inner: Arc<Inner>,
}

#[derive(Default)]
struct Inner {
    entries: Lock<BTreeMap<Key, Box<dyn Entry>>>,
    changed: Notify,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Name(String),
    Type(TypeId),
}

impl Key {
    fn of(name: &str) -> Self {
        Self::Name(name.to_owned())
    }
}

/// The address of an actor of any type.
trait Entry: Send + Sync {
    fn actor(&self) -> ActorId;
    fn is_closed(&self) -> bool;
    fn as_any(&self) -> &dyn Any;
}

impl<A: LocalActor<Message: Send>> Entry for WeakAddr<A> {
    fn actor(&self) -> ActorId {
        self.id()
    }

    fn is_closed(&self) -> bool {
        self.shared().is_closed()
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl Registry {
    /// An empty registry.
    pub fn new() -> Self {
        Self::default()
    }

    /// Gives an actor a name. It may have several.
    ///
    /// # Errors
    /// [`NameTaken`] if another actor has the name and accepts messages.
    pub fn register<A: LocalActor<Message: Send>>(
        &self,
        name: &str,
        addr: &Addr<A>,
    ) -> Result<(), NameTaken> {
        self.insert(Key::of(name), addr)
    }

    /// Makes an actor the one of its type.
    ///
    /// # Errors
    /// [`NameTaken`] if the type has another one, which accepts messages.
    pub fn register_type<A: LocalActor<Message: Send>>(
        &self,
        addr: &Addr<A>,
    ) -> Result<(), NameTaken> {
        self.insert(Key::Type(TypeId::of::<A>()), addr)
    }

    /// The actor of that name, if it is of this type and accepts messages.
    pub fn get<A: LocalActor<Message: Send>>(&self, name: &str) -> Option<Addr<A>> {
        self.find(&Key::of(name))
    }

    /// The actor of this type, if there is one that accepts messages.
    pub fn get_type<A: LocalActor<Message: Send>>(&self) -> Option<Addr<A>> {
        self.find(&Key::Type(TypeId::of::<A>()))
    }

    /// [`get`](Self::get), waiting until there is one.
    ///
    /// # Cancel safety
    /// Dropping the future changes nothing.
    pub async fn wait_for<A: LocalActor<Message: Send>>(&self, name: &str) -> Addr<A> {
        let key = Key::of(name);
        loop {
            let changed = self.inner.changed.notified();
            if let Some(addr) = self.find(&key) {
                return addr;
            }
            changed.await;
        }
    }

    /// Takes a name away; answers whether somebody had it.
    pub fn unregister(&self, name: &str) -> bool {
        self.remove(&Key::of(name), |_| true)
    }

    /// Takes away that an actor is the one of its type; answers whether there was one.
    pub fn unregister_type<A: LocalActor>(&self) -> bool {
        self.remove(&Key::Type(TypeId::of::<A>()), |_| true)
    }

    /// The names of those that accept messages, in order.
    pub fn names(&self) -> Vec<String> {
        let entries = self.inner.entries.lock();
        let open = entries.iter().filter(|(_, entry)| !entry.is_closed());
        let name = |key: &Key| match key {
            Key::Name(name) => Some(name.clone()),
            Key::Type(_) => None,
        };
        open.filter_map(|(key, _)| name(key)).collect()
    }

    fn insert<A: LocalActor<Message: Send>>(
        &self,
        key: Key,
        addr: &Addr<A>,
    ) -> Result<(), NameTaken> {
        let entry = Box::new(addr.downgrade());
        let mut entries = self.inner.entries.lock();
        if let Some(entry) = entries.get(&key)
            && entry.actor() != addr.id()
            && !entry.is_closed()
        {
            return Err(NameTaken(entry.actor()));
        }
        let before = entries.insert(key.clone(), entry);
        drop(entries);
        let is_new = before.as_ref().is_none_or(|entry| entry.actor() != addr.id());
        drop(before);
        self.inner.changed.notify_waiters();
        if is_new {
            let (inner, id) = (Arc::downgrade(&self.inner), addr.id());
            addr.shared().watch(Watcher::Call(Box::new(move |_| {
                if let Some(inner) = inner.upgrade() {
                    Self { inner }.remove(&key, |entry| entry.actor() == id);
                }
            })));
        }
        Ok(())
    }

    fn find<A: LocalActor<Message: Send>>(&self, key: &Key) -> Option<Addr<A>> {
        let weak = {
            let entries = self.inner.entries.lock();
            entries.get(key)?.as_any().downcast_ref::<WeakAddr<A>>()?.clone()
        };
        weak.upgrade()
    }

    fn remove(&self, key: &Key, which: impl Fn(&dyn Entry) -> bool) -> bool {
        let mut entries = self.inner.entries.lock();
        let removed = match entries.get(key) {
            Some(entry) if which(&**entry) => entries.remove(key),
            _ => None,
        };
        drop(entries);
        removed.is_some()
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registry").field("names", &self.names()).finish_non_exhaustive()
    }
}

/// Another actor has that name; this is who.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NameTaken(pub ActorId);

impl fmt::Display for NameTaken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the name is taken by actor {}", self.0)
    }
}

impl core::error::Error for NameTaken {}
