//! What nginx itself knows of a request: its server, its variables, and what filters left there.

use core::time::Duration;
use std::collections::BTreeMap;

use crate::headers::Headers;
use crate::profile::HeaderMaps;

/// The order in which nginx lists the pseudo-headers of a request.
const PSEUDO_ORDER: [&str; 4] = [":path", ":method", ":scheme", ":authority"];

/// Name and port of the server that takes requests in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ServerName(pub(crate) String);

impl Default for ServerName {
    fn default() -> Self {
        Self("localhost:80".to_owned())
    }
}

/// An nginx variable as a world declares it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Variable {
    pub(crate) value: Vec<u8>,
    pub(crate) changeable: bool,
    /// The upstream header that the configuration makes of it.
    pub(crate) header: Option<String>,
}

/// What the host keeps of one request: filters of a chain share it, and it outlives a trap.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct HostProperties {
    /// What filters set, by dotted name.
    pub(crate) set: BTreeMap<String, Vec<u8>>,
    pub(crate) variables: BTreeMap<String, Variable>,
    pub(crate) opened_at: Duration,
    /// The client's body, where it can be read at any time.
    pub(crate) body: Vec<u8>,
    /// Headers for a response that is not there yet.
    pub(crate) early_response: Headers,
}

impl HostProperties {
    /// Puts on a response what filters wanted on it before it was there.
    pub(crate) fn complete_response(&mut self, headers: &mut Headers) {
        for (name, value) in core::mem::take(&mut self.early_response).iter_as_spelled() {
            headers.add(name, value);
        }
    }

    /// Whether the upstream gets other headers than the last filter saw.
    pub(crate) fn changes(&self, headers: &Headers) -> bool {
        !headers.are_sent_as_read() || self.variables.values().any(|v| v.header.is_some())
    }

    /// The headers as the upstream gets them: what filters could not change is as it was, and
    /// headers made of variables take the place of the client's.
    pub(crate) fn as_sent(&self, headers: &Headers) -> Headers {
        let mut sent = headers.as_sent();
        for variable in self.variables.values() {
            let Some(name) = &variable.header else { continue };
            sent.remove(name);
            // nginx sends no header for an empty value.
            if !variable.value.is_empty() {
                sent.add(name, &variable.value);
            }
        }
        sent
    }
}

/// A request's headers as this host shows them to its filters.
pub(crate) fn received(mut headers: Headers, rules: &HeaderMaps, server: &ServerName) -> Headers {
    if rules.underscore_names_are_dropped {
        headers.keep_names(|name| !name.contains(&b'_'));
    }
    if rules.authority_is_server_name {
        let client = headers.get(":authority").map(<[u8]>::to_vec);
        headers.pin(b":authority");
        match client {
            Some(client) => {
                headers.set(":authority", &server.0);
                if headers.get("host").is_none() {
                    headers.show("host", &client);
                }
            }
            None => headers.show(":authority", server.0.as_bytes()),
        }
    }
    if rules.pseudo_headers_come_first {
        headers.order_pseudo(&PSEUDO_ORDER);
    }
    headers
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::Profile;

    #[test]
    fn filters_see_the_servers_name_and_the_upstream_the_clients() {
        let rules = Profile::ngx_0_6().headers;
        let server = ServerName("gw:8000".to_owned());
        let request: Headers =
            [("a_b", "dropped"), ("x", "1"), (":authority", "api"), (":path", "/")]
                .into_iter()
                .collect();
        let seen = received(request, &rules, &server);
        let read: Vec<_> = seen.iter().collect();
        let expected: [(&[u8], &[u8]); 4] =
            [(b":path", b"/"), (b":authority", b"gw:8000"), (b"host", b"api"), (b"x", b"1")];
        assert_eq!(read, expected);
        let sent = HostProperties::default().as_sent(&seen);
        let expected = [(":path", "/"), (":authority", "api"), ("x", "1")];
        assert_eq!(sent, expected.into_iter().collect());
        let bare = received(Headers::new(), &rules, &server);
        assert_eq!(bare.get(":authority"), Some(&b"gw:8000"[..]));
        assert_eq!(bare.get("host"), None);
        assert!(bare.as_sent().is_empty());
    }

    #[test]
    fn headers_made_of_variables_replace_the_clients() {
        let variable = |value: &str| Variable {
            value: value.into(),
            changeable: true,
            header: Some("x".into()),
        };
        let client: Headers = [("x", "spoofed"), ("x", "again")].into_iter().collect();
        for (value, expected) in [("mine", vec![("x", "mine")]), ("", vec![])] {
            let variables = [("id".to_owned(), variable(value))].into();
            let sent = HostProperties { variables, ..HostProperties::default() }.as_sent(&client);
            assert_eq!(sent, expected.into_iter().collect());
        }
    }
}
