//! The fuzz target `request`: see [`gatekey_harness_fuzz::request`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| gatekey_harness_fuzz::judge(
    gatekey_harness_fuzz::request::run(data)
));
