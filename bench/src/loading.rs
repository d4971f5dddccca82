//! How long a process takes until it can run the component.

use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::time::{Duration, Instant};

use journey_host::{Capacity, Runtime};
use wasmtime::Result;

/// The best of some times: of work that takes so long, more can't be asked.
#[derive(Clone, Copy, Debug)]
pub struct Loading {
    pub compile: Duration,
    pub from_cache: Duration,
}

pub fn measure(component: &[u8], output: &Path, times: usize) -> Result<Loading> {
    // Few sandboxes: what their addresses take to be reserved is not what is asked.
    let capacity = Capacity::of(1);
    let folder = output.join("code");
    if folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    std::fs::DirBuilder::new().mode(0o700).create(&folder)?;
    Runtime::keeping(capacity, &folder)?.compile("cognito-oidc", component)?;
    let (mut compile, mut from_cache) = (Duration::MAX, Duration::MAX);
    for _ in 0..times {
        compile = compile.min(time(|| Runtime::new(capacity), component)?);
        for _ in 0..5 {
            from_cache = from_cache.min(time(|| Runtime::keeping(capacity, &folder), component)?);
        }
    }
    Ok(Loading { compile, from_cache })
}

fn time(runtime: impl FnOnce() -> Result<Runtime>, component: &[u8]) -> Result<Duration> {
    let runtime = runtime()?;
    let since = Instant::now();
    runtime.compile("cognito-oidc", component)?;
    Ok(since.elapsed())
}
