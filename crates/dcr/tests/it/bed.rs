//! A provider to test with: its fake, and how its clients are seen from outside.

use gatekey_dcr::{Adapter, Body, Call, Kind, Metadata, Method, Origin, Outcome, Provider};
use gatekey_dcr_fakes::{Answer, Fake, Fault, auth0, curity, entra, okta};
use serde_json::{Map, Value, json};

use crate::driver::Driver;

/// The providers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Which {
    Auth0,
    Okta,
    Entra,
    Curity,
}

impl Which {
    pub(crate) const ALL: [Self; 4] = [Self::Auth0, Self::Okta, Self::Entra, Self::Curity];
}

const ENTRA_TOKEN: &str = "/9c1b4f0e-7d3a-4a53-8f6e-3f5d2b1a0c9d/oauth2/v2.0/token";

/// A running fake.
#[derive(Debug)]
pub(crate) enum Running {
    Auth0(Fake<auth0::Auth0>),
    Okta(Fake<okta::Okta>),
    Entra(Fake<entra::Entra>),
    Curity(Fake<curity::Curity>),
}

#[derive(Debug)]
pub(crate) struct Bed {
    pub(crate) which: Which,
    pub(crate) running: Running,
}

macro_rules! fake {
    ($bed:expr, $fake:ident => $body:expr) => {
        match &$bed.running {
            Running::Auth0($fake) => $body,
            Running::Okta($fake) => $body,
            Running::Entra($fake) => $body,
            Running::Curity($fake) => $body,
        }
    };
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        other => panic!("{other}"),
    }
}

impl Bed {
    pub(crate) async fn start(which: Which) -> Self {
        let running = match which {
            Which::Auth0 => Running::Auth0(auth0::start().await.unwrap()),
            Which::Okta => Running::Okta(okta::start().await.unwrap()),
            Which::Entra => Running::Entra(entra::start().await.unwrap()),
            Which::Curity => Running::Curity(curity::start().await.unwrap()),
        };
        Self { which, running }
    }

    pub(crate) fn provider(&self) -> Provider {
        let origin = fake!(self, fake => fake.origin().to_owned());
        match self.which {
            Which::Auth0 => Provider {
                kind: Kind::Auth0,
                issuer: origin,
                config: object(json!({"initial_client_id": auth0::ADMIN_ID})),
                secrets: object(json!({"initial_client_secret": auth0::ADMIN_SECRET})),
            },
            Which::Okta => Provider {
                kind: Kind::Okta,
                issuer: format!("{origin}/oauth2/default"),
                config: Map::new(),
                secrets: object(json!({"dcr_token": okta::API_TOKEN})),
            },
            Which::Entra => Provider {
                kind: Kind::AzureAd,
                issuer: format!("{origin}/{}/v2.0", entra::TENANT),
                config: object(json!({"initial_client_id": entra::ADMIN_ID})),
                secrets: object(json!({"initial_client_secret": entra::ADMIN_SECRET})),
            },
            Which::Curity => Provider {
                kind: Kind::Curity,
                issuer: format!(
                    "{origin}/oauth/v2/oauth-anonymous/.well-known/openid-configuration"
                ),
                config: object(json!({"initial_client_id": curity::ADMIN_ID})),
                secrets: object(json!({"initial_client_secret": curity::ADMIN_SECRET})),
            },
        }
    }

    pub(crate) fn auth0(&self) -> &Fake<auth0::Auth0> {
        let Running::Auth0(fake) = &self.running else { panic!("{self:?}") };
        fake
    }

    pub(crate) fn okta(&self) -> &Fake<okta::Okta> {
        let Running::Okta(fake) = &self.running else { panic!("{self:?}") };
        fake
    }

    pub(crate) fn entra(&self) -> &Fake<entra::Entra> {
        let Running::Entra(fake) = &self.running else { panic!("{self:?}") };
        fake
    }

    pub(crate) fn curity(&self) -> &Fake<curity::Curity> {
        let Running::Curity(fake) = &self.running else { panic!("{self:?}") };
        fake
    }

    pub(crate) fn adapter(&self) -> Box<dyn Adapter> {
        self.provider().adapter().unwrap().unwrap()
    }

