//! Memory that the host fills and the guest owns.
#![allow(unsafe_code, reason = "the ABI passes raw memory")]

use core::alloc::Layout;
use core::cell::Cell;
use core::ptr;
use std::alloc::alloc;

thread_local! {
    /// The block the host asked for last: the only one it can hand over next.
    static LAST: Cell<(*mut u8, usize)> = const { Cell::new((ptr::null_mut(), 0)) };
}

crate::export! {
    fn proxy_on_memory_allocate(size: usize) -> *mut u8 {
        let block = match Layout::array::<u8>(size) {
            Ok(layout) if size != 0 => unsafe { alloc(layout) },
            _ => ptr::NonNull::dangling().as_ptr(),
        };
        LAST.set((block, size));
        block
    }
}

/// Takes over what the host wrote; `None` when it is not in the block that was allocated for it.
pub(super) fn take(block: *mut u8, length: usize) -> Option<Vec<u8>> {
    if length == 0 || block.is_null() {
        return Some(Vec::new());
    }
    let (known, size) = LAST.replace((ptr::null_mut(), 0));
    // The block is given away once, and only in its whole size.
    (known == block && length <= size).then(|| unsafe { Vec::from_raw_parts(block, length, size) })
}
