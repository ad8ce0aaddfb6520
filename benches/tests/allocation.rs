//! A request with a good key is decided without touching the heap.
#![allow(unsafe_code, reason = "an allocator is unsafe by nature")]

use core::alloc::{GlobalAlloc, Layout};
use core::cell::Cell;
use std::alloc::System;

use gatekey_benches::native::{Library, NOW, headers, presented};
use gatekey_benches::population::Population;
use gatekey_benches::request::Case;

struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

fn count() {
    ALLOCATIONS.set(ALLOCATIONS.get() + 1);
}

unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        unsafe { System.dealloc(block, layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        unsafe { System.realloc(block, layout, size) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

fn allocations<T>(action: impl FnOnce() -> T) -> (T, usize) {
    let before = ALLOCATIONS.get();
    let result = action();
    (result, ALLOCATIONS.get() - before)
}

#[test]
fn the_counter_counts() {
    assert_eq!(allocations(|| Box::new([1_u8; 64])).1, 1);
}

#[test]
fn no_decision_about_a_key_allocates() {
    // More applications than the gateway's tables of counters have room for.
    let population = Population::shared(3_000, 3_000, NOW).unwrap();
    let mut library = Library::holding(&population).unwrap();
    for case in Case::ALL {
        for keys in presented(case, &population, population.len()) {
            let request = headers(&keys);
            let (allowed, allocations) = allocations(|| library.allows(&request).unwrap());
            assert_eq!(allowed, case == Case::Allow);
            assert_eq!(allocations, 0, "{case:?}");
        }
    }
}
