//! Things by number.

use alloc::rc::Rc;
use alloc::vec::Vec;
use core::cell::RefCell;

/// Gives each thing a number, which is free again when the thing is taken out.
pub struct Table<T> {
    places: RefCell<Vec<Place<T>>>,
}

enum Place<T> {
    Taken(Rc<T>),
    /// The next free place, plus one.
    Free(u32),
}

impl<T> Table<T> {
    /// A table whose first place, number 0, heads the list of the free ones.
    pub const fn new() -> Self {
        Self { places: RefCell::new(Vec::new()) }
    }

    pub fn insert(&self, thing: T) -> (u32, Rc<T>) {
        let thing = Rc::new(thing);
        let mut places = self.places.borrow_mut();
        if places.is_empty() {
            places.push(Place::Free(0));
        }
        let head = match places[0] {
            Place::Free(head) => head,
            Place::Taken(_) => unreachable!("number 0 is never given"),
        };
        if head == 0 {
            places.push(Place::Taken(Rc::clone(&thing)));
            return (places.len() as u32 - 1, thing);
        }
        let next = match places[head as usize] {
            Place::Free(next) => next,
            Place::Taken(_) => unreachable!("what is in the list is free"),
        };
        places[0] = Place::Free(next);
        places[head as usize] = Place::Taken(Rc::clone(&thing));
        (head, thing)
    }

    /// How many things there are at most: what it has places for.
    pub fn len(&self) -> usize {
        self.places.borrow().len()
    }

    /// Takes everything out.
    #[cfg(feature = "sim")]
    pub fn clear(&self) {
        drop(self.places.take());
    }

    pub fn get(&self, id: u32) -> Option<Rc<T>> {
        match self.places.borrow().get(id as usize)? {
            Place::Taken(thing) => Some(Rc::clone(thing)),
            Place::Free(_) => None,
        }
    }

    pub fn remove(&self, id: u32) -> Option<Rc<T>> {
        let mut places = self.places.borrow_mut();
        let head = match places.first()? {
            Place::Free(head) => *head,
            Place::Taken(_) => unreachable!("number 0 is never given"),
        };
        let place = places.get_mut(id as usize).filter(|place| matches!(place, Place::Taken(_)))?;
        let Place::Taken(thing) = core::mem::replace(place, Place::Free(head)) else {
            unreachable!("looked at just now")
        };
        places[0] = Place::Free(id);
        Some(thing)
    }
}
