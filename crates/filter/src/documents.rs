//! What one worker fetched from an identity provider, for the others.
//!
//! A document lies in shared data with the time of its fetch and a code that only who holds the
//! gateway's pepper can make: whoever else can write there cannot bring keys in. A worker that is
//! about to fetch leaves a note, and the others wait for what it gets.

use gatekey_core::digest::{Digest, Pepper};
use gatekey_core::id::GatewayId;
use gatekey_core::oidc::CallOut;
use gatekey_core::time::{UnixMillis, UnixTime};

use crate::config::Sharing;
use crate::host;

/// A shared document is taken for a fetch of one's own when it is at most this old.
const RECENT_MS: u64 = 10_000;
const CODE_BYTES: usize = 32;

#[derive(Debug)]
pub(crate) struct Documents {
    gateway: GatewayId,
    sharing: Sharing,
}

/// What another worker has.
#[derive(Debug)]
pub(crate) enum Elsewhere {
    Has(Vec<u8>),
    Fetches,
    Nothing,
}

impl Documents {
    pub(crate) const fn new(gateway: GatewayId, sharing: Sharing) -> Self {
        Self { gateway, sharing }
    }

    fn key(&self, kind: &str, document: &Digest) -> Option<String> {
        match &self.sharing {
            Sharing::Nothing => None,
            Sharing::Documents { prefix, .. } => {
                Some(format!("{prefix}gatekey.{}.{kind}.{document}", self.gateway))
            }
        }
    }

    /// Whether somebody has fetched it just now, or is at it. If not, leaves the note that this worker
    /// is.
    pub(crate) fn look(
        &self,
        document: &Digest,
        call: &CallOut,
        now: UnixMillis,
        peppers: &[Pepper],
    ) -> Elsewhere {
        if let Some(body) = self.read(document, call.newer_than, now, peppers) {
            return Elsewhere::Has(body);
        }
        let Some(key) = self.key("fetch", document) else { return Elsewhere::Nothing };
        let (until, cas) = note(&key);
        let latest = now.plus(u64::from(call.timeout_ms));
        if until > now && until <= latest {
            return Elsewhere::Fetches;
        }
        match host::set_shared_data(&key, &latest.0.to_le_bytes(), cas) {
            Err(host::HostError::CAS_MISMATCH) => Elsewhere::Fetches,
            _ => Elsewhere::Nothing,
        }
    }

    /// Whether a worker is at it.
    pub(crate) fn is_being_fetched(&self, document: &Digest, now: UnixMillis) -> bool {
        self.key("fetch", document).is_some_and(|key| note(&key).0 > now)
    }

    /// Takes the note back: this worker is at it no more.
    pub(crate) fn end(&self, document: &Digest) {
        if let Some(key) = self.key("fetch", document) {
            let _ = host::set_shared_data(&key, &0_u64.to_le_bytes(), note(&key).1);
        }
    }

    /// A document that was fetched recently and after that time, and has not been altered.
    pub(crate) fn read(
        &self,
        document: &Digest,
        newer_than: UnixTime,
        now: UnixMillis,
        peppers: &[Pepper],
    ) -> Option<Vec<u8>> {
        let key = self.key("document", document)?;
        let shared = host::shared_data(&key).ok()?.value;
        let (code, rest) = shared.split_first_chunk::<CODE_BYTES>()?;
        let (at, body) = rest.split_first_chunk::<8>()?;
        let at = UnixMillis(u64::from_le_bytes(*at));
        let recent =
            now < at.plus(RECENT_MS) && at <= now.plus(RECENT_MS) && at.seconds() > newer_than;
        let code = Digest::from_bytes(*code);
        let mut genuine = peppers.iter().map(|pepper| self.code(pepper, document, rest));
        (recent && genuine.any(|known| known == code)).then(|| body.to_vec())
    }

    /// Gives a document to the other workers. What cannot be written they fetch themselves.
    pub(crate) fn share(
        &self,
        document: &Digest,
        body: &[u8],
        now: UnixMillis,
        peppers: &[Pepper],
    ) {
        let (Some(key), Some(pepper)) = (self.key("document", document), peppers.first()) else {
            return;
        };
        let dated = [&now.0.to_le_bytes()[..], body].concat();
        let code = self.code(pepper, document, &dated);
        let value = [code.as_bytes(), &dated[..]].concat();
        let cas = host::shared_data(&key).map_or(0, |old| old.cas);
        let _ = host::set_shared_data(&key, &value, cas);
    }

    fn code(&self, pepper: &Pepper, document: &Digest, dated: &[u8]) -> Digest {
        let parts: [&[u8]; 4] =
            [b"gatekey-shared-document-v1\0", self.gateway.as_bytes(), document.as_bytes(), dated];
        pepper.digest(&parts.concat())
    }
}

/// Until when somebody is at a document, and the note's number.
fn note(key: &str) -> (UnixMillis, u32) {
    match host::shared_data(key) {
        Ok(note) => {
            let until = note.value.first_chunk().map_or(0, |at| u64::from_le_bytes(*at));
            (UnixMillis(until), note.cas)
        }
        Err(_) => (UnixMillis(0), 0),
    }
}
