//! The fuzz target `snapshot`: see [`gatekey_harness_fuzz::snapshot`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| gatekey_harness_fuzz::judge(
    gatekey_harness_fuzz::snapshot::run(data)
));
