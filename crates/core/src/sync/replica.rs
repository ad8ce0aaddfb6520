//! The gateway's copy of the policy, and what it takes to change it.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;

use crate::check::Methods;
use crate::digest::Digest;
use crate::id::{GatewayId, Revision};
use crate::policy::{Policy, PolicyLoader};
use crate::snapshot::delta::Delta;
use crate::snapshot::manifest::split_bundle;
use crate::snapshot::record::Record;
use crate::snapshot::{FormatError, Manifest, VerifyingKey};

const PAGE_MAGIC: &[u8] = b"GKP1";

/// Why a document from the portal is refused. The policy is as before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SyncError {
    /// It is not in the format of [`crate::snapshot`].
    Format(FormatError),
    /// It is signed with a key that is not pinned here.
    UnknownKey,
    /// The signature does not match.
    BadSignature,
    /// It is meant for another gateway.
    WrongGateway,
    /// It is older than what this gateway holds.
    Older {
        /// The document's revision.
        offered: Revision,
        /// The revision this gateway holds.
        held: Revision,
    },
    /// A delta that starts from another revision than this gateway's.
    Gap {
        /// The revision the delta starts from.
        from: Revision,
        /// The revision this gateway holds.
        held: Revision,
    },
    /// A page that is not the one the manifest names, or is not wanted now.
    WrongPage,
    /// The pages hold other numbers of records than the manifest says.
    WrongCount,
}

impl fmt::Display for SyncError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Format(error) => error.fmt(f),
            Self::UnknownKey => f.write_str("signed with a key that is not pinned"),
            Self::BadSignature => f.write_str("the signature does not match"),
            Self::WrongGateway => f.write_str("meant for another gateway"),
            Self::Older { offered, held } => {
                write!(f, "revision {offered} is older than {held}, which is held")
            }
            Self::Gap { from, held } => {
                write!(f, "starts from revision {from}, but {held} is held")
            }
            Self::WrongPage => f.write_str("not the page that the manifest names"),
            Self::WrongCount => f.write_str("the pages do not hold what the manifest says"),
        }
    }
}

impl core::error::Error for SyncError {}

impl From<FormatError> for SyncError {
    fn from(error: FormatError) -> Self {
        Self::Format(error)
    }
}

impl From<crate::snapshot::SealError> for SyncError {
    fn from(error: crate::snapshot::SealError) -> Self {
        use crate::snapshot::SealError;
        match error {
            SealError::Format(error) => Self::Format(error),
            SealError::UnknownKey => Self::UnknownKey,
            SealError::BadSignature => Self::BadSignature,
        }
    }
}

/// What a document led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// This page of the snapshot is wanted next, counted from zero.
    WantPage {
        /// The snapshot's revision.
        revision: Revision,
        /// The page.
        page: usize,
    },
    /// The policy now shows this revision.
    Applied(Revision),
    /// The policy was up to date; the portal confirmed it.
    Confirmed(Revision),
}

/// A policy that changes only by signed documents.
pub struct Replica {
    gateway: GatewayId,
    keys: Vec<VerifyingKey>,
    methods: Methods,
    policy: Option<Policy>,
    loading: Option<Box<Loading>>,
    /// Load the next snapshot even if it shows the revision that is held.
    reload: bool,
}

/// A snapshot of which some pages are still to come.
#[derive(Debug)]
struct Loading {
    manifest: Manifest,
    next: usize,
    loader: PolicyLoader,
    applications: u32,
    credentials: u32,
}

impl Replica {
    /// A replica that holds nothing yet and believes the given keys.
    #[must_use]
    pub fn new(gateway: GatewayId, keys: Vec<VerifyingKey>, methods: Methods) -> Self {
        Self { gateway, keys, methods, policy: None, loading: None, reload: false }
    }

    /// The policy, once a snapshot has arrived.
    #[must_use]
    pub const fn policy(&self) -> Option<&Policy> {
        self.policy.as_ref()
    }

    /// The gateway this replica serves.
    #[must_use]
    pub const fn gateway(&self) -> GatewayId {
        self.gateway
    }

    /// The page that is wanted next, while a snapshot is loading.
    #[must_use]
    pub fn wanted(&self) -> Option<Progress> {
        let loading = self.loading.as_ref()?;
        Some(Progress::WantPage { revision: loading.manifest.revision, page: loading.next })
    }

    /// Loads a whole snapshot: a manifest followed by its pages.
    ///
    /// # Errors
    ///
    /// When any part is refused; nothing changes then.
    pub fn load_bundle(&mut self, bundle: &[u8]) -> Result<Progress, SyncError> {
        let (manifest, pages) = split_bundle(bundle)?;
        let mut progress = self.accept_manifest(manifest)?;
        for page in pages {
            let Progress::WantPage { page: at, .. } = progress else { break };
            progress = self.accept_page(at, page)?;
        }
        Ok(progress)
    }