    pub(crate) fn fault(&self, call: &str, skip: usize, times: usize, fault: Fault) {
        fake!(self, fake => fake.fault(call, skip, times, fault));
    }

    pub(crate) fn mend(&self) {
        fake!(self, fake => fake.mend());
    }

    pub(crate) fn calls(&self) -> Vec<String> {
        fake!(self, fake => fake.calls())
    }

    /// What the provider says when it is asked too often.
    pub(crate) fn busy(&self) -> Answer {
        match self.which {
            Which::Auth0 => auth0::limited(crate::driver::START + 20),
            Which::Okta => okta::limited(crate::driver::START + 20),
            Which::Entra => entra::limited(20),
            Which::Curity => Answer::empty(429).with("retry-after", 20),
        }
    }

    /// What the provider holds of clients: clients, grants, secrets and the like.
    pub(crate) fn holds(&self) -> Vec<(&'static str, usize)> {
        match &self.running {
            Running::Auth0(fake) => fake.look(|world| {
                vec![("clients", world.clients.len()), ("grants", world.grants.len())]
            }),
            Running::Okta(fake) => fake.look(|world| {
                let secrets = world.secrets.values().map(Vec::len).sum();
                vec![("clients", world.clients.len()), ("secrets", secrets)]
            }),
            Running::Curity(fake) => fake.look(|world| vec![("clients", world.clients.len())]),
            Running::Entra(fake) => fake.look(|world| {
                let secrets =
                    world.applications.values().map(|application| application.passwords.len());
                vec![
                    ("clients", world.applications.len()),
                    ("principals", world.principals.len()),
                    ("secrets", secrets.sum()),
                ]
            }),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.holds().iter().all(|(_, count)| *count == 0)
    }

    pub(crate) fn clients(&self) -> usize {
        self.holds().first().map_or(0, |(_, count)| *count)
    }

    /// How many secrets the clients have.
    pub(crate) fn secrets(&self) -> usize {
        let holds = self.holds();
        holds.iter().find(|(what, _)| *what == "secrets").map_or(0, |(_, count)| *count)
    }

    /// A token request of a client.
    fn token(&self, id: &str, secret: &str) -> Call {
        let origin = fake!(self, fake => fake.origin().to_owned());
        let fields =
            [("grant_type", "client_credentials"), ("client_id", id), ("client_secret", secret)];
        let (path, extra) = match self.which {
            Which::Auth0 => ("/oauth/token", ("audience", auth0::API)),
            Which::Okta => ("/oauth2/default/v1/token", ("scope", "read:orders")),
            Which::Curity => ("/oauth/v2/oauth-token", ("scope", "read:orders")),
            Which::Entra => (ENTRA_TOKEN, ("scope", "api://orders/.default")),
        };
        let body = Body::form(fields.into_iter().chain([extra]));
        Call::new(Method::Post, format!("{origin}{path}")).with(body)
    }

    /// Whether a client gets a token with a secret.
    pub(crate) async fn works(&self, id: &str, secret: &str) -> bool {
        let call = self.token(id, secret);
        match Driver::default().send(&call).await {
            Outcome::Replied(reply) if reply.succeeded() => {
                reply.json().get("access_token").is_some()
            }
            Outcome::Replied(reply) => {
                assert!((400..404).contains(&reply.status), "{}", reply.status);
                false
            }
            other => panic!("{other:?}"),
        }
    }
}

/// What a client is to be like.
pub(crate) fn metadata(tag: &str) -> Metadata {
    Metadata {
        name: "An <app>: ä".into(),
        description: "Of a developer".into(),
        redirect_uris: Vec::new(),
        auth_methods: vec!["client_credentials".into(), "bearer".into()],
        scopes: vec!["read:orders".into()],
        audiences: vec![auth0::API.into()],
        origin: Origin {
            tag: tag.into(),
            application_id: "application".into(),
            portal_id: "portal".into(),
            organization_id: "organization".into(),
            developer_id: "developer".into(),
            auth_strategy_id: "strategy".into(),
            dcr_provider_id: "provider".into(),
        },
    }
}
