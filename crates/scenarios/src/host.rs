//! What is different about the stories on the proxies that host the filter.
//!
//! The files tell them as they go in Envoy. On nginx and Kong:
//!
//! - A header that is removed still reaches the upstream. A request that says who calls is therefore
//!   refused instead of being relieved of it ([`Host::retold`]), and a key is emptied instead of
//!   removed ([`Host::drop_emptied`]).
//! - Headers with an underscore are dropped before a filter sees them, so they are no reason to
//!   refuse.
//! - Kong says for which service a request is, as Envoy's route metadata does; plain nginx has no
//!   word for it ([`Host::cannot_tell`]): there the configuration of the filter names the service.
//! - A header in which the upstream is told of a claim cannot be set where the client sent two.
//! - A filter sees only so many headers, and refuses what it does not see whole.
//! - Where the client is is always known.
//! - The portal is called by its address, not by the name of a cluster.

use serde_json::{Value, json};

use crate::Scenario;
use crate::document::{Expect, Request, Step, StrategyMethod};
use crate::expect::is_identity;
use crate::transcript::Fields;

/// The Envoy cluster under which the portal is found.
pub const CLUSTER: &str = "portal";

/// Where nginx finds the portal.
const ADDRESS: &str = "portal.test:8180";

/// A filter on nginx is shown 100 header fields at most, pseudo-headers included, and refuses a
/// request of which it may not see all. No story has about as many.
const MANY_HEADERS: usize = 90;

/// A proxy that hosts the filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Host {
    /// Envoy, or a host that keeps to the letter of the ABI.
    Envoy,
    /// nginx with a module.
    Nginx,
    /// Kong, which is nginx with a module and more.
    Kong,
}

impl Host {
    /// The host behind a profile of the harness.
    #[must_use]
    pub fn of(profile: &str) -> Self {
        match profile.split('-').next() {
            Some("ngx") => Self::Nginx,
            Some("kong") => Self::Kong,
            _ => Self::Envoy,
        }
    }

    /// Under which name the portal is called.
    #[must_use]
    pub const fn portal(self) -> &'static str {
        match self {
            Self::Envoy => CLUSTER,
            Self::Nginx | Self::Kong => ADDRESS,
        }
    }

    /// What the filter's configuration calls its host, where it must.
    pub(crate) const fn kind(self) -> Option<&'static str> {
        match self {
            Self::Envoy => None,
            Self::Nginx => Some("nginx"),
            Self::Kong => Some("kong"),
        }
    }

    /// The way to the portal, as a configuration spells it.
    pub(crate) fn upstream(self) -> Value {
        let way = match self {
            Self::Envoy => "envoy_cluster",
            Self::Nginx | Self::Kong => "address",
        };
        json!({way: self.portal(), "authority": "portal.test"})
    }

    /// The segments of the property that names the service of a request. Nothing sets it in plain
    /// nginx.
    #[must_use]
    pub const fn service_property(self) -> &'static [&'static str] {
        match self {
            Self::Envoy => &["xds", "route_metadata", "filter_metadata", "gatekey", "service"],
            Self::Nginx | Self::Kong => &["kong", "service_name"],
        }
    }

    /// How the host states the address of a client.
    #[must_use]
    pub fn stated(self, address: &str) -> String {
        match self {
            Self::Envoy if address.contains(':') => format!("[{address}]:40000"),
            Self::Envoy => format!("{address}:40000"),
            Self::Nginx | Self::Kong => address.into(),
        }
    }

    /// Why the story cannot be told here: it needs a word that this host does not have.
    #[must_use]
    pub fn cannot_tell(self, scenario: &Scenario) -> Option<&'static str> {
        let named = scenario.requests().any(|request| request.route_metadata_service.is_some());
        (self == Self::Nginx && named)
            .then_some("the route names the service, for which plain nginx has no word")
    }

    /// The story as it ends here, if that is not how the file says it does.
    #[must_use]
    pub fn retold(self, scenario: &Scenario) -> Option<Scenario> {
        if self == Self::Envoy {
            return None;
        }
        let mut retold = scenario.clone();
        for step in &mut retold.steps {
            if let Step::Request(request) = step
                && !self.cuts_short(request)
                && (says_who_calls(request) || repeats_told(scenario, request))
            {
                request.expect = Expect::Deny {
                    code: "reserved_header".into(),
                    status: None,
                    message: None,
                    challenge: None,
                    limit: None,
                };
            }
            // The client's address is always known there.
            if let Step::Request(Request { expect: Expect::Deny { code, .. }, .. }) = step
                && code == "address_unknown"
            {
                *code = "address_refused".into();
            }
        }
        (retold.steps != scenario.steps).then_some(retold)
    }

    /// Whether the filter is not shown all headers of a request, of which the host warns.
    pub(crate) fn cuts_short(self, request: &Request) -> bool {
        self != Self::Envoy && request.headers.len() + request.more_headers as usize > MANY_HEADERS
    }

    /// Whether a header that the filter hides may still be there, without its value.
    pub(crate) const fn keeps_names(self) -> bool {
        match self {
            Self::Envoy => false,
            Self::Nginx | Self::Kong => true,
        }
    }

    /// Takes from what the upstream received the headers that count as hidden here: the client
    /// sent them with a value and they arrived without one.
    pub fn drop_emptied(self, received: &mut Fields, sent: &Fields) {
        if !self.keeps_names() {
            return;
        }
        received.retain(|(name, value)| {
            let emptied = |(known, was): &(String, Vec<u8>)| known == name && !was.is_empty();
            !value.is_empty() || !sent.iter().any(emptied)
        });
    }
}

