//! What the workers of one gateway process share through the host.
//!
//! One worker leads: it holds the lease, polls the portal and publishes every document it
//! believed. The others read the same signed documents and verify them themselves: shared data is a
//! transport, not a source of truth. A new VM finds the last snapshot there even when the portal is
//! away.
//!
//! Every value carries its own key, so that a host that mixes keys up (nginx compares their CRC-32
//! only) cannot mix documents up. A key has no `/`: on nginx a zone would end there. A snapshot is
//! written beside the one before it, and the head that names it is written last.
//!
//! Where shared data is a zone of a fixed size, a snapshot that is too large for it, or a record that
//! was thrown out of it, makes a worker go alone: it then leads itself.

mod record;
mod workers;

use gatekey_core::id::{GatewayId, Revision};
use gatekey_core::sync::{Document, Progress, Replica, SyncError};
use gatekey_core::time::UnixMillis;

use self::record::{Expected, Fields, Record};
use crate::config::Sharing;
use crate::host;

/// How long a leader may be silent before another takes over.
const LEASE_MS: u64 = 3_000;
/// After this many deltas a new snapshot is fetched, so that a new VM has little to catch up on.
pub(crate) const MAX_DELTAS: u32 = 512;
/// The most pages a worker loads in one tick, so that its requests are not held up.
const PAGES_PER_TICK: usize = 8;
/// After so many ticks a worker stops waiting for what shared data lacks.
const PATIENCE_TICKS: u32 = 40;
/// The owner of a lease that tells everyone to follow the portal by themselves.
const NOBODY: u64 = 0;

/// What the last complete snapshot in shared data is, and what followed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    /// Which of the two places holds the snapshot.
    slot: u8,
    base: Revision,
    pub(crate) deltas: u32,
    /// The revision after the last delta.
    pub(crate) latest: Revision,
    /// How often the portal confirmed it.
    pulses: u64,
}

/// This worker's part in the fleet.
#[derive(Debug)]
pub(crate) struct Fleet {
    sharing: Sharing,
    /// Who the fleet is, in every key.
    name: String,
    /// Tells this worker from the others.
    nonce: u64,
    /// The snapshot in shared data whose deltas this worker follows, and how many it has seen.
    followed: Option<(u8, Revision, u32)>,
    pulses: u64,
    /// Where the leader is writing a new snapshot.
    writing: Option<(u8, Revision)>,
    /// How many bytes of it there are; once it is whole, of the deltas since.
    written: usize,
    /// For how many ticks this worker has been behind what is shared.
    behind: u32,
    announced: Option<(Revision, UnixMillis)>,
}

impl Fleet {
    pub(crate) fn new(gateway: GatewayId, sharing: Sharing) -> Self {
        Self {
            sharing,
            name: format!("gatekey.1.{gateway}."),
            // Not a secret: it only has to differ from those of the other workers.
            nonce: host::random() | 1,
            followed: None,
            pulses: 0,
            writing: None,
            written: 0,
            behind: 0,
            announced: None,
        }
    }

    /// Whether there is anything to share with. If not, each worker leads, itself alone.
    pub(crate) const fn shares(&self) -> bool {
        matches!(self.sharing, Sharing::Documents { .. })
    }

    pub(crate) const fn nonce(&self) -> u64 {
        self.nonce
    }

    fn read(&self, name: &str) -> Option<Record> {
        let Sharing::Documents { prefix, .. } = &self.sharing else { return None };
        record::read(&[prefix, self.name.as_str(), name].concat())
    }

    fn write(&self, name: &str, value: &[u8]) -> bool {
        self.write_over(name, value, Expected::Anything)
    }

    fn write_over(&self, name: &str, value: &[u8], expected: Expected) -> bool {
        let Sharing::Documents { prefix, zero_means_absent, .. } = &self.sharing else {
            return false;
        };
        let key = [prefix, self.name.as_str(), name].concat();
        record::write(&key, value, expected, *zero_means_absent)
    }

    const fn max_bytes(&self) -> usize {
        match self.sharing {
            Sharing::Documents { max_bytes, .. } => max_bytes,
            Sharing::Nothing => 0,
        }
    }

    /// Whether the workers count requests together: where what is shared stays until it is written
    /// over. From a zone of a fixed size it may be thrown out.
    pub(crate) const fn counts_together(&self) -> bool {
        matches!(self.sharing, Sharing::Documents { zero_means_absent: false, .. })
    }

