//! What a portal is to have, in the order in which it can be made.

use gatekey_core::secret::Secret;
use serde_json::{Map, Value};

/// Something that was not brought over, and why.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Left {
    /// Of which kind it is.
    pub(super) kind: String,
    /// What it is called.
    pub(super) name: String,
    /// Why.
    pub(super) reason: String,
}

/// A service of the gateway, or a route.
#[derive(Debug)]
pub(super) struct Core {
    /// What it is called.
    pub(super) name: String,
    /// The service of a route.
    pub(super) service: Option<String>,
    /// As the gateway takes it.
    pub(super) body: Map<String, Value>,
}

/// How applications prove themselves.
#[derive(Debug)]
pub(super) enum Method {
    /// By keys in one of these headers.
    Keys(Vec<String>),
    /// By tokens of an identity provider.
    Tokens(Value),
    /// By tokens of an authorization server of the portal, which takes the place of the gateway's own.
    OwnTokens {
        /// Its scopes.
        scopes: Vec<String>,
    },
}

/// An auth strategy.
#[derive(Debug)]
pub(super) struct Strategy {
    /// Its name.
    pub(super) name: String,
    /// What developers see.
    pub(super) display_name: &'static str,
    /// How applications prove themselves.
    pub(super) method: Method,
}

/// An API: a service that asks callers who they are.
#[derive(Debug)]
pub(super) struct Api {
    /// Its name: that of the service.
    pub(super) service: String,
    /// Which strategy, by place.
    pub(super) strategy: usize,
    /// Whether registrations are approved by themselves.
    pub(super) auto_approve: bool,
    /// The settings of its publication.
    pub(super) settings: Map<String, Value>,
}

/// A consumer.
#[derive(Debug)]
pub(super) struct Consumer {
    /// What it is called.
    pub(super) name: String,
    /// As the gateway takes it.
    pub(super) body: Map<String, Value>,
}

/// A developer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Developer {
    /// The address.
    pub(super) email: String,
    /// The name.
    pub(super) full_name: String,
    /// Where the account stands.
    pub(super) status: &'static str,
}

/// A key. Only its digest is ever sent.
#[derive(Debug)]
pub(super) struct Key {
    /// What it is called.
    pub(super) name: String,
    /// The key itself.
    pub(super) value: Secret<String>,
    /// For how many seconds more it is good.
    pub(super) seconds: Option<i64>,
}

/// A client of the portal's own authorization server.
#[derive(Debug)]
pub(super) struct Client {
    /// Its id.
    pub(super) id: String,
    /// Its secret.
    pub(super) secret: Secret<String>,
}

/// An application, and what it holds and may call.
#[derive(Debug)]
pub(super) struct Application {
    /// Its name, which no other of the same strategy has.
    pub(super) name: String,
    /// What is said of it.
    pub(super) description: Option<String>,
    /// The address of the developer who owns it.
    pub(super) owner: String,
    /// Which strategy, by place.
    pub(super) strategy: usize,
    /// Its client at the identity provider.
    pub(super) client_id: Option<String>,
    /// Its client, where that is to be made.
    pub(super) client: Option<Client>,
    /// Where the identity provider sends people back to.
    pub(super) consumer: Option<String>,
    /// Its keys.
    pub(super) keys: Vec<Key>,
    /// The services it is registered for, and the status of each registration.
    pub(super) registrations: Vec<(String, &'static str)>,
}

/// All of it.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    /// Services.
    pub(super) services: Vec<Core>,
    /// Routes.
    pub(super) routes: Vec<Core>,
    /// Auth strategies.
    pub(super) strategies: Vec<Strategy>,
    /// APIs.
    pub(super) apis: Vec<Api>,
    /// Consumers.
    pub(super) consumers: Vec<Consumer>,
    /// Developers.
    pub(super) developers: Vec<Developer>,
    /// Applications.
    pub(super) applications: Vec<Application>,
    /// What is not brought over.
    pub(super) left: Vec<Left>,
}

impl Wanted {
    /// Notes that something is not brought over.
    pub(super) fn leave(
        &mut self,
        kind: impl Into<String>,
        name: impl Into<String>,
        reason: impl Into<String>,
    ) {
        let left = Left { kind: kind.into(), name: name.into(), reason: reason.into() };
        if !self.left.contains(&left) {
            self.left.push(left);
        }
    }
}
