//! Calls that JavaScript makes again and again: events and messages.
//!
//! As with [`slot`](super::slot), JavaScript knows a listener by its number, so a call that comes
//! after the listener was dropped finds nothing, and nothing of ours is kept alive by JavaScript.

use super::{call, event_loop, js};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::rc::Rc;
use std::string::String;
use std::task::{Context, Poll, Waker};
use std::vec::Vec;
use wasm_bindgen::{JsCast, JsValue};

/// Hears what JavaScript calls until it is dropped.
pub(super) struct Listener {
    number: u32,
    generation: u32,
    /// What it listens to, by the names of the events.
    targets: RefCell<Vec<(js::EventTarget, String, js::Callback)>>,
}

/// Gets the kind of the call, and its first argument.
type Call = Rc<dyn Fn(u32, JsValue)>;

#[derive(Default)]
struct Entry {
    generation: u32,
    call: Option<Call>,
}

struct Listeners {
    entries: Vec<Entry>,
    /// The numbers of those without a call.
    free: Vec<u32>,
}

std::thread_local! {
    static LISTENERS: RefCell<Listeners> =
        const { RefCell::new(Listeners { entries: Vec::new(), free: Vec::new() }) };
}

/// What JavaScript calls, bound to a listener, its generation and a kind.
fn heard(number: u32, generation: u32, kind: u32, argument: JsValue) {
    let call = LISTENERS.with_borrow(|listeners| {
        let entry = listeners.entries.get(number as usize)?;
        entry.call.clone().filter(|_| entry.generation == generation)
    });
    if let Some(call) = call {
        event_loop::in_callback(|| call(kind, argument));
    }
}

impl Listener {
    pub(super) fn new(call: impl Fn(u32, JsValue) + 'static) -> Self {
        let call: Call = Rc::new(call);
        LISTENERS.with_borrow_mut(|listeners| {
            let Listeners { entries, free } = listeners;
            let number = free.pop().unwrap_or_else(|| {
                entries.push(Entry::default());
                entries.len() as u32 - 1
            });
            let entry = &mut entries[number as usize];
            entry.call = Some(call);
            Self { number, generation: entry.generation, targets: RefCell::default() }
        })
    }

    /// A function whose calls are heard as of this kind.
    pub(super) fn callback(&self, kind: u32) -> js::Callback {
        call::bound(call::Kind::Event, heard).to(self.number, self.generation, kind)
    }

    /// Hears the events of a name as of this kind.
    ///
    /// # Errors
    /// What JavaScript throws if `target` is no event target.
    pub(super) fn listen(&self, target: &JsValue, name: &str, kind: u32) -> Result<(), JsValue> {
        let target = target.unchecked_ref::<js::EventTarget>();
        let callback = self.callback(kind);
        target.add_event_listener(name, &callback)?;
        let target = target.unchecked_ref::<JsValue>().clone().unchecked_into();
        self.targets.borrow_mut().push((target, name.into(), callback));
        Ok(())
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        for (target, name, callback) in self.targets.take() {
            target.remove_event_listener(&name, &callback);
        }
        // Foreign code is dropped after the borrow has ended.
        let _call = LISTENERS.with_borrow_mut(|listeners| {
            listeners.free.push(self.number);
            let entry = &mut listeners.entries[self.number as usize];
            entry.generation = entry.generation.wrapping_add(1);
            entry.call.take()
        });
    }
}

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Listener").field("number", &self.number).finish_non_exhaustive()
    }
}

/// What came and nobody has taken yet, and who waits for it.
#[derive(Debug)]
pub(super) struct Inbox<T> {
    state: RefCell<State<T>>,
    capacity: usize,
}

#[derive(Debug)]
struct State<T> {
    items: VecDeque<T>,
    waker: Option<Waker>,
    lost: u64,
    ended: bool,
}

