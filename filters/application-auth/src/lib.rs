//! Every authentication method of the core: what a gateway loads when the portal decides which
//! strategy an API has.

gatekey_filter::install!(gatekey_core::METHODS, &gatekey_jwt::JWT);
