//! The headers that tell the upstream who calls. They are set by us or absent.

use super::decision::Caller;

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
    /// Visits every identity header with its value.
    ///
    /// An application is its own consumer: id, the developer's id as custom id, the application's
    /// name as user name.
    pub fn identity(&self, mut visit: impl FnMut(&'static str, &[u8])) {
        let application = self.application.hyphenated();
        let developer = self.developer.hyphenated();
        let credential = self.credential.hyphenated();
        let api = self.api.hyphenated();
        let name = self.application_name.as_bytes();
        let values: [&[u8]; 8] =
            [&application, &developer, name, &credential, &application, name, &developer, &api];
        for (header, value) in IDENTITY_HEADERS.into_iter().zip(values) {
            visit(header, value);
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
