//! How long to wait before a call is made again.

use crate::adapter::Settled;

const LONGEST: u32 = 60;

/// The same call again: as late as the provider asks, or later with every attempt.
pub(crate) fn again(attempts: u32, asked: Option<u32>, reason: impl Into<String>) -> Settled {
    let grown = 1_u32.checked_shl(attempts.min(16)).unwrap_or(LONGEST).min(LONGEST);
    Settled::Retry { after_seconds: asked.unwrap_or(grown), reason: reason.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(attempts: u32, asked: Option<u32>) -> u32 {
        match again(attempts, asked, "busy") {
            Settled::Retry { after_seconds, .. } => after_seconds,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn waits_grow_to_a_minute_unless_the_provider_says() {
        let grown: Vec<u32> = (0..8).map(|attempts| seconds(attempts, None)).collect();
        assert_eq!(grown, [1, 2, 4, 8, 16, 32, 60, 60]);
        assert_eq!(seconds(u32::MAX, None), 60);
        assert_eq!(seconds(0, Some(7)), 7);
    }
}
