//! The allocator of the core, on ground that ends after a few pages.

#[path = "../src/memory.rs"]
mod memory;
#[path = "../src/single.rs"]
mod single;

/// What `src/ground.rs` is for an instance, for a test.
mod ground {
    use std::alloc::{Layout, alloc, dealloc};
    use std::cell::Cell;

    pub const PAGE: usize = 0x10000;

    thread_local! {
        static END: Cell<usize> = const { Cell::new(0) };
        static LIMIT: Cell<usize> = const { Cell::new(0) };
    }

    pub fn end() -> usize {
        END.get()
    }

    pub fn grow(pages: usize) -> bool {
        let end = pages.checked_mul(PAGE).and_then(|bytes| END.get().checked_add(bytes));
        let end = end.filter(|end| *end <= LIMIT.get());
        end.into_iter().for_each(|end| END.set(end));
        end.is_some()
    }

    /// The ground of this thread, as long as it lives.
    pub struct Ground {
        pub begin: usize,
        layout: Layout,
    }

    impl Ground {
        pub fn of(pages: usize) -> Self {
            let layout = Layout::from_size_align(pages * PAGE, PAGE).unwrap();
            // SAFETY: the layout is of some size.
            let begin = unsafe { alloc(layout) }.expose_provenance();
            END.set(begin);
            LIMIT.set(begin + layout.size());
            Self { begin, layout }
        }

        pub fn limit(&self) -> usize {
            self.begin + self.layout.size()
        }
    }

    impl Drop for Ground {
        fn drop(&mut self) {
            // SAFETY: it was allocated with this layout.
            unsafe { dealloc(std::ptr::with_exposed_provenance_mut(self.begin), self.layout) };
        }
    }
}

use ground::{Ground, PAGE};
use memory::Allocator;
use std::alloc::{GlobalAlloc, Layout};
use std::collections::BTreeMap;

/// Everything that somebody has, by its place.
struct Had<'a> {
    allocator: &'a Allocator,
    ground: &'a Ground,
    pieces: BTreeMap<usize, (Layout, u8)>,
}

impl Had<'_> {
    /// Takes a piece, which lies in the ground, where it should, and in nobody else's.
    fn take(&mut self, layout: Layout, mark: u8) -> Option<usize> {
        // SAFETY: layouts here are of some size.
        let piece = unsafe { self.allocator.alloc(layout) };
        if piece.is_null() {
            return None;
        }
        let (place, end) = (piece.addr(), piece.addr() + layout.size());
        assert!(place >= self.ground.begin && end <= ground::end(), "{layout:?} ends outside");
        assert_eq!(place % layout.align(), 0);
        let before = self.pieces.range(..end).next_back();
        assert!(before.is_none_or(|(at, (before, _))| at + before.size() <= place), "it is had");
        // SAFETY: it is ours.
        unsafe { piece.write_bytes(mark, layout.size()) };
        self.pieces.insert(place, (layout, mark));
        Some(place)
    }

    /// Gives one back that nobody else has written to.
    fn give(&mut self, place: usize) {
        let (layout, mark) = self.pieces.remove(&place).unwrap();
        let piece: *mut u8 = std::ptr::with_exposed_provenance_mut(place);
        // SAFETY: it was ours until now.
        unsafe {
            let bytes = std::slice::from_raw_parts(piece, layout.size());
            assert!(bytes.iter().all(|byte| *byte == mark), "somebody wrote to {layout:?}");
            self.allocator.dealloc(piece, layout);
        }
    }
}

fn layout(size: usize, align: usize) -> Layout {
    Layout::from_size_align(size, align).unwrap()
}

