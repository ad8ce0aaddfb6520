//! Settings that are known and refused, with the reason.

use alloc::borrow::Cow;

/// Why a name that is none of our settings is refused.
pub(super) fn reason(name: &str) -> Cow<'static, str> {
    if SECRETS.contains(&name) {
        return Cow::Borrowed(
            "is a secret: it belongs into the gateway's configuration, because strategies are \
             handed to every gateway",
        );
    }
    let is_kongs = NOT_HERE.contains(&name) || FAMILIES.iter().any(|start| name.starts_with(start));
    Cow::Borrowed(if is_kongs {
        "is a setting of Kong's that is not implemented: leave it out"
    } else {
        "is not a setting"
    })
}

const SECRETS: &[&str] = &[
    "client_jwk",
    "client_secret",
    "http_proxy_authorization",
    "https_proxy_authorization",
    "session_redis_password",
    "session_secret",
];

/// Beginnings of names that Kong has many of.
const FAMILIES: &[&str] = &[
    "authorization_cookie_",
    "authorization_query_args_",
    "cluster_cache_",
    "downstream_",
    "introspection_headers_",
    "introspection_post_args_",
    "mtls_",
    "proof_of_possession_",
    "pushed_authorization_request_",
    "session_memcached_",
    "session_redis_",
    "session_remember",
    "tls_client_auth_",
    "token_headers_",
    "token_post_args_",
    "unauthorized_",
    "unexpected_",
    "upstream_",
    "userinfo_",
    "forbidden_",
];

const NOT_HERE: &[&str] = &[
    "anonymous",
    "authenticated_groups_claim",
    "authorization_rolling_timeout",
    "by_username_ignore_case",
    "cache_token_exchange",
    "cache_tokens_salt",
    "cache_ttl_max",
    "cache_ttl_min",
    "cache_ttl_resurrect",
    "cache_user_info",
    "claims_forbidden",
    "client_alg",
    "client_arg",
    "consumer_by",
    "consumer_claim",
    "consumer_claims",
    "consumer_groups_claim",
    "consumer_groups_optional",
    "consumer_optional",
    "disable_session",
    "display_errors",
    "domains",
    "dpop_proof_lifetime",
    "dpop_use_nonce",
    "expose_error_code",
    "extra_jwks_uris",
    "groups_claim",
    "groups_required",
    "http_proxy",
    "http_version",
    "https_proxy",
    "id_token_param_name",
    "id_token_param_type",
    "ignore_signature",
    "introspection_accept",
    "introspection_endpoint_auth_method",
    "introspection_token_param_name",
    "jwt_session_claim",
    "jwt_session_cookie",
    "keepalive",
    "login_action",
    "login_methods",
    "login_redirect_mode",
    "login_tokens",
    "logout_post_arg",
    "logout_revoke",
    "logout_revoke_access_token",
    "logout_revoke_refresh_token",
    "max_age",
    "no_proxy",
    "preserve_query_args",
    "principals",
    "redis",
    "refresh_token_param_name",
    "refresh_token_param_type",
    "refresh_tokens",
    "require_pushed_authorization_requests",
    "require_signed_request_object",
    "resolve_distributed_claims",
    "response_mode",
    "response_type",
    "revocation_endpoint",
    "revocation_endpoint_auth_method",
    "revocation_token_param_name",
    "roles_claim",
    "roles_required",
    "run_on_preflight",
    "search_user_info",
    "session_audience",
    "session_bind",
    "session_enforce_same_subject",
    "session_hash_storage_key",
    "session_hash_subject",
    "session_request_headers",
    "session_response_headers",
    "session_storage",
    "session_store_metadata",
    "token_cache_key_include_scope",
    "token_endpoint_auth_method",
    "token_exchange_endpoint",
    "verify_parameters",
];
