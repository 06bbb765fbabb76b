//! Finding tasks that wait for each other.
//!
//! A task that waits in several branches may go on by any of them, as far as a dump can tell. So
//! *stuck* are the tasks that wait for stuck tasks and for nothing else: all those that are left
//! when the others are taken away, again and again. Whoever is stuck waits for somebody stuck, so
//! following that leads round in a ring.

use super::report::{State, Task};
use crate::env::id::Id;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;

/// The rings, each once.
pub(super) fn find(tasks: &[Task]) -> Vec<Vec<Id>> {
    let next = stuck(tasks);
    let mut known = BTreeMap::new();
    let mut rings = Vec::new();
    for (walk, start) in next.keys().enumerate() {
        let (mut path, mut at) = (Vec::new(), *start);
        while !known.contains_key(&at) {
            known.insert(at, walk);
            path.push(at);
            at = next[&at];
        }
        // Met its own path, not that of a walk before.
        if known[&at] == walk {
            let begin = path.iter().position(|id| *id == at).unwrap_or(0);
            rings.push(path.split_off(begin));
        }
    }
    rings
}

/// The stuck tasks, and for each one that it waits for.
fn stuck(tasks: &[Task]) -> BTreeMap<Id, Id> {
    let waits = |task: &Task| -> Option<Vec<Id>> {
        let all: Option<Vec<Id>> =
            task.trace().waits().iter().map(|wait| wait.waits_for()).collect();
        all.filter(|all| !all.is_empty() && task.state() == State::Waiting)
    };
    let mut stuck: BTreeMap<Id, Vec<Id>> =
        tasks.iter().filter_map(|task| Some((task.id(), waits(task)?))).collect();
    loop {
        let free: Vec<Id> = stuck
            .iter()
            .filter(|(_, waits)| !waits.iter().all(|on| stuck.contains_key(on)))
            .map(|(id, _)| *id)
            .collect();
        if free.is_empty() {
            return stuck.into_iter().map(|(id, waits)| (id, waits[0])).collect();
        }
        free.iter().for_each(|id| drop(stuck.remove(id)));
    }
}
