//! What is different about the stories on nginx and Kong.
//!
//! - A header that is removed there still reaches the upstream. A request that says who calls is
//!   therefore refused instead of being relieved of it ([`retold`]), and a key is emptied instead of
//!   removed ([`drop_emptied`]).
//! - nginx drops headers with an underscore before a filter sees them, so they are no reason to
//!   refuse.
//! - Kong says for which service a request is, as Envoy's route metadata does; plain nginx has no
//!   word for it ([`Host::cannot_tell`]): there the configuration of the filter names the service.

use gatekey_host_harness::Profile;
use gatekey_scenarios::Scenario;
use gatekey_scenarios::document::{Expect, Request, Step};
use gatekey_scenarios::expect::is_identity;
use gatekey_scenarios::transcript::Fields;
use serde_json::{Value, json};

/// Where the portal is found.
pub(crate) const ADDRESS: &str = "portal.test:8180";
/// How Kong names the service of a request.
pub(crate) const SERVICE: [&str; 2] = ["kong", "service_name"];

/// A host that is nginx with a module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Host {
    Nginx,
    Kong,
}

impl Host {
    pub(crate) fn of(profile: &Profile) -> Option<Self> {
        match profile.name.split('-').next() {
            Some("ngx") => Some(Self::Nginx),
            Some("kong") => Some(Self::Kong),
            _ => None,
        }
    }

    pub(crate) fn configure(self, configuration: &mut Value) {
        configuration["host"] = match self {
            Self::Nginx => json!("nginx"),
            Self::Kong => json!("kong"),
        };
        if let Some(sync) = configuration.get_mut("sync") {
            sync["upstream"] = json!({"address": ADDRESS, "authority": "portal.test"});
        }
    }

    /// Whether the story needs a word that this host does not have.
    pub(crate) fn cannot_tell(self, scenario: &Scenario) -> bool {
        self == Self::Nginx && scenario.requests().any(|r| r.route_metadata_service.is_some())
    }
}

/// The story as it ends here, if that is not how it ends elsewhere.
pub(crate) fn retold(scenario: &Scenario) -> Option<Scenario> {
    let mut retold = scenario.clone();
    for step in &mut retold.steps {
        if let Step::Request(request) = step
            && says_who_calls(request)
        {
            request.expect = Expect::Deny {
                code: "reserved_header".into(),
                status: None,
                message: None,
                challenge: None,
            };
        }
    }
    (retold.steps != scenario.steps).then_some(retold)
}

fn says_who_calls(request: &Request) -> bool {
    let too_many = request.headers.len() + request.more_headers as usize > 90;
    let mut names = request.headers.iter().map(|(name, _)| name);
    !too_many && names.any(|name| is_identity(name) && !name.contains('_'))
}

/// What the client sent with a value and the upstream receives without one counts as hidden.
pub(crate) fn drop_emptied(received: &mut Fields, sent: &Fields) {
    received.retain(|(name, value)| {
        let emptied = |(known, was): &(String, Vec<u8>)| known == name && !was.is_empty();
        !value.is_empty() || !sent.iter().any(emptied)
    });
}
