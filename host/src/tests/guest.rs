//! Components written by hand, each of them as small and as ill-behaved as its test needs. The tests of the journey server read
//! this file, too.

use std::sync::LazyLock;

use super::{Capacity, Compiled, Runtime};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::{Resolve, UnresolvedPackageGroup};

/// One engine for all tests: each reserves addresses for all its sandboxes.
pub(super) static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new(Capacity::default()).unwrap());

/// The bodies of a component's exports in WebAssembly text. As it starts, `begin` redirects to an empty URL and `complete`
/// authenticates nobody: both return the zeroes at 1024.
pub(crate) struct Guest {
    pub(crate) begin: &'static str,
    pub(crate) complete: &'static str,
    pub(crate) check: &'static str,
    pub(crate) describe: &'static str,
    pub(crate) test: &'static str,
    /// Instructions at the end of `begin`, in place of the pointer to its result.
    pub(crate) begun: Option<&'static str>,
    /// 0: the failure branch; 1: abort.
    pub(crate) failure_behavior: u8,
    /// Where `$get` goes; its origin is what `describe` names, beside the variables `x` and `login_error`.
    pub(crate) url: String,
}

impl Default for Guest {
    fn default() -> Self {
        let url = "http://127.0.0.1:1/".to_owned();
        Self { begin: "", complete: "", check: "", describe: "", test: "", begun: None, failure_behavior: 0, url }
    }
}

impl Guest {
    pub(crate) fn begin(body: &str) -> Self {
        Self { begin: body.to_owned().leak(), ..Self::default() }
    }

    pub(crate) fn complete(body: &str) -> Self {
        Self { complete: body.to_owned().leak(), ..Self::default() }
    }

    pub(crate) fn compile(&self) -> Compiled {
        self.compile_in(&RUNTIME, "guest")
    }

    pub(crate) fn compile_in(&self, runtime: &Runtime, name: &str) -> Compiled {
        runtime.compile(name, &self.encode(|wit| wit)).unwrap()
    }

    /// The component, as if the contract had been edited like this.
    pub(crate) fn encode(&self, edit: impl Fn(String) -> String) -> Vec<u8> {
        self.encode_text(edit, self.text())
    }

    pub(crate) fn encode_text(&self, edit: impl Fn(String) -> String, text: String) -> Vec<u8> {
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

    /// Memory: results at 1024, the list of origins at 1200, the description at 1280, texts from 2048, results of imports at
    /// 3072, the value `"value"` at 4096, allocations from 1048576.
    ///
    /// `$set` writes so many bytes from 4096 on into the output variable `x`; `$put` and `$cache` put them under the key `x`.
    /// `$get` fetches the URL with so many headers from 65536 on, `$get_within` within so many milliseconds. -1 for success, else
    /// the error's index. `$take` replaces the attempt `x`.
    pub(crate) fn text(&self) -> String {
        let Self { begin, complete, check, describe, test, begun, failure_behavior, url } = self;
        let origin = url.match_indices('/').nth(2).map_or(url.as_str(), |(end, _)| &url[..end]);
        let (origin_bytes, url_bytes) = (origin.len(), url.len());
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
  (data (i32.const 1200) "\00\09\00\00\{origin_bytes:02x}\00\00\00")
  (data (i32.const 1280) "\b0\04\00\00\01\00\00\00\01")
  (data (i32.const 1312) "\01\00\00\00\00\08\00\00\01\00\00\00\30\08\00\00\0b\00\00\00")
  (data (i32.const 1332) "\{failure_behavior:02x}")
  (data (i32.const 2048) "x")
  (data (i32.const 2096) "login_error")
  (data (i32.const 2304) "{url}")
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
  (func $take
    (call $get_attempt (i32.const 2048) (i32.const 1) (i32.const 3072))
    (call $replace_attempt (i32.const 2048) (i32.const 1) (i32.load (i32.const 3088)) (i32.load (i32.const 3092)) (i32.const 4096)
      (i32.const 7) (i32.const 60) (i32.const 3136)))
  (func $get (param $headers i32) (result i32)
    (call $request (local.get $headers) (i32.const 1000)))
  (func $get_within (param $milliseconds i32) (result i32)
    (call $request (i32.const 0) (local.get $milliseconds)))
  (func $request (param $headers i32) (param $milliseconds i32) (result i32)
    (call $fetch (i32.const 0) (i32.const 2304) (i32.const {url_bytes}) (i32.const 65536) (local.get $headers) (i32.const 0) (i32.const 0)
      (local.get $milliseconds) (i32.const 0x7fffffff) (i32.const 3072))
    (call $error))
  (func $error (result i32)
    (if (result i32) (i32.load8_u (i32.const 3072)) (then (i32.load8_u (i32.const 3076))) (else (i32.const -1))))
  (func $expect (param i32 i32)
    (if (i32.ne (local.get 0) (local.get 1)) (then (unreachable))))
  (func $recurse (call $recurse))
  (func $burn (param $rounds i32)
    (loop $again
      (local.set $rounds (i32.sub (local.get $rounds) (i32.const 1)))
      (br_if $again (local.get $rounds))))
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
    {describe}
    (i32.const 1280))
  (func (export "journey:step/connection@0.1.0#describe") (param i32 i32) (result i32)
    (i32.const 1024))
  (func (export "journey:step/connection@0.1.0#test") (param i32 i32 i32 i32 i32 i32 i32 i32) (result i32)
    {test}
    (i32.const 1024)))"#
        )
    }
}
