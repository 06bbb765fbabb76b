//! Programs that are cancelled at each of their awaits, in the simulator: see the harness.

#[path = "every_await/actors.rs"]
mod actors;
#[path = "every_await/harness.rs"]
mod harness;
#[path = "every_await/scopes.rs"]
mod scopes;
#[path = "every_await/tasks.rs"]
mod tasks;
