//! Wakers that set a slot.

use crate::io::Ready;
use crate::socket::slot::Slot;
use core::task::Waker;
use std::sync::Arc;
use std::task::Wake;

/// Sets a slot to this when it is woken.
struct Tell {
    slot: Arc<Slot>,
    /// The source that the slot is for now.
    generation: usize,
    ready: Ready,
}

/// A waker that sets `slot`.
pub(super) fn tell(slot: &Arc<Slot>, ready: Ready) -> Waker {
    let generation = slot.generation();
    Waker::from(Arc::new(Tell { slot: Arc::clone(slot), generation, ready }))
}

impl Wake for Tell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.slot.set(self.generation, self.ready);
    }
}
