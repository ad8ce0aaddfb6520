//! The fuzz target `introspection`: see [`gatekey_harness_fuzz::provider::introspection`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| gatekey_harness_fuzz::judge(
    gatekey_harness_fuzz::provider::introspection(data)
));
