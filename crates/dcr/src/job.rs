//! What can be asked of a provider.

use serde::{Deserialize, Serialize};

/// What a client is to be like.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metadata {
    /// The name of the application; attacker's text.
    pub name: String,
    /// Its description; empty for none.
    pub description: String,
    /// Where browsers are sent back to.
    pub redirect_uris: Vec<String>,
    /// The strategy's auth methods, in Konnect's words: `client_credentials`, `bearer`,
    /// `authorization_code`, ...
    pub auth_methods: Vec<String>,
    /// The scopes that the client may ask for.
    pub scopes: Vec<String>,
    /// The audiences that its tokens are to be for, where the strategy names any. Auth0 gives no
    /// token for an API to a client that was not granted it.
    #[serde(default)]
    pub audiences: Vec<String>,
    /// Where the client comes from.
    pub origin: Origin,
}

/// Where a client comes from. Providers keep what they can of it, so that a client can be told from
/// others and found again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The tag of the client: unique, chosen before the first call.
    pub tag: String,
    /// The application.
    pub application_id: String,
    /// Its portal.
    pub portal_id: String,
    /// The organisation: one id for each installation.
    pub organization_id: String,
    /// The developer who owns the application.
    pub developer_id: String,
    /// The application's strategy.
    pub auth_strategy_id: String,
    /// The provider.
    pub dcr_provider_id: String,
}

impl Metadata {
    /// Whether tokens are to be had without a user.
    #[must_use]
    pub fn has_client_credentials(&self) -> bool {
        self.auth_methods.iter().any(|method| method == "client_credentials" || method == "bearer")
    }

    /// Whether users sign in at the provider.
    #[must_use]
    pub fn has_authorization_code(&self) -> bool {
        !self.redirect_uris.is_empty()
            || self.auth_methods.iter().any(|method| method == "authorization_code")
    }

    /// The grant types of OAuth that follow.
    #[must_use]
    pub fn grant_types(&self) -> Vec<&'static str> {
        let mut grants = Vec::new();
        if self.has_client_credentials() || !self.has_authorization_code() {
            grants.push("client_credentials");
        }
        if self.has_authorization_code() {
            grants.push("authorization_code");
            if self.auth_methods.iter().any(|method| method == "refresh_token") {
                grants.push("refresh_token");
            }
        }
        grants
    }
}

/// Something that happened to an application, for providers that want to hear of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    /// The application was changed.
    Updated,
    /// It got access to an API.
    Registered {
        /// Which API.
        api_id: String,
        /// The audience of its tokens, if it has one of its own.
        audience: Option<String>,
    },
    /// It lost access to an API.
    Unregistered {
        /// Which API.
        api_id: String,
        /// The audience of its tokens, if it has one of its own.
        audience: Option<String>,
    },
}

/// What is asked of a provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Job {
    /// Whether the configuration works. Leaves nothing behind.
    Verify,
    /// Make a client. Its secret is [`crate::State::issued`].
    Register(Metadata),
    /// Change the client.
    Update(Metadata),
    /// Put a new secret in the place of the old one. The new one is [`crate::State::issued`].
    RotateSecret(Metadata),
    /// Add a secret beside those there are. It is [`crate::State::issued`].
    AddSecret {
        /// What it is to be called.
        display_name: Option<String>,
    },
    /// List the secrets, without their values, into [`crate::Found::secrets`].
    ListSecrets,
    /// Remove one secret.
    RemoveSecret {
        /// Its id at the provider.
        id: String,
    },
    /// Remove the client, or what was made of it. One that is not there is removed already.
    Unregister,
    /// Look for clients with the tag, or, when it is empty, for all that carry a tag of ours, into
    /// [`crate::Found::clients`].
    Find {
        /// The tag.
        tag: String,
    },
    /// The scopes that the client was granted, into [`crate::Found::scopes`].
    GrantedScopes,
    /// Tell what happened.
    Notify(Metadata, Event),
}

impl Job {
    /// The name of the job in the ledger.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Verify => "verify",
            Self::Register(_) => "register",
            Self::Update(_) => "update",
            Self::RotateSecret(_) => "rotate_secret",
            Self::AddSecret { .. } => "add_secret",
            Self::ListSecrets => "list_secrets",
            Self::RemoveSecret { .. } => "remove_secret",
            Self::Unregister => "unregister",
            Self::Find { .. } => "find",
            Self::GrantedScopes => "granted_scopes",
            Self::Notify(..) => "notify",
        }
    }
}
