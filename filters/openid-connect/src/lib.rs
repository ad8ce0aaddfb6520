//! OpenID Connect only: tokens, sessions and grants, and no API keys.

const METHODS: gatekey_core::check::Methods = &[&gatekey_core::check::OPENID_CONNECT];

gatekey_filter::install!(METHODS, &gatekey_jwt::JWT);