#[test]
fn pieces_are_ones_own_until_they_are_given_back() {
    let (ground, allocator) = (Ground::of(8), Allocator::new());
    let mut had = Had { allocator: &allocator, ground: &ground, pieces: BTreeMap::new() };
    let mut seed = 1_u64;
    let mut draw = |below: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize % below
    };
    let (mut refused, mut taken) = (0, 0);
    for round in 0..20_000 {
        let size = [1 + draw(64), 1 + draw(512), 500 + draw(30), 1 + draw(20_000)][draw(4)];
        match had.take(layout(size, 1 << draw(8)), round as u8) {
            Some(_) => taken += 1,
            None => refused += 1,
        }
        while had.pieces.len() > 40 {
            let place = *had.pieces.keys().nth(draw(had.pieces.len())).unwrap();
            had.give(place);
        }
    }
    assert!(taken > 10_000 && refused > 100, "{taken} taken, {refused} refused");
}

#[test]
fn nothing_reaches_over_the_end() {
    for size in [1024, 0x2000, 0x8000, PAGE] {
        // So much is left, and hardly any of it where a large piece begins.
        for left in (0..20).map(|n| size + 16 * n).chain([0, 16, 2 * PAGE - 16, 2 * PAGE]) {
            let (ground, allocator) = (Ground::of(2), Allocator::new());
            let mut had = Had { allocator: &allocator, ground: &ground, pieces: BTreeMap::new() };
            for _ in 0..(2 * PAGE - left) / 16 {
                had.take(layout(16, 16), 1).unwrap();
            }
            // However many there is room for, the next one is refused.
            while had.take(layout(size, 128), 2).is_some() {}
            assert!(ground::end() <= ground.limit());
        }
    }
}

#[test]
fn what_was_given_back_is_had_again_without_more_ground() {
    let (ground, allocator) = (Ground::of(4), Allocator::new());
    let mut had = Had { allocator: &allocator, ground: &ground, pieces: BTreeMap::new() };
    for size in [1, 16, 17, 64, 512, 513, 5000] {
        let mut first: Vec<_> = (0..3).map(|_| had.take(layout(size, 8), 3).unwrap()).collect();
        first.sort();
        let end = ground::end();
        first.iter().for_each(|place| had.give(*place));
        // The rest of the class is as good.
        let again = |had: &mut Had<'_>, size| had.take(layout(size, 8), 4).unwrap();
        let mut second: Vec<_> = (0..3).map(|_| again(&mut had, size)).collect();
        second.sort();
        assert_eq!(second, first);
        assert_eq!(ground::end(), end);
        second.iter().for_each(|place| had.give(*place));
    }
}

#[test]
fn room_that_there_is_can_be_had() {
    for bytes in [1, 512, 0x8000, PAGE, 2 * PAGE, 3 * PAGE - 64] {
        let (_ground, allocator) = (Ground::of(3), Allocator::new());
        // SAFETY: it is of some size.
        unsafe { allocator.alloc(layout(64, 16)) };
        assert!(allocator.has(bytes));
        let end = ground::end();
        assert!(allocator.has(bytes) && ground::end() == end, "asking again asks for nothing");
        assert!(!allocator.has(3 * PAGE - 63));
        assert!(!allocator.has(usize::MAX));
        for _ in 0..bytes / 512 {
            // SAFETY: it is of some size.
            assert!(!unsafe { allocator.alloc(layout(512, 16)) }.is_null());
        }
        assert_eq!(ground::end(), end, "and it was there");
    }
}

#[test]
fn what_somebody_else_has_grown_is_theirs() {
    let (ground, allocator) = (Ground::of(5), Allocator::new());
    let mut had = Had { allocator: &allocator, ground: &ground, pieces: BTreeMap::new() };
    let first = had.take(layout(64, 16), 5).unwrap();
    assert!(ground::grow(2));
    let theirs = ground::end() - 2 * PAGE..ground::end();
    assert_eq!(had.take(layout(64, 16), 6), Some(first + 64), "what is left before is used up");
    while let Some(place) = had.take(layout(400, 16), 7) {
        assert!(!theirs.contains(&place) && !theirs.contains(&(place + 399)));
    }
    assert!(had.pieces.keys().any(|place| *place >= theirs.end), "and so is what comes behind");
}
