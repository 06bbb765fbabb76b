use super::{Direction, Slot};
use crate::io::{Interest, Ready};
use core::task::Context;
use loom::future::block_on;
use loom::sync::Arc;
use loom::thread;

/// The operation fails, an edge comes, the readiness is cleared: in whatever order, the task that
/// polls afterwards learns of the edge.
#[test]
fn loom_a_clear_and_an_edge() {
    loom::model(|| {
        let slot = Arc::new(Slot::new());
        slot.set(0, Ready::READABLE);
        let event = slot.event(Interest::READABLE);
        let reactor = {
            let slot = Arc::clone(&slot);
            thread::spawn(move || slot.set(0, Ready::READABLE))
        };
        slot.clear(event);
        block_on(core::future::poll_fn(|cx| slot.poll(cx, Direction::Read, None)));
        reactor.join().unwrap();
    });
}

/// Two tasks of both kinds begin to wait while an edge comes: both learn of it.
#[test]
fn loom_waiting_and_an_edge() {
    loom::model(|| {
        let slot = Arc::new(Slot::new());
        let reactor = {
            let slot = Arc::clone(&slot);
            thread::spawn(move || slot.set(0, Ready::READABLE))
        };
        let other = {
            let slot = Arc::clone(&slot);
            thread::spawn(move || drop(block_on(slot.wait(Interest::READABLE, None))))
        };
        block_on(core::future::poll_fn(|cx: &mut Context<'_>| {
            slot.poll(cx, Direction::Read, None)
        }));
        reactor.join().unwrap();
        other.join().unwrap();
    });
}

/// A slot gets its next source while an edge of the one before comes: the next source is not ready.
#[test]
fn loom_a_stale_edge() {
    loom::model(|| {
        let slot = Arc::new(Slot::new());
        let reactor = {
            let slot = Arc::clone(&slot);
            thread::spawn(move || slot.set(0, Ready::READABLE))
        };
        slot.renew();
        reactor.join().unwrap();
        assert!(slot.event(Interest::READABLE).ready.is_empty());
    });
}

/// Waiting and the end of the runtime.
#[test]
fn loom_waiting_and_shutting_down() {
    loom::model(|| {
        let slot = Arc::new(Slot::new());
        let reactor = {
            let slot = Arc::clone(&slot);
            thread::spawn(move || slot.shut_down())
        };
        assert!(block_on(slot.wait(Interest::READABLE, None)).shut_down);
        reactor.join().unwrap();
    });
}

/// Epoll, as far as one source goes that has something to read from the start.
#[derive(Default)]
struct Kernel {
    /// Tells again, or once.
    by_level: bool,
    /// Has something to tell.
    told: bool,
}

impl Kernel {
    /// Changes how it tells, and looks at the source.
    fn modify(&mut self, by_level: bool) {
        *self = Self { by_level, told: true };
    }

    fn wait(&mut self) -> bool {
        let told = self.told;
        self.told &= self.by_level;
        told
    }
}

/// A read that filled its buffer forgets the readiness while there is more to read. Somebody has the system
/// go back to edges meanwhile, and the reactor tells what it is told: the reader still learns that there is
/// more.
#[test]
fn loom_a_full_read_and_the_return_to_edges() {
    loom::model(|| {
        let slot = Arc::new(Slot::new());
        let kernel = Arc::new(loom::sync::Mutex::new(Kernel::default()));
        slot.set(0, Ready::READABLE | Ready::WRITABLE);
        assert!(slot.repeat());
        kernel.lock().unwrap().modify(true);
        let tell = |slot: &Slot, kernel: &loom::sync::Mutex<Kernel>| {
            let told = kernel.lock().unwrap().wait();
            if told {
                slot.set(0, Ready::READABLE);
            }
        };
        let reactor = {
            let (slot, kernel) = (Arc::clone(&slot), Arc::clone(&kernel));
            thread::spawn(move || tell(&slot, &kernel))
        };
        let writer = {
            let (slot, kernel) = (Arc::clone(&slot), Arc::clone(&kernel));
            thread::spawn(move || {
                slot.stop_repeating();
                kernel.lock().unwrap().modify(false);
            })
        };
        let reader = {
            let slot = Arc::clone(&slot);
            thread::spawn(move || {
                let event = slot.event(Interest::READABLE);
                if event.repeats {
                    slot.clear(event);
                }
            })
        };
        reactor.join().unwrap();
        writer.join().unwrap();
        reader.join().unwrap();
        tell(&slot, &kernel);
        assert!(slot.event(Interest::READABLE).ready.is_readable());
    });
}

/// A write finds no room while the reader has the system tell of reading only: the writer learns of
/// room, or it sees that it has to ask for that.
#[test]
fn loom_a_full_pipe_and_the_end_of_edges() {
    loom::model(|| {
        let slot = Arc::new(Slot::new());
        slot.set(0, Ready::READABLE | Ready::WRITABLE);
        let reader = {
            let slot = Arc::clone(&slot);
            thread::spawn(move || slot.repeat())
        };
        slot.clear(slot.event(Interest::WRITABLE));
        let sees = slot.repeats();
        assert_eq!(sees, reader.join().unwrap(), "nobody tells the writer");
    });
}
