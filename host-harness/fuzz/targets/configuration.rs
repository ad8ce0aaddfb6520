//! The fuzz target `configuration`: see [`gatekey_harness_fuzz::configuration`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| gatekey_harness_fuzz::judge(
    gatekey_harness_fuzz::configuration::run(data)
));
