//! The guide: five minutes a page.
//!
//! | page | what it is about |
//! |---|---|
//! | [`getting_started`] | the first program on a thread, in a browser, under WASI, simulated, and bare |
//! | [`tasks_and_cancellation`] | starting, joining and ending tasks; what happens to panics |
//! | [`supervision`] | actors, and who starts them again; beside Erlang's |
//! | [`structured_concurrency`] | scopes, groups, clean-up, shutdown |
//! | [`cancel_safety`] | what each async method keeps and loses when its future is dropped |
//! | [`testing`] | a clock that stands still, and the simulator |
//! | [`observability`] | a runtime in numbers; who blocks a worker; what tasks wait for; tokio-console |
//! | [`drivers`] | readiness and completion: how they are chosen, and who owns a buffer until when |
//! | [`browser`] | the event loop: turns, bridges to JavaScript, workers, what goes wrong |
//! | [`wasi`] | commands, components that serve, modules in another's loop, and their hosts |
//! | [`writing_a_host`] | driving a runtime from a loop of your own |
//! | [`coming_from_tokio`] | what is the same, what is better, what differs, what is not there |
//!
//! The pages are files below `docs/guide/`, and their examples are tests.

#[doc = include_str!("../docs/guide/getting_started.md")]
pub mod getting_started {}

#[doc = include_str!("../docs/guide/tasks_and_cancellation.md")]
pub mod tasks_and_cancellation {}

#[doc = include_str!("../docs/guide/supervision.md")]
pub mod supervision {}

#[doc = include_str!("../docs/guide/structured_concurrency.md")]
pub mod structured_concurrency {}

#[doc = include_str!("../docs/guide/cancel_safety.md")]
pub mod cancel_safety {}

#[doc = include_str!("../docs/guide/testing.md")]
pub mod testing {}

#[doc = include_str!("../docs/guide/observability.md")]
pub mod observability {}

#[doc = include_str!("../docs/guide/drivers.md")]
pub mod drivers {}

#[doc = include_str!("../docs/guide/browser.md")]
pub mod browser {}

#[doc = include_str!("../docs/guide/wasi.md")]
pub mod wasi {}

#[doc = include_str!("../docs/guide/writing_a_host.md")]
pub mod writing_a_host {}

#[doc = include_str!("../docs/guide/coming_from_tokio.md")]
pub mod coming_from_tokio {}