    /// Begins to load a snapshot. One that was loading is given up.
    ///
    /// # Errors
    ///
    /// When the manifest is not signed by a pinned key, not meant for this gateway, or older than
    /// the policy.
    pub fn accept_manifest(&mut self, document: &[u8]) -> Result<Progress, SyncError> {
        let manifest = Manifest::open(document, &self.keys)?;
        if manifest.gateway != self.gateway {
            return Err(SyncError::WrongGateway);
        }
        if let Some(policy) = &mut self.policy {
            let (offered, held) = (manifest.revision, policy.revision);
            if offered < held {
                return Err(SyncError::Older { offered, held });
            }
            if offered == held && !self.reload {
                policy.issued_at = policy.issued_at.max(manifest.issued_at);
                self.loading = None;
                return Ok(Progress::Confirmed(held));
            }
        }
        let loader = PolicyLoader::new(&manifest, self.methods);
        let loading = Loading { manifest, next: 0, loader, applications: 0, credentials: 0 };
        self.loading = Some(Box::new(loading));
        self.advance()
    }

    /// Adds a page to the snapshot that is loading. The policy changes with the last one.
    ///
    /// # Errors
    ///
    /// When the page is not the one that is wanted, or does not match the manifest. The load is
    /// given up then; the policy is as before.
    pub fn accept_page(&mut self, page: usize, bytes: &[u8]) -> Result<Progress, SyncError> {
        let Some(loading) = &mut self.loading else { return Err(SyncError::WrongPage) };
        if page != loading.next {
            return Err(SyncError::WrongPage);
        }
        let result = loading.add(bytes);
        if let Err(error) = result {
            self.loading = None;
            return Err(error);
        }
        self.advance()
    }

    fn advance(&mut self) -> Result<Progress, SyncError> {
        if let Some(loading) = self.loading.take_if(|loading| loading.is_complete()) {
            if loading.applications != loading.manifest.applications
                || loading.credentials != loading.manifest.credentials
            {
                return Err(SyncError::WrongCount);
            }
            // Deltas go on being applied while pages arrive.
            let (offered, held) = (loading.manifest.revision, self.policy.as_ref());
            if let Some(held) = held.map(Policy::revision).filter(|held| offered < *held) {
                return Err(SyncError::Older { offered, held });
            }
            let policy = loading.loader.finish();
            if let Some(older) = &self.policy {
                policy.remember(older);
            }
            let revision = policy.revision;
            self.policy = Some(policy);
            self.reload = false;
            return Ok(Progress::Applied(revision));
        }
        self.wanted().ok_or(SyncError::WrongPage)
    }

    /// Applies a delta, wholly or not at all.
    ///
    /// # Errors
    ///
    /// When it is not signed by a pinned key, not meant for this gateway, starts from another
    /// revision or leads to an older one.
    pub fn accept_delta(&mut self, document: &[u8]) -> Result<Progress, SyncError> {
        let delta = Delta::open(document, &self.keys)?;
        if delta.gateway != self.gateway {
            return Err(SyncError::WrongGateway);
        }
        let Some(policy) = &mut self.policy else {
            return Err(SyncError::Gap { from: delta.from, held: Revision(0) });
        };
        let held = policy.revision;
        if delta.to < held {
            return Err(SyncError::Older { offered: delta.to, held });
        }
        if delta.from != held {
            return Err(SyncError::Gap { from: delta.from, held });
        }
        if delta.to == held && !delta.changes.is_empty() {
            return Err(SyncError::Format(FormatError::UnknownCode));
        }
        policy.apply(delta.changes);
        policy.revision = delta.to;
        policy.issued_at = policy.issued_at.max(delta.issued_at);
        if delta.to == held {
            Ok(Progress::Confirmed(held))
        } else {
            Ok(Progress::Applied(delta.to))
        }
    }

    /// Loads the next snapshot even if it shows the revision that is held.
    pub(crate) const fn reload_same_revision(&mut self) {
        self.reload = true;
    }

    /// Forgets a snapshot that is loading.
    pub(crate) fn give_up_loading(&mut self) {
        self.loading = None;
    }
}

impl Loading {
    fn is_complete(&self) -> bool {
        self.next == self.manifest.pages.len()
    }

    fn add(&mut self, bytes: &[u8]) -> Result<(), SyncError> {
        let entry = self.manifest.pages.get(self.next).ok_or(SyncError::WrongPage)?;
        if bytes.len() != entry.length as usize || Digest::sha256(bytes) != entry.digest {
            return Err(SyncError::WrongPage);
        }
        let records = bytes.strip_prefix(PAGE_MAGIC).ok_or(FormatError::UnknownFormat)?;
        for record in crate::snapshot::record::read_all(records) {
            let record = record?;
            match record {
                Record::Application(_) => self.applications += 1,
                Record::Credential(_) => self.credentials += 1,
                _ => {}
            }
            if !self.loader.push(record) {
                return Err(FormatError::Unsorted.into());
            }
        }
        self.next += 1;
        Ok(())
    }
}

impl fmt::Debug for Replica {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Replica")
            .field("gateway", &self.gateway)
            .field("policy", &self.policy)
            .field("loading", &self.loading.as_ref().map(|loading| loading.next))
            .finish_non_exhaustive()
    }
}