    /// What is counted under a name, and the number that writing over it needs; `None` when the host
    /// keeps nothing.
    pub(crate) fn counted(&self, name: &str) -> Option<(Vec<u8>, u32)> {
        let counted = self.read(name).or_else(|| {
            // The number 0 would write over whatever came meanwhile.
            self.write(name, &[]).then(|| self.read(name)).flatten()
        })?;
        Some((counted.value().to_vec(), counted.cas))
    }

    /// Writes what is counted under a name; false when somebody else came first.
    pub(crate) fn count(&self, name: &str, bytes: &[u8], cas: u32) -> bool {
        self.write_over(name, bytes, Expected::Number(cas))
    }

    /// Tells everyone to follow the portal by themselves: there is too much to share. A host could
    /// only make room by throwing out what others need, or fail.
    fn part(&mut self, now: UnixMillis) {
        let value = [NOBODY, now.plus(2 * LEASE_MS).0].map(u64::to_le_bytes).concat();
        self.write("lease", &value);
        self.sharing = Sharing::Nothing;
    }

    /// Takes or renews the lease. A worker leads only after it has read its own name back.
    pub(crate) fn lead(&mut self, now: UnixMillis) -> bool {
        if !self.shares() {
            return true;
        }
        let held = self.read("lease").and_then(|record| {
            let mut fields = Fields(record.value());
            Some((fields.u64()?, fields.u64()?, record.cas))
        });
        let mine = |until: u64| until > now.0;
        let (leads, renew, expected) = match held {
            Some((NOBODY, until, _)) if mine(until) => {
                self.sharing = Sharing::Nothing;
                return true;
            }
            Some((owner, until, cas)) if owner == self.nonce && mine(until) => {
                (true, until < now.plus(LEASE_MS / 2).0, Expected::Number(cas))
            }
            // A lease from the far future was written under another clock.
            Some((_, until, cas)) => {
                let over = until <= now.0 || until > now.plus(2 * LEASE_MS).0;
                (false, over, Expected::Number(cas))
            }
            None => (false, true, Expected::Anything),
        };
        if renew {
            let value = [self.nonce, now.plus(LEASE_MS).0].map(u64::to_le_bytes).concat();
            self.write_over("lease", &value, expected);
        }
        leads
    }

    pub(crate) fn head(&self) -> Option<Head> {
        let record = self.read("head")?;
        let mut fields = Fields(record.value());
        Some(Head {
            slot: u8::try_from(fields.u64()?).ok()?,
            base: Revision(fields.u64()?),
            deltas: u32::try_from(fields.u64()?).ok()?,
            latest: Revision(fields.u64()?),
            pulses: fields.u64()?,
        })
    }

    fn write_head(&self, head: &Head) -> bool {
        let fields =
            [u64::from(head.slot), head.base.0, head.deltas.into(), head.latest.0, head.pulses];
        self.write("head", &fields.map(u64::to_le_bytes).concat())
    }

    /// Brings the replica to what shared data holds, as far as one tick allows. Documents that do
    /// not fit are passed over: the leader will publish better ones.
    pub(crate) fn catch_up(&mut self, replica: &mut Replica, at_once: bool) {
        let Some(head) = self.head() else { return };
        self.take(&head, replica, at_once);
        let reached = replica.policy().is_some_and(|policy| policy.revision() >= head.latest);
        self.behind = if reached { 0 } else { self.behind.saturating_add(1) };
        // Where room is made by throwing out, what is missing may never come.
        let may_lack = matches!(self.sharing, Sharing::Documents { zero_means_absent: true, .. });
        if may_lack && self.behind > PATIENCE_TICKS {
            self.sharing = Sharing::Nothing;
        }
    }

    fn take(&mut self, head: &Head, replica: &mut Replica, at_once: bool) {
        let held = replica.policy().map(|policy| policy.revision());
        if held == Some(head.latest) {
            self.followed = Some((head.slot, head.base, head.deltas));
            self.feel_pulse(head, replica);
            return;
        }
        if held.is_some_and(|held| held > head.latest) {
            return;
        }
        if held.is_some_and(|held| held >= head.base) && replica.wanted().is_none() {
            self.follow(head, replica);
        } else {
            self.load(head, replica, at_once);
        }
    }

    fn feel_pulse(&mut self, head: &Head, replica: &mut Replica) {
        if head.pulses != self.pulses {
            self.pulses = head.pulses;
            if let Some(pulse) = self.read("pulse") {
                let _ = replica.accept_delta(pulse.value());
            }
        }
    }

    /// Applies the deltas that this worker has not seen.
    fn follow(&mut self, head: &Head, replica: &mut Replica) {
        let from = match self.followed {
            Some((slot, base, seen)) if (slot, base) == (head.slot, head.base) => seen,
            _ => 0,
        };
        if !self.apply_deltas(head, from, replica) {
            return;
        }
        if replica.policy().is_some_and(|policy| policy.revision() != head.latest) {
            self.load(head, replica, false);
        }
    }

