//! The fuzz target `token-reply`: see [`gatekey_harness_fuzz::provider::token_reply`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| gatekey_harness_fuzz::judge(
    gatekey_harness_fuzz::provider::token_reply(data)
));
