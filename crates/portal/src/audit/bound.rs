//! How many refusals become entries: whoever is refused must not be able to fill the log.

use core::net::IpAddr;
use std::collections::HashMap;
use std::sync::Mutex;

/// Entries of refusals in a minute from one address.
const FROM_ONE: u32 = 30;
/// Entries of refusals in a minute from all.
const FROM_ALL: u32 = 300;
const MINUTE_MS: i64 = 60_000;

/// The counts of this minute.
#[derive(Debug, Default)]
pub(crate) struct Bound(Mutex<Counts>);

#[derive(Debug, Default)]
struct Counts {
    minute: i64,
    all: u32,
    by_address: HashMap<Option<IpAddr>, u32>,
    untold: u64,
}

impl Bound {
    /// Whether another refusal may be written; if so, how many were not since the last one.
    pub(crate) fn may_note(&self, address: Option<IpAddr>, now: i64) -> Option<u64> {
        let mut counts = self.0.lock().ok()?;
        let minute = now.div_euclid(MINUTE_MS);
        if counts.minute != minute {
            counts.minute = minute;
            counts.all = 0;
            counts.by_address.clear();
        }
        let here = counts.by_address.get(&address).copied().unwrap_or_default();
        if here >= FROM_ONE || counts.all >= FROM_ALL {
            counts.untold += 1;
            return None;
        }
        counts.all += 1;
        counts.by_address.insert(address, here + 1);
        Some(core::mem::take(&mut counts.untold))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_cannot_fill_the_log_and_what_is_untold_is_counted() {
        let bound = Bound::default();
        let (one, other) = (Some([10, 0, 0, 1].into()), Some([10, 0, 0, 2].into()));
        let told = (0..100).filter(|_| bound.may_note(one, 0).is_some()).count();
        assert_eq!(told, FROM_ONE as usize);
        assert_eq!(bound.may_note(other, 0), Some(70));
        assert_eq!(bound.may_note(other, 0), Some(0));
        assert_eq!(bound.may_note(one, MINUTE_MS), Some(0));
    }

    #[test]
    fn nor_can_many() {
        let bound = Bound::default();
        let told = (0..1_000_u32)
            .filter(|n| bound.may_note(Some(IpAddr::from(n.to_be_bytes())), 0).is_some());
        assert_eq!(told.count(), FROM_ALL as usize);
    }
}
