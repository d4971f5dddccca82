//! Components written by hand, each of them as small and as ill-behaved as its test needs.

use std::sync::LazyLock;

use journey_host::{Capacity, Compiled, Runtime};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

/// One engine for all guests.
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new(Capacity::default()).unwrap());

/// The bodies of a component's exports in WebAssembly text. As it starts, `begin` redirects to an empty URL and `complete`
/// authenticates nobody: both return the zeroes at 1024.
pub(crate) struct Guest {
    pub(crate) begin: &'static str,
    pub(crate) complete: &'static str,
    pub(crate) check: &'static str,
    pub(crate) describe: &'static str,
    pub(crate) test: &'static str,
    /// 0: the failure branch; 1: abort.
    pub(crate) failure_behavior: u8,
    /// Where `$get` goes; its origin is what `describe` names, beside the variables `x` and `login_error`.
    pub(crate) url: String,
}

impl Default for Guest {
    fn default() -> Self {
        let url = "http://127.0.0.1:1/".to_owned();
        Self { begin: "", complete: "", check: "", describe: "", test: "", failure_behavior: 0, url }
    }
}

impl Guest {
    pub(crate) fn compile(&self) -> Compiled {
        self.compile_in(&RUNTIME)
    }

    /// In an engine of its own.
    pub(crate) fn compile_in(&self, runtime: &Runtime) -> Compiled {
        let mut module = wat::parse_str(self.text()).unwrap();
        let mut resolve = Resolve::default();
        let (package, _) = resolve.push_dir("../wit").unwrap();
        let world = resolve.select_world(&[package], Some("redirect-step")).unwrap();
        embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).unwrap();
        let component = ComponentEncoder::default().validate(true).module(&module).unwrap().encode().unwrap();
        runtime.compile("guest", &component).unwrap()
    }

    /// Memory: results at 1024, the description at 1184 and its list of origins at 1264, texts from 2048, results of imports at 3072, allocations from 65536.
    ///
    /// `$set` writes the variable `x`. `$get` fetches the URL within so many milliseconds: -1 for a response, else the error's index.
    /// `$take` replaces the attempt `x`.
    fn text(&self) -> String {
        let Self { begin, complete, check, describe, test, failure_behavior, url } = self;
        let origin = url.match_indices('/').nth(2).map_or(url.as_str(), |(end, _)| &url[..end]);
        let (origin_bytes, url_bytes) = (origin.len(), url.len());
        format!(
            r#"(module
  (import "journey:step/http@0.1.0" "fetch" (func $fetch (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)))
  (import "journey:step/variables@0.1.0" "set" (func $set_variable (param i32 i32 i32 i32 i32 i32)))
  (import "journey:step/attempts@0.1.0" "put" (func $put_attempt (param i32 i32 i32 i32 i32 i32)))
  (import "journey:step/attempts@0.1.0" "get" (func $get_attempt (param i32 i32 i32)))
  (import "journey:step/attempts@0.1.0" "replace" (func $replace_attempt (param i32 i32 i32 i32 i32 i32 i32 i32)))
  (import "wasi:clocks/wall-clock@0.2.0" "now" (func $now (param i32)))
  (import "wasi:random/random@0.2.0" "get-random-bytes" (func $random (param i64 i32)))
  (memory (export "memory") 16)
  (global $heap (mut i32) (i32.const 65536))
  (data (i32.const 1184) "\f0\04\00\00\01\00\00\00")
  (data (i32.const 1192) "\01")
  (data (i32.const 1216) "\01\00\00\00\00\08\00\00\01\00\00\00")
  (data (i32.const 1228) "\10\08\00\00\0b\00\00\00")
  (data (i32.const 1236) "\{failure_behavior:02x}")
  (data (i32.const 1264) "\00\09\00\00\{origin_bytes:02x}\00\00\00")
  (data (i32.const 2048) "x")
  (data (i32.const 2064) "login_error")
  (data (i32.const 2056) "\22value\22")
  (data (i32.const 2304) "{url}")
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
    (global.set $heap (i32.and (i32.add (global.get $heap) (i32.const 15)) (i32.const -16)))
    (global.get $heap)
    (global.set $heap (i32.add (global.get $heap) (local.get 3))))
  (func $set (param $bytes i32) (result i32)
    (call $set_variable (i32.const 2048) (i32.const 1) (i32.const 1) (i32.const 2056) (local.get $bytes) (i32.const 3072))
    (call $error))
  (func $put (param $bytes i32) (result i32)
    (call $put_attempt (i32.const 2048) (i32.const 1) (i32.const 2056) (local.get $bytes) (i32.const 60) (i32.const 3072))
    (call $error))
  (func $take
    (call $get_attempt (i32.const 2048) (i32.const 1) (i32.const 3072))
    (call $replace_attempt (i32.const 2048) (i32.const 1) (i32.load (i32.const 3088)) (i32.load (i32.const 3092))
      (i32.const 2056) (i32.const 7) (i32.const 60) (i32.const 3136)))
  (func $get (param $milliseconds i32) (result i32)
    (call $fetch (i32.const 0) (i32.const 2304) (i32.const {url_bytes}) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)
      (local.get $milliseconds) (i32.const 0x7fffffff) (i32.const 3072))
    (call $error))
  (func $error (result i32)
    (if (result i32) (i32.load8_u (i32.const 3072)) (then (i32.load8_u (i32.const 3076))) (else (i32.const -1))))
  (func $expect (param i32 i32)
    (if (i32.ne (local.get 0) (local.get 1)) (then (unreachable))))
  (func $burn (param $rounds i32)
    (loop $again
      (local.set $rounds (i32.sub (local.get $rounds) (i32.const 1)))
      (br_if $again (local.get $rounds))))
  (func (export "journey:step/redirect@0.1.0#begin") (param i32 i32 i32 i32 i32 i32 i32) (result i32) (local $i i32)
    {begin}
    (i32.const 1024))
  (func (export "journey:step/redirect@0.1.0#complete")
    (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32) (local $i i32)
    {complete}
    (i32.const 1024))
  (func (export "journey:step/settings@0.1.0#check") (param i32 i32 i32 i32) (result i32)
    {check}
    (i32.const 1024))
  (func (export "journey:step/settings@0.1.0#describe") (param i32 i32 i32 i32) (result i32)
    {describe}
    (i32.const 1184))
  (func (export "journey:step/connection@0.1.0#describe") (param i32 i32) (result i32)
    (i32.const 1024))
  (func (export "journey:step/connection@0.1.0#test") (param i32 i32 i32 i32 i32 i32 i32 i32) (result i32)
    {test}
    (i32.const 1024)))"#
        )
    }
}
