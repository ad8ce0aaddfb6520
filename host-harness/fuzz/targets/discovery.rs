//! The fuzz target `discovery`: see [`gatekey_harness_fuzz::provider::discovery`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| gatekey_harness_fuzz::judge(
    gatekey_harness_fuzz::provider::discovery(data)
));
