//! The component's verification of one signature, without the rest of the component: the same lines, compiled by the same
//! profile. The inputs come byte by byte, so that nothing here has to read memory by its address; that happens once, outside of
//! what is measured.

use std::cell::RefCell;

use cognito_oidc::oidc::signature::{PublicKey, verify};

thread_local! {
    /// Modulus, exponent, message, and signature in base64url.
    static INPUTS: RefCell<[Vec<u8>; 4]> = const { RefCell::new([const { Vec::new() }; 4]) };
}

/// Adds a byte to one of the inputs.
#[unsafe(no_mangle)]
pub extern "C" fn push(input: u32, byte: u32) {
    INPUTS.with_borrow_mut(|inputs| inputs[input as usize].push(byte as u8));
}

/// What the component does for each login: the key from its numbers, then one verification. 1 where the signature is right.
#[unsafe(no_mangle)]
pub extern "C" fn run() -> u32 {
    INPUTS.with_borrow(|[modulus, exponent, message, signature]| {
        let key = PublicKey::new(modulus, exponent).expect("a sound key");
        let signature = std::str::from_utf8(signature).expect("base64url");
        u32::from(verify(signature, message, &key))
    })
}
