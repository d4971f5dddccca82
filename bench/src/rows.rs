//! Every row of the table, in its order.

use std::sync::Arc;

use wasmtime::Result;

use crate::alone::{Alone, Sandbox, Tables};
use crate::fixture::{Fixture, Login};
use crate::hosted::{self, Hosted, Keys};
use crate::native::{self, OpenIdConnect};
use crate::peers::{Peer, PeerRow};
use crate::sampler::{Row, Timed};
use crate::signature::Signature;

/// What the rows measure.
pub struct Subjects<'a> {
    pub fixture: &'a Fixture,
    pub login: &'a Login,
    pub alone: &'a Alone,
    /// With an attempt that is pending, and keys in the cache.
    pub tables: &'a Arc<Tables>,
    pub hosted: &'a Hosted,
}

impl<'a> Subjects<'a> {
    /// The unit comes first.
    pub fn rows(&self, signature: Signature, node: &Peer, python: &Peer) -> Result<Vec<Row<'a>>> {
        Ok([self.units(signature)?, self.component()?, self.host(), self.native()?, others(node, python)]
            .into_iter()
            .flatten()
            .collect())
    }

    fn units(&self, mut signature: Signature) -> Result<Vec<Row<'a>>> {
        let ring = native::ring(self.fixture, self.login)?;
        Ok(vec![
            Row::new("ring", "one RS256 signature verified natively: the unit", Timed(ring)),
            Row::new("signature", "the component's verification of it, in a sandbox", Timed(move || signature.verify())),
        ])
    }

    fn component(&self) -> Result<Vec<Row<'a>>> {
        let Self { alone, login, tables: warm, .. } = *self;
        let cold = &warm.without_cache();
        let describe = move |sandbox: &mut Sandbox| sandbox.describe(alone);
        let begin = move |sandbox: &mut Sandbox| sandbox.begin(alone);
        let complete = move |sandbox: &mut Sandbox| sandbox.complete(alone, login);
        Ok(vec![
            self.fresh("instantiate", "a sandbox, instantiated and dropped", warm, |_| Ok(())),
            self.fresh("describe_fresh", "`describe` alone, in a fresh sandbox", warm, describe),
            self.used("describe_used", "`describe` alone, in a used one", warm, describe)?,
            self.fresh("begin_fresh", "`begin` alone, in a fresh sandbox", warm, begin),
            self.used("begin_used", "`begin` alone, in a used one", warm, begin)?,
            self.fresh("complete_fresh_warm", "`complete` alone, fresh, keys cached", warm, complete),
            self.used("complete_used_warm", "`complete` alone, used, keys cached", warm, complete)?,
            self.fresh("complete_fresh_cold", "`complete` alone, fresh, keys fetched", cold, complete),
            self.used("complete_used_cold", "`complete` alone, used, keys fetched", cold, complete)?,
        ])
    }

    /// From instantiating a sandbox to having dropped it.
    fn fresh<R: 'a>(
        &self,
        name: &'static str,
        about: &'static str,
        tables: &Arc<Tables>,
        call: impl Fn(&mut Sandbox) -> Result<R> + 'a,
    ) -> Row<'a> {
        let (alone, tables) = (self.alone, Arc::clone(tables));
        Row::new(name, about, Timed(move || call(&mut alone.instantiate(&tables)?)))
    }

    /// In a sandbox that has run it before.
    fn used<R: 'a>(
        &self,
        name: &'static str,
        about: &'static str,
        tables: &Arc<Tables>,
        call: impl Fn(&mut Sandbox) -> Result<R> + 'a,
    ) -> Result<Row<'a>> {
        let mut sandbox = self.alone.instantiate(tables)?;
        Ok(Row::new(name, about, Timed(move || call(&mut sandbox))))
    }

    fn host(&self) -> Vec<Row<'a>> {
        let hosted = self.hosted;
        vec![
            Row::new("host_describe", "`describe` through the host", hosted::Describe(hosted)),
            Row::new("host_begin", "`begin` through the host", hosted::Begin(hosted)),
            Row::new("host_complete_warm", "`complete` through the host, keys cached", hosted::Complete(hosted, Keys::Warm)),
            Row::new("host_complete_cold", "`complete` through the host, keys fetched", hosted::Complete(hosted, Keys::Cold)),
        ]
    }

    fn native(&self) -> Result<Vec<Row<'a>>> {
        let peer = Arc::new(OpenIdConnect::new(self.login)?);
        let same = Arc::clone(&peer);
        let begin = Timed(move || Ok(same.begin()));
        Ok(vec![
            Row::new("openidconnect_begin", "authorization request by `openidconnect`, native", begin),
            Row::new("openidconnect_complete", "login completed by `openidconnect`, native", Timed(move || peer.complete())),
        ])
    }
}

fn others(node: &Peer, python: &Peer) -> Vec<Row<'static>> {
    let row = |name, about, peer: &Peer| Row::new(name, about, PeerRow(peer.clone(), name));
    vec![
        row("openid_client_begin", "authorization request by `openid-client`, Node.js", node),
        row("openid_client_complete", "login completed by `openid-client`, Node.js", node),
        row("aws_jwt_verify", "ID token alone by `aws-jwt-verify`, Node.js", node),
        row("node_begin", "`begin` in Node.js by jco, fresh", node),
        row("node_complete", "`complete` in Node.js by jco, fresh, keys cached", node),
        row("python_begin", "`begin` in Python by wasmtime, fresh", python),
        row("python_complete", "`complete` in Python by wasmtime, fresh, keys cached", python),
    ]
}
