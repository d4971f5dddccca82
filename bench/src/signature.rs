//! The component's verification of one signature, by itself in a sandbox: `guest/`, compiled from the component's own source.

use wasmtime::{Engine, Instance, Linker, Module, Result, Store, TypedFunc, ensure};

use crate::alone;
use crate::fixture::{Fixture, Login};

/// A sandbox that holds the key, the message and the signature.
pub struct Signature {
    store: Store<()>,
    run: TypedFunc<(), u32>,
}

impl Signature {
    pub fn new(guest: &[u8], fixture: &Fixture, login: &Login) -> Result<Self> {
        let engine = Engine::new(&alone::config())?;
        let module = Module::new(&engine, guest)?;
        let mut linker = Linker::new(&engine);
        // What the standard library would ask a system for. Nothing here does.
        linker.define_unknown_imports_as_traps(&module)?;
        let mut store = Store::new(&engine, ());
        store.set_epoch_deadline(u64::MAX / 2);
        let instance: Instance = linker.instantiate(&mut store, &module)?;
        if let Ok(initialize) = instance.get_typed_func::<(), ()>(&mut store, "_initialize") {
            initialize.call(&mut store, ())?;
        }
        let push = instance.get_typed_func::<(u32, u32), ()>(&mut store, "push")?;
        let (message, signature) = fixture.parts(&login.id_token)?;
        let inputs = [&fixture.modulus, &fixture.exponent, message.as_bytes(), signature.as_bytes()];
        for (number, input) in (0..).zip(inputs) {
            for &byte in input {
                push.call(&mut store, (number, byte.into()))?;
            }
        }
        let run = instance.get_typed_func::<(), u32>(&mut store, "run")?;
        Ok(Self { store, run })
    }

    pub fn verify(&mut self) -> Result<()> {
        ensure!(self.run.call(&mut self.store, ())? == 1, "the signature is wrong");
        Ok(())
    }
}
