//! The headers that tell the upstream who calls. They are set by us or absent.

use super::decision::Caller;
use crate::snapshot::record::Owner;

/// The identity headers, in the order in which [`Caller::identity`] visits them: Kong's four, then
/// ours.
pub const IDENTITY_HEADERS: [&str; 8] = [
    "x-consumer-id",
    "x-consumer-custom-id",
    "x-consumer-username",
    "x-credential-identifier",
    "x-application-id",
    "x-application-name",
    "x-developer-id",
    "x-api-id",
];

/// Whether a client's header could pass for one of [`IDENTITY_HEADERS`]: in any case, with
/// underscores for hyphens. Such headers are removed from every request.
#[must_use]
pub fn is_identity_header(name: &[u8]) -> bool {
    let is = |known: &str| {
        known.len() == name.len()
            && known.bytes().zip(name).all(|(known, byte)| {
                known == byte.to_ascii_lowercase() || (known == b'-' && *byte == b'_')
            })
    };
    matches!(name.first(), Some(b'x' | b'X')) && IDENTITY_HEADERS.iter().any(|known| is(known))
}

impl Caller<'_> {
    /// Visits every identity header that there is with its value.
    ///
    /// An application that is mapped to no consumer is its own: id, the owner's id as custom id, the
    /// application's name as user name. Of a consumer without a user name or custom id, and of a
    /// developer where a team owns the application, nothing is said.
    pub fn identity(&self, mut visit: impl FnMut(&'static str, &[u8])) {
        let application = self.application.hyphenated();
        let (owner, is_developer) = match &self.owner {
            Owner::Developer(id) => (id.hyphenated(), true),
            Owner::Team(id) => (id.hyphenated(), false),
        };
        let credential = self.credential.hyphenated();
        let api = self.api.hyphenated();
        let name = self.application_name.as_bytes();
        let mapped = self.consumer.map(|consumer| consumer.id.hyphenated());
        let developer: Option<&[u8]> = if is_developer { Some(&owner) } else { None };
        let consumer: [Option<&[u8]>; 3] = match self.consumer.zip(mapped.as_ref()) {
            None => [Some(&application), Some(&owner), Some(name)],
            Some((consumer, id)) => [
                Some(id),
                consumer.custom_id.as_deref().map(str::as_bytes),
                consumer.username.as_deref().map(str::as_bytes),
            ],
        };
        let [id, custom_id, username] = consumer;
        let values = [
            id,
            custom_id,
            username,
            Some(&credential),
            Some(&application),
            Some(name),
            developer,
            Some(&api),
        ];
        for (header, value) in IDENTITY_HEADERS.into_iter().zip(values) {
            if let Some(value) = value {
                visit(header, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_an_identity_header_is_recognised() {
        for name in IDENTITY_HEADERS {
            assert!(is_identity_header(name.as_bytes()));
            assert!(is_identity_header(name.to_uppercase().as_bytes()));
            assert!(is_identity_header(name.replace('-', "_").as_bytes()));
        }
        for name in ["x-consumer", "x-consumer-idx", "consumer-id", "", "x", "x.consumer.id"] {
            assert!(!is_identity_header(name.as_bytes()), "{name}");
        }
    }
}
