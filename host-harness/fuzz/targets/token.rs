//! The fuzz target `token`: see [`gatekey_harness_fuzz::token::run`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| gatekey_harness_fuzz::judge(
    gatekey_harness_fuzz::token::run(data)
));