/// Whether a request that passes carries a header twice in which the upstream is told of a claim: only
/// the first copy can be changed.
fn repeats_told(scenario: &Scenario, request: &Request) -> bool {
    let told = scenario.policy.strategies.iter().filter_map(|strategy| match &strategy.method {
        StrategyMethod::OpenIdConnect(method) => method.settings.get("upstream_headers_names"),
        StrategyMethod::KeyAuth(_) | StrategyMethod::Other(_) => None,
    });
    let mut names = told.filter_map(Value::as_array).flatten().filter_map(Value::as_str);
    let copies = |name: &str| {
        request.headers.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name)).count()
    };
    matches!(request.expect, Expect::Allow { .. }) && names.any(|name| copies(name) > 1)
}

fn says_who_calls(request: &Request) -> bool {
    request.headers.iter().any(|(name, _)| is_identity(name) && !name.contains('_'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario;

    fn scenarios() -> Vec<Scenario> {
        scenario::load(&scenario::folder()).unwrap()
    }

    #[test]
    fn a_host_is_known_by_its_profile() {
        for (profile, host) in [
            ("spec", Host::Envoy),
            ("envoy", Host::Envoy),
            ("ngx-0.5", Host::Nginx),
            ("ngx-0.6", Host::Nginx),
            ("kong-3.9", Host::Kong),
        ] {
            assert_eq!(Host::of(profile), host);
        }
    }

    #[test]
    fn envoy_tells_everything_as_written() {
        for scenario in scenarios() {
            assert!(Host::Envoy.retold(&scenario).is_none(), "{}", scenario.name);
            assert_eq!(Host::Envoy.cannot_tell(&scenario), None);
            assert_eq!(Host::Kong.cannot_tell(&scenario), None);
        }
    }

    #[test]
    fn nginx_refuses_whoever_says_who_calls() {
        let scenarios = scenarios();
        let retold: Vec<_> = scenarios.iter().filter_map(|s| Host::Nginx.retold(s)).collect();
        assert!(retold.len() >= 20 && retold.len() < scenarios.len(), "{}", retold.len());
        for scenario in retold {
            let refused = scenario.requests().any(|request| {
                let codes = ["reserved_header", "address_refused"];
                matches!(&request.expect, Expect::Deny { code, .. } if codes.contains(&code.as_str()))
            });
            assert!(refused, "{}", scenario.name);
        }
    }

    #[test]
    fn only_what_the_client_sent_with_a_value_counts_as_emptied() {
        let fields = |all: &[(&str, &str)]| -> Fields {
            all.iter().map(|(name, value)| ((*name).into(), value.as_bytes().to_vec())).collect()
        };
        let sent = fields(&[("apikey", "k"), ("x-empty", "")]);
        let received = fields(&[("apikey", ""), ("x-empty", ""), ("x-api-id", "")]);
        let (mut nginx, mut envoy) = (received.clone(), received.clone());
        Host::Nginx.drop_emptied(&mut nginx, &sent);
        assert_eq!(nginx, fields(&[("x-empty", ""), ("x-api-id", "")]));
        Host::Envoy.drop_emptied(&mut envoy, &sent);
        assert_eq!(envoy, received);
    }
}
