//! The fuzz target `callout`: see [`gatekey_harness_fuzz::callout`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| gatekey_harness_fuzz::judge(
    gatekey_harness_fuzz::callout::run(data)
));
