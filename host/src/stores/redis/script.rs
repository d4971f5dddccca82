//! A script, called by its hash, and sent whole only where the server doesn't know it.

use redis::{Cmd, ErrorKind, FromRedisValue, Script, ServerErrorKind};

use super::super::StoreError;
use super::connection::Connection;

pub(super) struct Scripts {
    pub get: Source,
    pub put: Source,
    pub replace: Source,
    pub apply: Source,
}

impl Scripts {
    pub(super) fn new() -> Self {
        Self {
            get: Source::new(include_str!("get.lua")),
            put: Source::new(include_str!("put.lua")),
            replace: Source::new(include_str!("replace.lua")),
            apply: Source::new(include_str!("apply.lua")),
        }
    }
}

pub(super) struct Source {
    code: &'static str,
    script: Script,
}

/// Keys and arguments of one call.
pub(super) struct Call<'a> {
    pub keys: &'a [&'a [u8]],
    pub arguments: &'a [&'a [u8]],
}

impl Source {
    fn new(code: &'static str) -> Self {
        Self { code, script: Script::new(code) }
    }

    /// # Errors
    /// `Unavailable`: whether it was carried out is unknown.
    pub(super) async fn call<T: FromRedisValue>(&self, connection: &Connection, call: Call<'_>) -> Result<T, StoreError> {
        let command = |name: &str, script: &str| -> Cmd {
            let mut command = redis::cmd(name);
            command.arg(script).arg(call.keys.len());
            for argument in call.keys.iter().chain(call.arguments) {
                command.arg(argument);
            }
            command
        };
        match connection.raw(&command("EVALSHA", self.script.get_hash())).await {
            // A server that was restarted, or another one of a cluster. Nothing was carried out.
            Err(error) if error.kind() == ErrorKind::Server(ServerErrorKind::NoScript) => {
                connection.ask(&command("EVAL", self.code)).await
            }
            answer => answer.map_err(|error| connection.unavailable(&error)),
        }
    }
}