impl<T> Inbox<T> {
    /// An inbox that forgets the oldest item if there are more than `capacity`.
    pub(super) fn new(capacity: usize) -> Rc<Self> {
        let state = State { items: VecDeque::new(), waker: None, lost: 0, ended: false };
        Rc::new(Self { state: RefCell::new(state), capacity })
    }

    pub(super) fn push(&self, item: T) {
        let mut state = self.state.borrow_mut();
        if state.ended {
            return;
        }
        let oldest =
            if state.items.len() >= self.capacity { state.items.pop_front() } else { None };
        state.lost += u64::from(oldest.is_some());
        state.items.push_back(item);
        let waker = state.waker.take();
        drop(state);
        drop(oldest);
        waker.into_iter().for_each(Waker::wake);
    }

    /// Nothing more will come.
    pub(super) fn end(&self) {
        let mut state = self.state.borrow_mut();
        state.ended = true;
        let waker = state.waker.take();
        drop(state);
        waker.into_iter().for_each(Waker::wake);
    }

    /// How many were forgotten.
    pub(super) fn lost(&self) -> u64 {
        self.state.borrow().lost
    }

    pub(super) fn is_ended(&self) -> bool {
        self.state.borrow().ended
    }

    /// How much is there, by the sum of what `weigh` says.
    pub(super) fn weight(&self, weigh: impl Fn(&T) -> usize) -> usize {
        self.state.borrow().items.iter().map(weigh).sum()
    }

    pub(super) fn try_take(&self) -> Option<T> {
        self.state.borrow_mut().items.pop_front()
    }

    /// Takes the oldest item; `None` when nothing more will come.
    pub(super) fn poll(&self, cx: &mut Context<'_>) -> Poll<Option<T>> {
        if let Some(item) = self.try_take() {
            return Poll::Ready(Some(item));
        }
        if self.is_ended() {
            return Poll::Ready(None);
        }
        let waker = cx.waker().clone();
        let old = self.state.borrow_mut().waker.replace(waker);
        drop(old);
        Poll::Pending
    }
}

/// The events of one name, as a stream.
///
/// Each is heard while JavaScript dispatches it and waits here until it is taken. The oldest is
/// forgotten where [`CAPACITY`](Self::CAPACITY) wait: events cannot be told to slow down.
/// [`lost`](Self::lost) counts those.
///
/// ```ignore
/// let mut clicks = Events::new(&button, "click")?;
/// while let Some(click) = clicks.next().await {
///     count += 1;
/// }
/// ```
#[derive(Debug)]
pub struct Events {
    inbox: Rc<Inbox<JsValue>>,
    _listener: Listener,
}

impl Events {
    /// How many events wait to be taken, at most.
    pub const CAPACITY: usize = 1024;

    /// Listens to the events of `name` until it is dropped.
    ///
    /// # Errors
    /// What JavaScript throws if `target` is no `EventTarget`.
    pub fn new(target: &JsValue, name: &str) -> Result<Self, JsValue> {
        Self::with(target, name, |_| {})
    }

    /// [`new`](Self::new), and calls `preventDefault` for each, which cannot wait until it is taken.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn prevented(target: &JsValue, name: &str) -> Result<Self, JsValue> {
        Self::with(target, name, |event| event.unchecked_ref::<js::Event>().prevent_default())
    }

    fn with(target: &JsValue, name: &str, at_once: fn(&JsValue)) -> Result<Self, JsValue> {
        let inbox = Inbox::new(Self::CAPACITY);
        let into = inbox.clone();
        let listener = Listener::new(move |_, event| {
            at_once(&event);
            into.push(event);
        });
        listener.listen(target, name, 0)?;
        Ok(Self { inbox, _listener: listener })
    }

    /// How many events were forgotten because nobody took them.
    pub fn lost(&self) -> u64 {
        self.inbox.lost()
    }
}

impl crate::stream::Stream for Events {
    type Item = JsValue;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<JsValue>> {
        self.inbox.poll(cx)
    }
}
