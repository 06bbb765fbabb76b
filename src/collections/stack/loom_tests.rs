//! The stack, in every interleaving of a few steps.

use super::Stack;
use crate::collections::witness::{Witness, numbers};
use loom::thread;
use std::sync::Arc;
use std::vec::Vec;

#[test]
fn loom_two_push_and_two_pop() {
    loom::model(|| {
        let stack = Arc::new(Stack::new());
        let other = {
            let stack = Arc::clone(&stack);
            thread::spawn(move || {
                stack.push(Witness::new(1));
                stack.pop()
            })
        };
        stack.push(Witness::new(2));
        let mine = stack.pop();
        assert!(mine.is_some(), "there is one for each");
        assert_eq!(numbers(mine.into_iter().chain(other.join().unwrap())), [1, 2]);
    });
}

/// The head is the same again, but its next is not.
#[test]
fn loom_a_node_does_not_come_back_while_it_is_looked_at() {
    loom::model(|| {
        let stack = Arc::new(Stack::new());
        (1..=2).for_each(|number| stack.push(Witness::new(number)));
        let other = {
            let stack = Arc::clone(&stack);
            thread::spawn(move || {
                let two = [stack.pop(), stack.pop()];
                stack.push(Witness::new(3));
                two
            })
        };
        let mine = stack.pop();
        let mut all: Vec<_> = other.join().unwrap().into_iter().flatten().chain(mine).collect();
        all.extend(stack.take_all());
        assert_eq!(numbers(all), [1, 2, 3]);
    });
}

#[test]
fn loom_all_are_taken_while_one_is_popped() {
    loom::model(|| {
        let stack = Arc::new(Stack::new());
        (1..=2).for_each(|number| stack.push(Witness::new(number)));
        let other = {
            let stack = Arc::clone(&stack);
            thread::spawn(move || stack.pop())
        };
        let mut all: Vec<_> = stack.take_all().collect();
        all.extend(other.join().unwrap());
        assert_eq!(numbers(all), [1, 2]);
    });
}
