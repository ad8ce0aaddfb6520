//! What to ask the portal next, and what its answer means.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::call::{Call, Method, Reply};
use super::replica::{Progress, Replica, SyncError};
use crate::id::Revision;
use crate::time::UnixMillis;

/// The first pause after a failed call; it doubles with every further one.
const FIRST_PAUSE_MS: u64 = 125;
/// The longest pause: a portal that returns is noticed within this.
const LONGEST_PAUSE_MS: u64 = 1_000;
/// An answer without news that came sooner than this was no long poll.
const SHORTEST_POLL_MS: u64 = 1_000;

/// How the portal is polled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// How long the portal may hold a poll open, in seconds.
    pub wait_seconds: u32,
    /// How long any answer may take beyond that, in milliseconds.
    pub timeout_ms: u32,
}

impl Default for Timing {
    /// 25 s of waiting: below the idle limits of common proxies.
    fn default() -> Self {
        Self { wait_seconds: 25, timeout_ms: 5_000 }
    }
}

/// Why the portal is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To hear of changes as soon as they happen.
    Follow {
        /// The revision that every worker of this gateway process has applied.
        applied: Revision,
    },
    /// Only to deliver the report: another worker follows.
    Report,
}

/// What a call was for. Hand it back with the answer.
#[derive(Debug, PartialEq, Eq)]
#[must_use]
pub struct Chore {
    kind: Kind,
    sent_at: UnixMillis,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Manifest,
    Page(usize),
    Changes,
}

/// What an answer led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// The body was a document and is believed. Others may be given the same bytes.
    Accepted {
        /// Which document it was.
        document: Document,
        /// What it led to.
        progress: Progress,
    },
    /// The body was refused; the policy is as before.
    Refused(SyncError),
    /// The portal wants a whole snapshot to be fetched.
    Outdated,
    /// The portal answered with this status.
    Status(u16),
    /// No answer.
    Failed,
}

/// Which document a body is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Document {
    /// A manifest.
    Manifest,
    /// This page of the snapshot.
    Page(usize),
    /// A delta.
    Delta,
}

/// Keeps a [`Replica`] in step with the portal: one call at a time.
#[derive(Debug)]
pub struct Follower {
    replica: Replica,
    timing: Timing,
    instance: String,
    busy: bool,
    outdated: bool,
    failures: u32,
    not_before: UnixMillis,
}

impl Follower {
    /// A follower for a replica. `instance` names this gateway process in the portal's receipts:
    /// letters, digits and hyphens.
    #[must_use]
    pub fn new(replica: Replica, timing: Timing, instance: &str) -> Self {
        let plain = |c: &char| c.is_ascii_alphanumeric() || *c == '-';
        Self {
            replica,
            timing,
            instance: instance.chars().filter(plain).take(64).collect(),
            busy: false,
            outdated: false,
            failures: 0,
            not_before: UnixMillis(0),
        }
    }

    /// The replica.
    #[must_use]
    pub const fn replica(&self) -> &Replica {
        &self.replica
    }

    /// The replica, to load documents that came by another way.
    pub const fn replica_mut(&mut self) -> &mut Replica {
        &mut self.replica
    }

    /// Says what to fetch now, if anything. `report` is the body for the portal, JSON or empty.
    pub fn upkeep(
        &mut self,
        now: UnixMillis,
        purpose: Purpose,
        report: impl FnOnce() -> Vec<u8>,
    ) -> Option<(Call, Chore)> {
        if self.busy || now < self.not_before {
            return None;
        }
        let gateway = self.replica.gateway();
        let snapshot = format!("/gateway/v1/snapshot?gateway={gateway}");
        let mut wait = 0;
        let (kind, path) = match (self.replica.wanted(), self.replica.policy()) {
            (Some(Progress::WantPage { revision, page }), _) => {
                (Kind::Page(page), format!("{snapshot}&revision={revision}&page={page}"))
            }
            (_, Some(policy)) if !self.outdated => {
                let (since, instance) = (policy.revision(), &self.instance);
                let base = format!("/gateway/v1/changes?gateway={gateway}&since={since}");
                let path = match purpose {
                    Purpose::Follow { applied } => {
                        wait = self.timing.wait_seconds;
                        format!("{base}&wait={wait}&applied={applied}&instance={instance}")
                    }
                    Purpose::Report => format!("{base}&wait=0"),
                };
                (Kind::Changes, path)
            }
            _ if purpose == Purpose::Report => return None,
            _ => (Kind::Manifest, format!("{snapshot}&page=manifest")),
        };
        let (method, body) = match kind {
            Kind::Changes => (Method::Post, report()),
            Kind::Manifest | Kind::Page(_) => (Method::Get, Vec::new()),
        };
        let timeout_ms = wait.saturating_mul(1_000).saturating_add(self.timing.timeout_ms);
        self.busy = true;
        Some((Call { method, path, body, timeout_ms }, Chore { kind, sent_at: now }))
    }

    /// Has a whole snapshot fetched next, whatever revision is held.
    pub fn refetch(&mut self) {
        self.outdated = true;
        self.replica.reload_same_revision();
    }

    /// Takes the answer to a call.
    #[allow(clippy::needless_pass_by_value, reason = "a chore is settled once")]
    pub fn settle(&mut self, now: UnixMillis, chore: Chore, reply: &Reply<'_>) -> Settled {
        self.busy = false;
        let Reply::Response { status, body } = reply else {
            self.pause(now);
            return Settled::Failed;
        };
        match *status {
            200 => self.accept(now, &chore, body),
            410 => {
                self.outdated = true;
                self.replica.give_up_loading();
                self.pause(now);
                Settled::Outdated
            }
            status => {
                self.pause(now);
                Settled::Status(status)
            }
        }
    }

    fn accept(&mut self, now: UnixMillis, chore: &Chore, body: &[u8]) -> Settled {
        let (document, result) = match chore.kind {
            Kind::Manifest => (Document::Manifest, self.replica.accept_manifest(body)),
            Kind::Page(page) => (Document::Page(page), self.replica.accept_page(page, body)),
            Kind::Changes => (Document::Delta, self.replica.accept_delta(body)),
        };
        match result {
            Ok(progress) => {
                self.failures = 0;
                self.not_before = match progress {
                    Progress::Confirmed(_) => chore.sent_at.plus(SHORTEST_POLL_MS),
                    Progress::Applied(_) | Progress::WantPage { .. } => now,
                };
                if !matches!(progress, Progress::WantPage { .. }) {
                    self.outdated = false;
                }
                Settled::Accepted { document, progress }
            }
            Err(error) => {
                // What does not fit here can be made good by a whole snapshot.
                self.outdated |= matches!(error, SyncError::Gap { .. });
                self.pause(now);
                Settled::Refused(error)
            }
        }
    }

    fn pause(&mut self, now: UnixMillis) {
        let pause = FIRST_PAUSE_MS << self.failures.min(8);
        self.failures = self.failures.saturating_add(1);
        self.not_before = now.plus(pause.min(LONGEST_PAUSE_MS));
    }
}
