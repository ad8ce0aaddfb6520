//! From JSON to settings.

use alloc::boxed::Box;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use super::fields::{Absent, FIELDS, Field};
use super::kind::{Broken, Given};
use super::{AccessTokenProfile, AuthMethods, ClientAuth, SameSite, Settings, SettingsFault};
use super::{refused, rules};
use crate::digest::Digest;
use crate::json::{self, Limits, Member, Node, Value};
use crate::oidc::url::Url;

/// The most that settings may have.
pub const MAX_SETTINGS_BYTES: usize = 1 << 17;

const LIMITS: Limits = Limits { depth: 8, members: 256, nodes: 8_192 };

pub(super) fn fault<T>(field: impl Into<String>, rule: &str) -> Result<T, SettingsFault> {
    Err(SettingsFault { field: field.into(), rule: rule.into() })
}

impl Settings {
    /// Reads settings from JSON.
    ///
    /// # Errors
    ///
    /// When it is not JSON, has a setting that there is not, or one that breaks its rule.
    pub fn parse(bytes: &[u8]) -> Result<Self, SettingsFault> {
        if bytes.len() > MAX_SETTINGS_BYTES {
            return fault("", "must have at most 131072 bytes");
        }
        let document = match json::read(bytes, &LIMITS) {
            Ok(document) => document,
            Err(wrong) => {
                let rule = ["must be JSON: byte ", &wrong.at.to_string(), ": ", &wrong.rule];
                return fault("", &rule.concat());
            }
        };
        let Value::Object(members) = &document.value else {
            return fault("", "must be an object");
        };
        for Member { name, .. } in &members.members {
            if !FIELDS.iter().any(|field| field.name == name) {
                return fault(&**name, &refused::reason(name));
            }
        }
        let mut settings = Self::blank();
        for field in FIELDS {
            read_field(&mut settings, field, members.node(field.name))?;
        }
        rules::conclude(&mut settings, members)?;
        Ok(settings)
    }

    /// Settings of which nothing is known yet.
    fn blank() -> Self {
        let nowhere = || Url {
            scheme: Box::default(),
            authority: Box::default(),
            path_and_query: Box::default(),
        };
        Self {
            provider: Digest::from_bytes([0; 32]),
            issuer: Box::default(),
            issuer_url: nowhere(),
            issuers_allowed: Vec::new(),
            auth_methods: AuthMethods::none(),
            credential_claim: Vec::new(),
            scopes: Vec::new(),
            scopes_required: Vec::new(),
            scopes_claim: Vec::new(),
            audience: Vec::new(),
            audience_required: Vec::new(),
            audience_claim: Vec::new(),
            leeway_seconds: 0,
            algorithms: Vec::new(),
            access_token_profile: AccessTokenProfile::Any,
            hide_credentials: true,
            token_headers: Vec::new(),
            token_cookie: None,
            token_query: None,
            client_id: None,
            client_auth: ClientAuth::SecretBasic,
            jwks: None,
            jwks_endpoint: None,
            token_endpoint: None,
            introspection_endpoint: None,
            authorization_endpoint: None,
            end_session_endpoint: None,
            token_post_args: Vec::new(),
            authorization_query_args: Vec::new(),
            introspection_post_args: Vec::new(),
            introspection_hint: Box::default(),
            introspect_jwt_tokens: false,
            cache_introspection: false,
            cache_tokens: false,
            cache_ttl_seconds: 0,
            cache_ttl_neg_seconds: 0,
            rediscovery_lifetime_seconds: 0,
            jwks_max_age_seconds: 0,
            jwks_stale_seconds: 0,
            timeout_ms: 0,
            upstream: None,
            redirect_uri: None,
            login_redirect_uri: None,
            logout_uri_suffix: None,
            logout_methods: Vec::new(),
            logout_query_arg: None,
            logout_redirect_uri: None,
            unauthorized_destroy_session: true,
            session_cookie_name: Box::default(),
            session_cookie: Box::default(),
            session_cookie_path: Box::default(),
            session_cookie_domain: None,
            session_cookie_same_site: SameSite::Lax,
            session_cookie_secure: true,
            session_cookie_http_only: true,
            session_rolling_timeout_seconds: 0,
            session_idling_timeout_seconds: 0,
            session_absolute_timeout_seconds: 0,
            upstream_access_token_header: None,
            upstream_headers: Vec::new(),
        }
    }
}

fn read_field(
    settings: &mut Settings,
    field: &Field,
    node: Option<&Node<'_>>,
) -> Result<(), SettingsFault> {
    let node = match (node, field.default) {
        (Some(Node { value: Value::Null, .. }), Absent::IsUnlessNull(_)) => {
            (field.set)(settings, &Given::Nothing);
            return Ok(());
        }
        (Some(Node { value: Value::Null, .. }) | None, Absent::None) => return Ok(()),
        (Some(node), _) => node,
        (None, Absent::Refused) => return fault(field.name, "is required"),
        (None, Absent::Is(default) | Absent::IsUnlessNull(default)) => {
            return match json::read(default.as_bytes(), &LIMITS) {
                Ok(node) => set(settings, field, &node),
                Err(_) => fault(field.name, "is required"),
            };
        }
    };
    set(settings, field, node)
}

fn set(settings: &mut Settings, field: &Field, node: &Node<'_>) -> Result<(), SettingsFault> {
    match field.kind.read(node) {
        Ok(given) => {
            (field.set)(settings, &given);
            Ok(())
        }
        Err(Broken { item: None, rule }) => fault(field.name, &rule),
        Err(Broken { item: Some(at), rule }) => {
            fault([field.name, "[", &at.to_string(), "]"].concat(), &rule)
        }
    }
}
