//! What of an authorization server's settings makes client credentials fail.

use serde_json::Value;

use crate::job::Metadata;
use crate::vendor::text;

/// Tokens of the org's own server are for Okta alone.
pub(super) const ORG_SERVER: &str = "the issuer is the org's own authorization server: only Okta \
     can validate its tokens. Use a custom one, like https://{org}/oauth2/default";

const NO_SCOPE: &str = "the authorization server has no scope of its own: Okta gives no token for \
     client credentials without one, and none for `openid`";
const NO_POLICY: &str = "no active access policy of the authorization server covers all clients: \
     a client that is registered gets no token";
const NO_RULE: &str = "no active rule of the access policy allows client credentials: a client that \
     is registered gets no token";

/// Of the scopes of a client.
pub(super) fn of_client(metadata: &Metadata) -> Option<String> {
    let openid = metadata.scopes.iter().any(|scope| scope == "openid");
    (openid && metadata.has_client_credentials()).then(|| {
        "Okta refuses the scope `openid` with client credentials: the strategy should name a scope \
         of the authorization server instead"
            .to_owned()
    })
}

/// Of the list of scopes.
pub(super) fn of_scopes(scopes: &Value) -> Option<String> {
    let own = |scope: &Value| scope.get("system").and_then(Value::as_bool) == Some(false);
    (!items(scopes).any(own)).then(|| NO_SCOPE.to_owned())
}

/// Of the list of policies: the id of the one that covers all clients, or what is wrong.
pub(super) fn of_policies(policies: &Value) -> Result<String, String> {
    let covers = |policy: &&Value| {
        text(policy, "status") == Some("ACTIVE")
            && includes(policy, "/conditions/clients/include", "ALL_CLIENTS")
    };
    let policy = items(policies).find(covers).and_then(|policy| crate::vendor::id(policy, "id"));
    policy.ok_or_else(|| NO_POLICY.to_owned())
}

/// Of the list of a policy's rules.
pub(super) fn of_rules(rules: &Value) -> Option<String> {
    let allows = |rule: &Value| {
        text(rule, "status") == Some("ACTIVE")
            && includes(rule, "/conditions/grantTypes/include", "client_credentials")
    };
    (!items(rules).any(allows)).then(|| NO_RULE.to_owned())
}

fn items(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}

fn includes(value: &Value, pointer: &str, wanted: &str) -> bool {
    let list = value.pointer(pointer).and_then(Value::as_array);
    list.is_some_and(|list| list.iter().any(|item| item.as_str() == Some(wanted)))
}
