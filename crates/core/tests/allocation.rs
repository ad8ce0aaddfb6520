//! The way to a decision about a key takes no memory from the heap; reading what others send takes
//! no more than a small multiple of it.

#![cfg(not(all(target_arch = "wasm32", target_os = "unknown")))]
#![allow(unsafe_code, reason = "an allocator that counts has to be one")]

#[cfg(test)]
mod fixture;

use core::alloc::{GlobalAlloc, Layout};
use core::cell::Cell;
use std::alloc::System;

struct Counting;

thread_local! {
    static TAKEN: Cell<u32> = const { Cell::new(0) };
    /// Bytes that are held, and the most that were.
    static HELD: Cell<(usize, usize)> = const { Cell::new((0, 0)) };
}

fn count() {
    // A thread that is ending has no counter any more, and nobody who reads it.
    let _ = TAKEN.try_with(|taken| taken.set(taken.get() + 1));
}

fn take(size: usize) {
    let _ = HELD.try_with(|held| {
        let (now, most) = held.get();
        held.set((now.wrapping_add(size), most.max(now.wrapping_add(size))));
    });
}

fn give(size: usize) {
    let _ = HELD.try_with(|held| {
        let (now, most) = held.get();
        // What was taken before the counting began may be given back in it.
        held.set((now.saturating_sub(size), most));
    });
}

// SAFETY: every call goes to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        take(layout.size());
        // SAFETY: as for this function.
        unsafe { System.alloc(layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        // Both are held while the one is copied to the other.
        take(size);
        give(layout.size());
        // SAFETY: as for this function.
        unsafe { System.realloc(pointer, layout, size) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        give(layout.size());
        // SAFETY: as for this function.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[cfg(test)]
mod hostile;

#[cfg(test)]
mod tests {
    use gatekey_core::check::{Decision, Env, Memory, Step};
    use gatekey_core::http::{Header, Request};
    use gatekey_core::snapshot::Change;
    use gatekey_core::time::UnixTime;

    use super::{HELD, TAKEN, fixture};

    fn taken(work: impl FnOnce()) -> u32 {
        let before = TAKEN.get();
        work();
        TAKEN.get() - before
    }

    /// The most bytes that work held at once.
    pub(super) fn held(work: impl FnOnce()) -> usize {
        HELD.set((0, 0));
        work();
        HELD.get().1
    }

    #[test]
    fn the_counter_counts() {
        assert_eq!(taken(|| drop(core::hint::black_box(Box::new(7)))), 1);
        assert_eq!(taken(|| ()), 0);
        let boxes = || {
            drop(core::hint::black_box(Box::new([0_u8; 100])));
            drop(core::hint::black_box([Box::new([0_u8; 50]), Box::new([0_u8; 50])]));
        };
        assert_eq!(held(boxes), 100);
    }

    #[test]
    fn a_check_takes_nothing() {
        let mut replica = fixture::loaded();
        let more: Vec<_> = (2..2_000)
            .map(|number| Change::Put(fixture::credential(number, fixture::APPLICATION).into()))
            .collect();
        replica.accept_delta(&fixture::delta(5, 6, &more)).unwrap();
        let policy = replica.policy().unwrap();
        let (settings, mut memory) = (fixture::settings(), Memory::default());
        let keys: Vec<_> = (1..1_000).map(|number| fixture::key(number).0).collect();
        let mut decide = |key: &str, second: u64| {
            let headers = [
                Header { name: b":path", value: b"/flights/1?x=1" },
                Header { name: b"x-version", value: b"2" },
                Header { name: b"APIKEY", value: key.as_bytes() },
                Header { name: b"accept", value: b"*/*" },
            ];
            let request = Request {
                method: b"GET",
                authority: b"api.test:443",
                path: b"/flights/1?x=1",
                headers: &headers,
            };
            let now = UnixTime(fixture::NOW.seconds().0 + second);
            let env = Env::new(now, &settings);
            let mut allowed = false;
            let count = taken(|| {
                if let Step::Done(Decision::Allow(grant)) =
                    policy.check(&mut memory, &env, &request)
                {
                    let caller = grant.caller.unwrap();
                    let mut visited = 0;
                    caller.identity(|_, value| visited += usize::from(!value.is_empty()));
                    allowed = visited == 8;
                }
            });
            (allowed, count)
        };
        for (second, key) in (0..).zip(&keys) {
            assert_eq!(decide(key, second), (true, 0), "{key}");
        }
        // Nor does a refusal.
        for key in ["", "hunter2", &fixture::key(5_000).0] {
            assert_eq!(decide(key, 0), (false, 0), "{key}");
        }
    }
}
