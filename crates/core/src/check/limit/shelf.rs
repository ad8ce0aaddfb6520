//! Where counts are kept: a fixed number of shelves, each with room for so many applications.
//!
//! A shelf is bytes, so that a host can keep it: little-endian words of eight. An entry is two words
//! of an application's id, a word with the number of its buckets, and the buckets in the order of its
//! limits. When a shelf is full, entries that say nothing any more are thrown out; when there are none,
//! the application that comes last is refused: throwing out a count would let somebody begin anew.

use alloc::vec::Vec;

use super::Exceeded;
use super::bucket::{BUCKET_WORDS, Bucket, Word};
use crate::id::{ApiId, ApplicationId};
use crate::lifecycle::limit::{LIMITS_PER_APPLICATION, Limit};
use crate::time::UnixMillis;

/// How many shelves there are: a power of two.
pub(super) const SHELVES: u16 = 4_096;
/// How many applications have room on one.
pub(super) const ENTRIES: usize = 64;
const WORD_BYTES: usize = 8;
/// An application's id and the number of its buckets.
const HEAD_WORDS: usize = 3;

/// The shelf of an application. The portal draws ids at random and no client chooses one: their
/// bits need no further mixing.
pub(super) fn number(application: ApplicationId) -> u16 {
    let end = application.as_bytes().last_chunk().copied();
    end.map_or(0, u16::from_le_bytes) % SHELVES
}

/// Every shelf, made when the first is asked for.
#[derive(Debug, Default)]
pub(super) struct Shelves {
    shelves: Vec<Vec<u8>>,
    /// For a number that there is not.
    none: Vec<u8>,
}

impl Shelves {
    pub(super) fn shelf(&mut self, number: u16) -> &mut Vec<u8> {
        if self.shelves.is_empty() {
            self.shelves.resize_with(SHELVES.into(), Vec::new);
        }
        self.shelves.get_mut(usize::from(number)).unwrap_or(&mut self.none)
    }
}

/// What became of a request on a shelf.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is counted.
    Passes,
    /// It is not counted: of the limits in its way this one lasts longest.
    Exceeded(Exceeded),
    /// It is not counted: there is no room for its counts.
    Full,
}

/// A request to be counted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Counted<'c> {
    pub(super) application: ApplicationId,
    pub(super) limits: &'c [Limit],
    pub(super) api: ApiId,
    pub(super) now: UnixMillis,
}

impl Counted<'_> {
    /// Counts the request under every limit that is about its API, or under none.
    #[cold]
    pub(super) fn count(&self, shelf: &mut Vec<u8>) -> Verdict {
        let mut buckets = [Bucket::default(); LIMITS_PER_APPLICATION];
        let id = self.words();
        let known = entries(shelf).find(|entry| entry.application == id);
        let place = known.map(|entry| {
            for (bucket, words) in buckets.iter_mut().zip(entry.buckets) {
                *bucket = Bucket::read(*words);
            }
            (entry.at, entry.end)
        });
        let mut exceeded: Option<Exceeded> = None;
        for ((limit, bucket), at) in self.limits.iter().zip(&mut buckets).zip(1..) {
            if !limit.counts(self.api) {
                continue;
            }
            bucket.settle(limit, self.now);
            let wait = bucket.wait(limit, self.now).div_ceil(1_000);
            let retry_after_seconds = u32::try_from(wait).unwrap_or(u32::MAX);
            if wait == 0 {
                bucket.take(limit);
            } else if exceeded.is_none_or(|known| known.retry_after_seconds < retry_after_seconds) {
                let Limit { kind, requests, window_seconds, .. } = *limit;
                let place = at;
                exceeded =
                    Some(Exceeded { kind, place, requests, window_seconds, retry_after_seconds });
            }
        }
        if let Some(exceeded) = exceeded {
            return Verdict::Exceeded(exceeded);
        }
        let mut entry = [[0; WORD_BYTES]; HEAD_WORDS + LIMITS_PER_APPLICATION * BUCKET_WORDS];
        let count = self.limits.len().min(LIMITS_PER_APPLICATION);
        let head = id.into_iter().chain([(count as u64).to_le_bytes()]);
        let words = head.chain(buckets.into_iter().flat_map(Bucket::write));
        entry.iter_mut().zip(words).for_each(|(place, word)| *place = word);
        let entry = entry.get(..HEAD_WORDS + count * BUCKET_WORDS).unwrap_or_default();
        let entry = entry.as_flattened();
        let stored = place.and_then(|(at, end)| shelf.get_mut(at..end));
        if let Some(stored) = stored.filter(|stored| stored.len() == entry.len()) {
            stored.copy_from_slice(entry);
            return Verdict::Passes;
        }
        if let Some((at, end)) = place {
            shelf.drain(at..end);
        }
        if !has_room(shelf, self.now) {
            return Verdict::Full;
        }
        shelf.extend_from_slice(entry);
        Verdict::Passes
    }

    /// The application as an entry names it.
    fn words(&self) -> [Word; 2] {
        let (words, _) = self.application.as_bytes().as_chunks();
        words.first_chunk().copied().unwrap_or_default()
    }
}

/// Makes room for one more, if that can be.
fn has_room(shelf: &mut Vec<u8>, now: UnixMillis) -> bool {
    let whole = entries(shelf).last().map_or(0, |entry| entry.end);
    // What cannot be read was not written by us.
    shelf.truncate(whole);
    if entries(shelf).count() < ENTRIES {
        return true;
    }
    let mut kept = Vec::with_capacity(shelf.len());
    for entry in entries(shelf) {
        if !entry.buckets.iter().all(|words| Bucket::read(*words).is_over(now)) {
            kept.extend_from_slice(shelf.get(entry.at..entry.end).unwrap_or_default());
        }
    }
    *shelf = kept;
    entries(shelf).count() < ENTRIES
}

/// One application's counts, and where they are.
struct Entry<'s> {
    at: usize,
    end: usize,
    application: [Word; 2],
    buckets: &'s [[Word; BUCKET_WORDS]],
}

/// The entries of a shelf, up to what is none.
fn entries(shelf: &[u8]) -> impl Iterator<Item = Entry<'_>> {
    let (mut rest, _) = shelf.as_chunks::<WORD_BYTES>();
    let mut at = 0;
    core::iter::from_fn(move || {
        let ([first, second, count], behind) = rest.split_first_chunk()?;
        let count = usize::try_from(u64::from_le_bytes(*count)).ok()?;
        let (buckets, behind) = behind.split_at_checked(count.checked_mul(BUCKET_WORDS)?)?;
        rest = behind;
        let (buckets, _) = buckets.as_chunks();
        let end = at + (HEAD_WORDS + count * BUCKET_WORDS) * WORD_BYTES;
        let application = [*first, *second];
        Some(Entry { at: core::mem::replace(&mut at, end), end, application, buckets })
    })
}
