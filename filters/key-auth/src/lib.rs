//! API keys only: small, and without any token cryptography.

const METHODS: gatekey_core::check::Methods = &[&gatekey_core::check::KEY_AUTH];

gatekey_filter::install!(METHODS);
