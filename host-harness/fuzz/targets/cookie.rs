//! The fuzz target `cookie`: see [`gatekey_harness_fuzz::cookie::run`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| gatekey_harness_fuzz::judge(
    gatekey_harness_fuzz::cookie::run(data)
));