    /// Loads the snapshot, then whatever followed it.
    fn load(&mut self, head: &Head, replica: &mut Replica, at_once: bool) {
        let wanted = match replica.wanted() {
            Some(Progress::WantPage { revision, page }) if revision == head.base => Some(page),
            _ => {
                let Some(manifest) = self.read(&format!("manifest.{}", head.slot)) else { return };
                match replica.accept_manifest(manifest.value()) {
                    Ok(Progress::WantPage { page, .. }) => Some(page),
                    Ok(_) => None,
                    Err(_) => return,
                }
            }
        };
        let mut next = wanted;
        let mut loaded = 0;
        while let Some(page) = next {
            if !at_once && loaded == PAGES_PER_TICK {
                return;
            }
            let Some(bytes) = self.read(&format!("page.{}.{page}", head.slot)) else { return };
            next = match replica.accept_page(page, bytes.value()) {
                Ok(Progress::WantPage { page, .. }) => Some(page),
                Ok(_) => None,
                Err(_) => return,
            };
            loaded += 1;
        }
        self.followed = Some((head.slot, head.base, 0));
        if replica.policy().is_some_and(|policy| policy.revision() >= head.base) {
            self.apply_deltas(head, 0, replica);
        }
    }

    /// Applies the deltas of a snapshot from this one on; false when that cannot go on.
    fn apply_deltas(&mut self, head: &Head, from: u32, replica: &mut Replica) -> bool {
        for at in from..head.deltas {
            let Some(delta) = self.read(&format!("delta.{}.{at}", head.slot)) else { return false };
            match replica.accept_delta(delta.value()) {
                // Deltas that lead to what is held already come first after a change of leader.
                Ok(_) | Err(SyncError::Older { .. } | SyncError::Gap { .. }) => {}
                Err(_) => return false,
            }
            self.followed = Some((head.slot, head.base, at + 1));
        }
        true
    }

    /// The leader publishes a document that its replica believed. False when the fleet needs a
    /// whole snapshot first.
    pub(crate) fn publish(
        &mut self,
        document: Document,
        progress: Progress,
        bytes: &[u8],
        now: UnixMillis,
    ) -> bool {
        if !self.shares() {
            return true;
        }
        let largest = match document {
            Document::Manifest => {
                self.written = bytes.len();
                self.written
            }
            Document::Page(_) => {
                self.written = self.written.saturating_add(bytes.len());
                self.written
            }
            Document::Delta => bytes.len(),
        };
        if largest > self.max_bytes() {
            self.part(now);
            return true;
        }
        match (document, progress) {
            (
                Document::Manifest,
                Progress::WantPage { revision, .. } | Progress::Applied(revision),
            ) => {
                let slot = self.head().map_or(0, |head| 1 - head.slot.min(1));
                self.writing = Some((slot, revision));
                let written = self.write(&format!("manifest.{slot}"), bytes);
                written && self.finish(progress)
            }
            (Document::Page(page), _) => {
                let Some((slot, _)) = self.writing else { return false };
                self.write(&format!("page.{slot}.{page}"), bytes) && self.finish(progress)
            }
            (Document::Delta, Progress::Applied(revision)) => {
                let Some(mut head) = self.head() else { return false };
                if !self.write(&format!("delta.{}.{}", head.slot, head.deltas), bytes) {
                    return false;
                }
                head.deltas = head.deltas.saturating_add(1);
                head.latest = revision;
                self.followed = Some((head.slot, head.base, head.deltas));
                self.written = self.written.saturating_add(bytes.len());
                let room = head.deltas < MAX_DELTAS && self.written <= self.max_bytes();
                self.write_head(&head) && room
            }
            (Document::Delta, Progress::Confirmed(_)) => {
                let Some(mut head) = self.head() else { return false };
                head.pulses = head.pulses.wrapping_add(1);
                self.pulses = head.pulses;
                self.write("pulse", bytes) && self.write_head(&head)
            }
            _ => true,
        }
    }

    /// Names the new snapshot once its last page is there.
    fn finish(&mut self, progress: Progress) -> bool {
        let Progress::Applied(latest) = progress else { return true };
        let Some((slot, base)) = self.writing.take() else { return false };
        // From now on deltas are counted.
        self.written = 0;
        let pulses = self.head().map_or(0, |head| head.pulses);
        self.followed = Some((slot, base, 0));
        self.write_head(&Head { slot, base, deltas: 0, latest, pulses })
    }
}
