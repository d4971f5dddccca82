//! Components written by hand, each of them as small and as ill-behaved as its test needs.

use std::sync::LazyLock;

use crate::{Capacity, Compiled, Runtime};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::{Resolve, UnresolvedPackageGroup};

/// One engine for all tests: each reserves addresses for all its sandboxes.
pub(super) static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new(Capacity::default()).unwrap());

/// The bodies of a component's exports in WebAssembly text. As it starts, `begin` redirects to an empty URL and `complete`
/// authenticates nobody: both return the zeroes at 1024.
#[derive(Default)]
pub(super) struct Guest {
    pub(super) begin: String,
    pub(super) complete: String,
    pub(super) check: String,
    pub(super) test: String,
    /// Instructions at the end of `begin`, in place of the pointer to its result.
    pub(super) begun: Option<&'static str>,
}

impl Guest {
    pub(super) fn begin(body: &str) -> Self {
        Self { begin: body.to_owned(), ..Self::default() }
    }

    pub(super) fn complete(body: &str) -> Self {
        Self { complete: body.to_owned(), ..Self::default() }
    }

    pub(super) fn compile(&self) -> Compiled {
        self.compile_in(&RUNTIME, "guest")
    }

    pub(super) fn compile_in(&self, runtime: &Runtime, name: &str) -> Compiled {
        runtime.compile(name, &self.encode(|wit| wit)).unwrap()
    }

    /// The component, as if the contract had been edited like this.
    pub(super) fn encode(&self, edit: impl Fn(String) -> String) -> Vec<u8> {
        self.encode_text(edit, self.text())
    }

    pub(super) fn encode_text(&self, edit: impl Fn(String) -> String, text: String) -> Vec<u8> {
        let mut module = wat::parse_str(text).unwrap();
        let mut resolve = Resolve::default();
        for package in ["../wit/deps/clocks/wall-clock.wit", "../wit/deps/random/random.wit"] {
            let text = std::fs::read_to_string(package).unwrap();
            resolve.push_group(UnresolvedPackageGroup::parse(package, &text).unwrap()).unwrap();
        }
        let mut text = String::new();
        for (index, file) in ["world", "connection", "http", "redirect", "settings", "stores"].into_iter().enumerate() {
            let of_file = std::fs::read_to_string(format!("../wit/{file}.wit")).unwrap();
            // One package, one file: the package's name stands in the first.
            text += if index == 0 { &of_file } else { of_file.trim_start() };
            text.push('\n');
        }
        let package = resolve.push_group(UnresolvedPackageGroup::parse("step.wit", &edit(text)).unwrap()).unwrap();
        let world = resolve.select_world(&[package], Some("redirect-step")).unwrap();
        embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).unwrap();
        ComponentEncoder::default().validate(true).module(&module).unwrap().encode().unwrap()
    }

    /// Memory: results at 1024, the list of origins at 1200, the description at 1280, texts from 2048, results of imports at 3072,
    /// allocations from 65536.
    ///
    /// `$set` writes the output variable `x`, from 4096; `$put` and `$cache` put as many bytes under the key `x`. -1 for success, else the
    /// error's index.
    pub(super) fn text(&self) -> String {
        let Self { begin, complete, check, test, begun } = self;
        let begun = begun.unwrap_or("(i32.const 1024)");
        format!(
            r#"(module
  (import "journey:step/http@0.1.0" "fetch" (func $fetch (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)))
  (import "journey:step/variables@0.1.0" "set" (func $set_variable (param i32 i32 i32 i32 i32 i32)))
  (import "journey:step/attempts@0.1.0" "get" (func $get_attempt (param i32 i32 i32)))
  (import "journey:step/attempts@0.1.0" "put" (func $put_attempt (param i32 i32 i32 i32 i32 i32)))
  (import "journey:step/attempts@0.1.0" "replace" (func $replace_attempt (param i32 i32 i32 i32 i32 i32 i32 i32)))
  (import "journey:step/tenant-cache@0.1.0" "get" (func $get_cache (param i32 i32 i32)))
  (import "journey:step/tenant-cache@0.1.0" "put" (func $put_cache (param i32 i32 i32 i32 i32 i32)))
  (import "wasi:clocks/wall-clock@0.2.0" "now" (func $now (param i32)))
  (import "wasi:clocks/wall-clock@0.2.0" "resolution" (func $resolution (param i32)))
  (import "wasi:random/random@0.2.0" "get-random-bytes" (func $random (param i64 i32)))
  (import "wasi:random/random@0.2.0" "get-random-u64" (func $random_number (result i64)))
  (memory (export "memory") 32)
  (global $heap (mut i32) (i32.const 1048576))
  (data (i32.const 1200) "\00\09\00\00\12\00\00\00")
  (data (i32.const 1280) "\b0\04\00\00\01\00\00\00\01")
  (data (i32.const 1312) "\01\00\00\00\00\08\00\00\01\00\00\00\30\08\00\00\0b\00\00\00")
  (data (i32.const 2048) "x")
  (data (i32.const 2096) "login_error")
  (data (i32.const 2304) "http://127.0.0.1:1/")
  (data (i32.const 4096) "\22value\22")
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
    (global.set $heap (i32.and (i32.add (global.get $heap) (i32.const 15)) (i32.const -16)))
    (global.get $heap)
    (global.set $heap (i32.add (global.get $heap) (local.get 3))))
  (func $set (param $bytes i32) (result i32)
    (call $set_variable (i32.const 2048) (i32.const 1) (i32.const 1) (i32.const 4096) (local.get $bytes) (i32.const 3072))
    (call $error))
  (func $put (param $bytes i32) (result i32)
    (call $put_attempt (i32.const 2048) (i32.const 1) (i32.const 4096) (local.get $bytes) (i32.const 60) (i32.const 3072))
    (call $error))
  (func $cache (param $bytes i32) (result i32)
    (call $put_cache (i32.const 2048) (i32.const 1) (i32.const 4096) (local.get $bytes) (i32.const 60) (i32.const 3072))
    (call $error))
  (func $get (param $headers i32) (result i32)
    (call $fetch (i32.const 0) (i32.const 2304) (i32.const 19) (i32.const 65536) (local.get $headers) (i32.const 0) (i32.const 0)
      (i32.const 1000) (i32.const 0x7fffffff) (i32.const 3072))
    (call $error))
  (func $error (result i32)
    (if (result i32) (i32.load8_u (i32.const 3072)) (then (i32.load8_u (i32.const 3076))) (else (i32.const -1))))
  (func $expect (param i32 i32)
    (if (i32.ne (local.get 0) (local.get 1)) (then (unreachable))))
  (func $recurse (call $recurse))
  (func (export "journey:step/redirect@0.1.0#begin") (param i32 i32 i32 i32 i32 i32 i32) (result i32) (local $i i32)
    {begin}
    {begun})
  (func (export "journey:step/redirect@0.1.0#complete")
    (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32) (local $i i32)
    {complete}
    (i32.const 1024))
  (func (export "journey:step/settings@0.1.0#check") (param i32 i32 i32 i32) (result i32)
    {check}
    (i32.const 1024))
  (func (export "journey:step/settings@0.1.0#describe") (param i32 i32 i32 i32) (result i32)
    (i32.const 1280))
  (func (export "journey:step/connection@0.1.0#describe") (param i32 i32) (result i32)
    (i32.const 1024))
  (func (export "journey:step/connection@0.1.0#test") (param i32 i32 i32 i32 i32 i32 i32 i32) (result i32)
    {test}
    (i32.const 1024)))"#
        )
    }
}
