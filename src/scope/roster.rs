//! Who is there: the names of the children below a shutdown, for its report.

use crate::lock::Lock;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

/// The children below a shutdown that have not ended, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Roster(Lock<Listed>);

#[derive(Debug, Default)]
struct Listed {
    made: u64,
    names: BTreeMap<u64, Arc<str>>,
}

impl Roster {
    /// The names of those that are there.
    pub(crate) fn names(&self) -> Vec<String> {
        let names: Vec<Arc<str>> = self.0.lock().names.values().cloned().collect();
        names.iter().map(|name| String::from(&**name)).collect()
    }
}

/// A place in the tree below a shutdown.
#[derive(Clone)]
pub(crate) struct Place {
    roster: Arc<Roster>,
    path: Option<Arc<str>>,
}

impl Place {
    pub(crate) fn root(roster: Arc<Roster>) -> Self {
        Self { roster, path: None }
    }

    /// Lists a child below this place.
    pub(crate) fn list(&self, name: &str) -> Entry {
        let path: Arc<str> = match &self.path {
            Some(path) => format!("{path} > {name}").into(),
            None => name.into(),
        };
        let mut listed = self.roster.0.lock();
        listed.made += 1;
        let number = listed.made;
        listed.names.insert(number, path.clone());
        drop(listed);
        Entry { place: Self { roster: self.roster.clone(), path: Some(path) }, number }
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Place").field(&self.path).finish()
    }
}

/// A child on the roster, until it is dropped.
#[derive(Debug)]
pub(crate) struct Entry {
    place: Place,
    number: u64,
}

impl Entry {
    /// The place of the child, for what is nested in it.
    pub(crate) fn place(&self) -> &Place {
        &self.place
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        let name = self.place.roster.0.lock().names.remove(&self.number);
        drop(name);
    }
}
