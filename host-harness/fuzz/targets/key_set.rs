//! The fuzz target `key-set`: see [`gatekey_harness_fuzz::provider::key_set`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| gatekey_harness_fuzz::judge(
    gatekey_harness_fuzz::provider::key_set(data)
));
