//! The register of workers: who is there, and which revision each applied.

use gatekey_core::id::Revision;
use gatekey_core::time::UnixMillis;

use super::Fleet;
use super::record::{Expected, Fields};

/// A worker says that it is there this often.
const ANNOUNCE_MS: u64 = 5_000;
/// A worker that was silent for this long is gone.
const GONE_MS: u64 = 15_000;
const ATTEMPTS: usize = 3;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Worker {
    nonce: u64,
    applied: Revision,
    seen: UnixMillis,
}

impl Fleet {
    /// Enters this worker's revision, when it changed or the last entry is old.
    pub(crate) fn announce(&mut self, applied: Revision, now: UnixMillis) {
        let fresh = |(revision, at): (Revision, UnixMillis)| {
            revision == applied && now < at.plus(ANNOUNCE_MS)
        };
        if !self.shares() || self.announced.is_some_and(fresh) {
            return;
        }
        for _ in 0..ATTEMPTS {
            let (mut workers, expected) = self.workers();
            workers.retain(|worker| worker.nonce != self.nonce && now < worker.seen.plus(GONE_MS));
            workers.push(Worker { nonce: self.nonce, applied, seen: now });
            if self.write_over("workers", &encode(&workers), expected) {
                self.announced = Some((applied, now));
                return;
            }
        }
    }

    /// The revision that every worker has applied, this one having applied `own`.
    pub(crate) fn applied_by_all(&self, own: Revision, now: UnixMillis) -> Revision {
        let (workers, _) = self.workers();
        let present = workers.iter().filter(|worker| now < worker.seen.plus(GONE_MS));
        present.map(|worker| worker.applied).chain([own]).min().unwrap_or(own)
    }

    fn workers(&self) -> (Vec<Worker>, Expected) {
        match self.read("workers") {
            Some(record) => (decode(record.value()), Expected::Number(record.cas)),
            None => (Vec::new(), Expected::Anything),
        }
    }
}

fn encode(workers: &[Worker]) -> Vec<u8> {
    workers
        .iter()
        .flat_map(|worker| [worker.nonce, worker.applied.0, worker.seen.0])
        .flat_map(u64::to_le_bytes)
        .collect()
}

fn decode(bytes: &[u8]) -> Vec<Worker> {
    let mut fields = Fields(bytes);
    let mut workers = Vec::new();
    while let (Some(nonce), Some(applied), Some(seen)) = (fields.u64(), fields.u64(), fields.u64())
    {
        workers.push(Worker { nonce, applied: Revision(applied), seen: UnixMillis(seen) });
    }
    workers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_register_reads_back() {
        let worker = |nonce| Worker { nonce, applied: Revision(nonce + 1), seen: UnixMillis(9) };
        let workers = [worker(1), worker(2)];
        assert_eq!(decode(&encode(&workers)), workers);
        assert_eq!(decode(&encode(&workers)[..47]), workers[..1]);
    }
}
