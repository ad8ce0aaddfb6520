//! Applications and their registrations, by a slot number that credentials point to.

use alloc::boxed::Box;
use alloc::vec::Vec;

use core::hash::BuildHasher;
use hashbrown::DefaultHashBuilder;
use hashbrown::HashTable;

use super::credentials::MAX_SLOTS;
use crate::id::{ApiId, ApplicationId, ConsumerId, PortalId, StrategyId};
use crate::lifecycle::limit::{Limit, Network};
use crate::lifecycle::registration::RegistrationStatus;
use crate::snapshot::record::{self, Owner};

/// An application as the check sees it.
#[derive(Debug)]
pub(crate) struct Application {
    pub(crate) id: ApplicationId,
    /// `None` for one that is named by others but not (or no longer) there itself.
    pub(crate) facts: Option<Facts>,
    registrations: Box<[(ApiId, RegistrationStatus)]>,
    /// What few applications have.
    extras: Option<Box<Extras>>,
}

/// What few applications have: nothing of it takes room in the others.
#[derive(Debug, Default)]
pub(crate) struct Extras {
    pub(crate) limits: Box<[Limit]>,
    pub(crate) networks: Box<[Network]>,
    /// The consumer whose credentials the application carries.
    pub(crate) consumer: Option<Consumer>,
    /// The consumers as whom it calls single APIs.
    consumers: Vec<(ApiId, Consumer)>,
}

impl Extras {
    fn is_empty(&self) -> bool {
        let Self { limits, networks, consumer, consumers } = self;
        limits.is_empty() && networks.is_empty() && consumer.is_none() && consumers.is_empty()
    }
}

/// A consumer in a form that can stand in headers.
#[derive(Debug)]
pub(crate) struct Consumer {
    pub(crate) id: ConsumerId,
    pub(crate) custom_id: Option<Box<str>>,
    pub(crate) username: Option<Box<str>>,
}

impl Consumer {
    fn of(record: &record::Consumer) -> Self {
        let told = |text: &Option<alloc::string::String>| text.as_deref().map(header_text);
        Self { id: record.id, custom_id: told(&record.custom_id), username: told(&record.username) }
    }
}

#[derive(Debug)]
pub(crate) struct Facts {
    pub(crate) portal: PortalId,
    pub(crate) strategy: StrategyId,
    pub(crate) owner: Owner,
    /// The name in a form that can stand in a header.
    pub(crate) header_name: Box<str>,
    pub(crate) active: bool,
}

impl Application {
    pub(crate) fn registration(&self, api: ApiId) -> Option<RegistrationStatus> {
        self.registrations.iter().find(|(known, _)| *known == api).map(|(_, status)| *status)
    }

    pub(crate) fn extras(&self) -> Option<&Extras> {
        self.extras.as_deref()
    }

    /// As whom the application calls an API, if not as itself.
    pub(crate) fn consumer(&self, api: ApiId) -> Option<&Consumer> {
        let extras = self.extras()?;
        let its = extras.consumers.iter().find(|(known, _)| *known == api);
        its.map(|(_, consumer)| consumer).or(extras.consumer.as_ref())
    }

    /// Whether the application carries the credentials of a consumer.
    pub(crate) fn is_consumer(&self) -> bool {
        self.extras().is_some_and(|extras| extras.consumer.is_some())
    }

    fn alter_extras(&mut self, alter: impl FnOnce(&mut Extras)) {
        let mut extras = self.extras.take().unwrap_or_default();
        alter(&mut extras);
        self.extras = Some(extras).filter(|extras| !extras.is_empty());
    }

    fn forget_consumer(&mut self, api: ApiId) {
        if self.extras.is_some() {
            self.alter_extras(|extras| extras.consumers.retain(|(known, _)| *known != api));
        }
    }
}

/// Slots are never given to another application: a credential that outlives its application
/// points to an empty slot, not to a stranger.
#[derive(Debug, Default)]
pub(crate) struct Applications {
    slots: Vec<Application>,
    by_id: HashTable<u32>,
    hasher: DefaultHashBuilder,
}

impl Applications {
    pub(crate) fn with_expected(expected: u32) -> Self {
        // A manifest's word reserves at most this much before anything is there to prove it.
        let expected = (expected as usize).min(1 << 20);
        Self {
            slots: Vec::with_capacity(expected),
            by_id: HashTable::with_capacity(expected),
            hasher: DefaultHashBuilder::default(),
        }
    }

    pub(crate) fn get(&self, slot: u32) -> Option<&Application> {
        self.slots.get(slot as usize)
    }

    pub(crate) fn find(&self, id: ApplicationId) -> Option<&Application> {
        self.slot_of(id).and_then(|slot| self.get(slot))
    }

    fn slot_of(&self, id: ApplicationId) -> Option<u32> {
        let hash = self.hasher.hash_one(id);
        self.by_id.find(hash, |slot| self.get(*slot).is_some_and(|known| known.id == id)).copied()
    }

