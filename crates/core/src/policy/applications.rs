//! Applications and their registrations, by a slot number that credentials point to.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::credentials::MAX_SLOTS;
use crate::id::{ApiId, ApplicationId, ConsumerId, PortalId, StrategyId};
use crate::lifecycle::limit::{Limit, Network};
use crate::lifecycle::registration::RegistrationStatus;
use crate::places::Places;
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
    pub(crate) limits: Vec<Limit>,
    pub(crate) networks: Vec<Network>,
    /// The consumer whose credentials the application carries.
    pub(crate) consumer: Option<Consumer>,
    /// The consumers as whom it calls single APIs.
    consumers: Vec<(ApiId, Consumer)>,
}

impl Extras {
    /// As whom the application calls an API, if not as itself.
    pub(crate) fn consumer(&self, api: ApiId) -> Option<&Consumer> {
        let its = self.consumers.iter().find(|(known, _)| *known == api);
        its.map(|(_, consumer)| consumer).or(self.consumer.as_ref())
    }

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

    /// Whether the application carries the credentials of a consumer.
    pub(crate) fn is_consumer(&self) -> bool {
        self.extras().is_some_and(|extras| extras.consumer.is_some())
    }

    #[cold]
    fn extras_mut(&mut self) -> &mut Extras {
        self.extras.get_or_insert_default()
    }

    /// As whom the application calls an API from now on.
    fn map(&mut self, api: ApiId, consumer: Option<&record::Consumer>) {
        if consumer.is_none() && self.extras.is_none() {
            return;
        }
        let consumers = &mut self.extras_mut().consumers;
        consumers.retain(|(known, _)| *known != api);
        consumers.extend(consumer.map(|consumer| (api, Consumer::of(consumer))));
        self.tidy();
    }

    fn tidy(&mut self) {
        if self.extras().is_some_and(Extras::is_empty) {
            self.extras = None;
        }
    }
}

/// Slots are never given to another application: a credential that outlives its application
/// points to an empty slot, not to a stranger.
#[derive(Debug, Default)]
pub(crate) struct Applications {
    slots: Vec<Application>,
    by_id: Places,
}

impl Applications {
    pub(crate) fn with_expected(expected: u32) -> Self {
        // A manifest's word reserves at most this much before anything is there to prove it.
        let expected = (expected as usize).min(1 << 20);
        Self { slots: Vec::with_capacity(expected), by_id: Places::with_room(expected) }
    }

    pub(crate) fn get(&self, slot: u32) -> Option<&Application> {
        self.slots.get(slot as usize)
    }

    pub(crate) fn find(&self, id: ApplicationId) -> Option<&Application> {
        self.slot_of(id).and_then(|slot| self.get(slot))
    }

    fn slot_of(&self, id: ApplicationId) -> Option<u32> {
        let is_it = |slot| self.get(slot).is_some_and(|known| known.id == id);
        self.by_id.find(id.as_bytes(), is_it)
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
        let id_of = |slot: u32| Some(self.slots.get(slot as usize)?.id.as_bytes());
        self.by_id.insert(id.as_bytes(), slot, id_of);
        slot
    }

    fn entry(&mut self, id: ApplicationId) -> Option<&mut Application> {
        let slot = self.slot(id);
        self.slots.get_mut(slot as usize)
    }

    pub(crate) fn put(&mut self, application: record::Application) {
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
            let extras = entry.extras_mut();
            extras.limits = limits;
            extras.networks = networks;
            extras.consumer = consumer.as_ref().map(Consumer::of);
            entry.tidy();
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
        entry.map(registration.api, registration.consumer.as_ref());
    }

    pub(crate) fn unregister(&mut self, application: ApplicationId, api: ApiId) {
        let slot = self.slot_of(application).and_then(|slot| self.slots.get_mut(slot as usize));
        if let Some(entry) = slot {
            let mut registrations = core::mem::take(&mut entry.registrations).into_vec();
            registrations.retain(|(known, _)| *known != api);
            entry.registrations = registrations.into_boxed_slice();
            entry.map(api, None);
        }
    }
}

/// Percent-encodes what cannot stand in a header value: everything but printable ASCII, and `%`.
fn header_text(text: &str) -> Box<str> {
    let digit = |half: u8| half + if half < 10 { b'0' } else { b'A' - 10 };
    let mut out = Vec::with_capacity(text.len());
    // Blanks at the ends would not survive the way to the upstream.
    for byte in text.trim_matches(' ').bytes() {
        if (b' '..=b'~').contains(&byte) && byte != b'%' {
            out.push(byte);
        } else {
            out.extend_from_slice(&[b'%', digit(byte >> 4), digit(byte & 0x0f)]);
        }
    }
    alloc::string::String::from_utf8(out).unwrap_or_default().into()
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
        applications.put(application);
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
