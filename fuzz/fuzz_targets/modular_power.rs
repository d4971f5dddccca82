//! See the module of that name in `src/`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| cognito_oidc_fuzz::modular_power::run(data));