    /// The slot of an application, made if need be; the one that is nobody's when there are no
    /// more.
    pub(crate) fn slot(&mut self, id: ApplicationId) -> u32 {
        if let Some(slot) = self.slot_of(id) {
            return slot;
        }
        let slot = u32::try_from(self.slots.len()).map_or(MAX_SLOTS, |slot| slot.min(MAX_SLOTS));
        if slot == MAX_SLOTS {
            return slot;
        }
        self.slots.push(Application {
            id,
            facts: None,
            registrations: Box::default(),
            extras: None,
        });
        let (slots, hasher) = (&self.slots, &self.hasher);
        self.by_id.insert_unique(hasher.hash_one(id), slot, |slot| {
            hasher.hash_one(slots.get(*slot as usize).map_or(id, |known| known.id))
        });
        slot
    }

    fn entry(&mut self, id: ApplicationId) -> Option<&mut Application> {
        let slot = self.slot(id);
        self.slots.get_mut(slot as usize)
    }

    pub(crate) fn put(&mut self, application: &record::Application) {
        let Some(entry) = self.entry(application.id) else { return };
        entry.facts = Some(Facts {
            portal: application.portal,
            strategy: application.strategy,
            owner: application.owner,
            header_name: header_text(&application.name),
            active: application.active,
        });
        let record::Application { limits, networks, consumer, .. } = application;
        let is_plain = limits.is_empty() && networks.is_empty() && consumer.is_none();
        if !is_plain || entry.extras.is_some() {
            entry.alter_extras(|extras| {
                extras.limits = limits.as_slice().into();
                extras.networks = networks.as_slice().into();
                extras.consumer = consumer.as_ref().map(Consumer::of);
            });
        }
    }

    /// The application is gone, and its registrations with it.
    pub(crate) fn remove(&mut self, id: ApplicationId) {
        let slot = self.slot_of(id).and_then(|slot| self.slots.get_mut(slot as usize));
        if let Some(entry) = slot {
            entry.facts = None;
            entry.registrations = Box::default();
            entry.extras = None;
        }
    }

    pub(crate) fn register(&mut self, registration: &record::Registration) {
        let Some(entry) = self.entry(registration.application) else { return };
        match entry.registrations.iter_mut().find(|(api, _)| *api == registration.api) {
            Some((_, status)) => *status = registration.status,
            None => {
                let mut registrations = core::mem::take(&mut entry.registrations).into_vec();
                registrations.reserve_exact(1);
                registrations.push((registration.api, registration.status));
                entry.registrations = registrations.into_boxed_slice();
            }
        }
        entry.forget_consumer(registration.api);
        if let Some(consumer) = &registration.consumer {
            let consumer = (registration.api, Consumer::of(consumer));
            entry.alter_extras(|extras| extras.consumers.push(consumer));
        }
    }

    pub(crate) fn unregister(&mut self, application: ApplicationId, api: ApiId) {
        let slot = self.slot_of(application).and_then(|slot| self.slots.get_mut(slot as usize));
        if let Some(entry) = slot {
            let mut registrations = core::mem::take(&mut entry.registrations).into_vec();
            registrations.retain(|(known, _)| *known != api);
            entry.registrations = registrations.into_boxed_slice();
            entry.forget_consumer(api);
        }
    }
}

/// Percent-encodes what cannot stand in a header value: everything but printable ASCII, and `%`.
fn header_text(text: &str) -> Box<str> {
    let mut out = alloc::string::String::with_capacity(text.len());
    for byte in text.bytes() {
        if (b' '..=b'~').contains(&byte) && byte != b'%' {
            out.push(char::from(byte));
        } else {
            out.push('%');
            for half in [byte >> 4, byte & 0x0f] {
                out.extend(
                    char::from_digit(half.into(), 16).map(|digit| digit.to_ascii_uppercase()),
                );
            }
        }
    }
    // Blanks at the ends would not survive the way to the upstream.
    out.trim().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::DeveloperId;

    #[test]
    fn a_name_becomes_a_header_value_without_surprises() {
        assert_eq!(&*header_text("My app (v2)"), "My app (v2)");
        assert_eq!(
            &*header_text(" Flüge\r\nx-admin: 1 100% "),
            "Fl%C3%BCge%0D%0Ax-admin: 1 100%25"
        );
        assert_eq!(&*header_text(""), "");
    }

    #[test]
    fn a_removed_application_leaves_an_empty_slot() {
        let id = ApplicationId::from_bytes([1; 16]);
        let mut applications = Applications::default();
        let (portal, strategy) = (PortalId::from_bytes([2; 16]), StrategyId::from_bytes([3; 16]));
        let owner = Owner::Developer(DeveloperId::from_bytes([4; 16]));
        let application = record::Application::new(id, portal, strategy, owner, "x");
        applications.put(&application);
        let slot = applications.slot(id);
        let api = ApiId::from_bytes([5; 16]);
        applications.register(&record::Registration::new(id, api, RegistrationStatus::Approved));
        assert_eq!(
            applications.get(slot).unwrap().registration(api),
            Some(RegistrationStatus::Approved)
        );
        applications.remove(id);
        assert!(applications.get(slot).unwrap().facts.is_none());
        assert_eq!(applications.get(slot).unwrap().registration(api), None);
        let other = applications.slot(ApplicationId::from_bytes([6; 16]));
        assert_ne!(slot, other);
    }
}
