//! Which thread this is, for people to read: the id of the standard library, kept in the context,
//! for asking the library costs more.

pub(crate) use std::thread::ThreadId;

/// The id of this thread.
#[inline]
pub(crate) fn current() -> ThreadId {
    super::context::with(|cx| cx.thread_id.get().unwrap_or_else(|| ask(cx)))
}

#[cold]
fn ask(cx: &super::context::Context) -> ThreadId {
    let id = std::thread::current().id();
    cx.thread_id.set(Some(id));
    id
}
