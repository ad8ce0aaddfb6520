//! What a gateway learns by serving, and reports to the portal. All of it is bounded.

use alloc::vec::Vec;

use super::decision::{Decision, Denial};
use super::limit::Counts;
use crate::id::{ApiId, ApplicationId, CredentialId};
use crate::oidc::{Drbg, Notice, Providers};
use crate::places::Places;
use crate::time::UnixTime;

/// The most counters that are kept between two reports.
const MAX_USAGE: usize = 1024;
/// The most uses of credentials that are kept between two reports.
const MAX_USES: usize = 1024;

/// How requests ended, as the gateway sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UsageClass {
    /// Let through.
    Allowed,
    /// Refused with 401.
    Unauthorized,
    /// Refused with 403.
    Forbidden,
    /// Refused with 429.
    Limited,
    /// Answered with 503, or refused for another reason.
    Unavailable,
}

impl UsageClass {
    /// How a request ended that was refused for this reason, or for none.
    #[must_use]
    pub const fn of(denial: Option<Denial>) -> Self {
        let Some(denial) = denial else { return Self::Allowed };
        match denial.status() {
            401 => Self::Unauthorized,
            403 => Self::Forbidden,
            429 => Self::Limited,
            _ => Self::Unavailable,
        }
    }

    /// The name in a report.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::Unauthorized => "unauthorized",
            Self::Forbidden => "forbidden",
            Self::Limited => "limited",
            Self::Unavailable => "unavailable",
        }
    }
}

/// How often an application's requests for an API ended in one way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    /// The application.
    pub application: ApplicationId,
    /// The API; `None` when the request did not get that far.
    pub api: Option<ApiId>,
    /// Why the requests were refused; `None` when they were not.
    pub denial: Option<Denial>,
    /// How many there were.
    pub count: u64,
}

impl Usage {
    /// How the requests ended.
    #[must_use]
    pub const fn class(&self) -> UsageClass {
        UsageClass::of(self.denial)
    }
}

/// Counters and times of use since the last report. Belongs to the driver: one per worker.
///
/// When a table is full, what does not fit is counted in [`Memory::uncounted`].
#[derive(Debug)]
pub struct Memory {
    usage: Vec<Usage>,
    /// Where each counter of `usage` is.
    places: Places,
    uses: Vec<(CredentialId, UnixTime)>,
    uncounted: u64,
    pub(crate) providers: Providers,
    pub(crate) drbg: Drbg,
    pub(crate) counts: Counts,
}

impl Default for Memory {
    /// With room for 4096 known tokens and 1024 calls at a time.
    fn default() -> Self {
        Self::new(4_096, 1_024)
    }
}

impl Memory {
    /// A memory with room for this many known tokens, and for this many calls under way.
    #[must_use]
    pub fn new(tokens: usize, calls: usize) -> Self {
        // All the room there will ever be: a check never asks for more.
        let (usage, uses) = (Vec::with_capacity(MAX_USAGE), Vec::with_capacity(MAX_USES));
        let places = Places::with_room(MAX_USAGE);
        let (providers, drbg) = (Providers::new(tokens, calls), Drbg::default());
        let counts = Counts::default();
        Self { usage, places, uses, uncounted: 0, providers, drbg, counts }
    }

    /// Takes the counters gathered since the last call.
    pub fn take_usage(&mut self) -> Vec<Usage> {
        self.places.clear();
        self.usage.drain(..).collect()
    }

    /// Takes the times of use gathered since the last call, at most one a minute for each
    /// credential.
    pub fn take_uses(&mut self) -> Vec<(CredentialId, UnixTime)> {
        self.uses.drain(..).collect()
    }

    /// How many requests found no room in the counters since the start.
    #[must_use]
    pub const fn uncounted(&self) -> u64 {
        self.uncounted
    }

    /// Takes what an operator should hear of since the last call.
    pub fn take_notices(&mut self) -> Vec<Notice> {
        self.providers.take_notices()
    }

    pub(crate) fn note_use(&mut self, credential: CredentialId, now: UnixTime) {
        if self.uses.len() < MAX_USES {
            self.uses.push((credential, now));
        }
    }

    /// Counts a decision for the application it names.
    pub(crate) fn note(&mut self, decision: &Decision<'_>) {
        let (application, api, denial) = match decision {
            Decision::Redirect(_) => return,
            Decision::Allow(grant) => match &grant.caller {
                Some(caller) => (caller.application, Some(caller.api), None),
                None => return,
            },
            Decision::Deny(refusal) => {
                let Some(application) = refusal.application else { return };
                (application, refusal.api, Some(refusal.denial))
            }
        };
        let usage = &mut self.usage;
        let is_it = |place: u32| {
            usage.get(place as usize).is_some_and(|known| {
                known.application == application && known.api == api && known.denial == denial
            })
        };
        if let Some(place) = self.places.find(application.as_bytes(), is_it) {
            if let Some(known) = usage.get_mut(place as usize) {
                known.count = known.count.saturating_add(1);
            }
            return;
        }
        let Some(place) = u32::try_from(usage.len()).ok().filter(|_| usage.len() < MAX_USAGE)
        else {
            self.uncounted = self.uncounted.saturating_add(1);
            return;
        };
        usage.push(Usage { application, api, denial, count: 1 });
        let id_of = |place: u32| Some(usage.get(place as usize)?.application.as_bytes());
        self.places.insert(application.as_bytes(), place, id_of);
    }
}
