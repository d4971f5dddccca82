//! The contract's functions: found in a component once, and looked up in a sandbox where one is called.
//!
//! The generated bindings look up all of them in each sandbox, and compare the types of each, which a call of one or two would
//! pay for.

use wasmtime::component::{Component, ComponentExportIndex, ComponentNamedList, Instance, Lift, Lower, TypedFunc};
use wasmtime::error::Context as _;
use wasmtime::{Result, Store, format_err};

use super::bindings::exports::journey::step::{connection, redirect, settings};
use super::state::CallState;

const REDIRECT: &str = "journey:step/redirect@0.1.0";
const CONNECTION: &str = "journey:step/connection@0.1.0";
const SETTINGS: &str = "journey:step/settings@0.1.0";

/// Where the functions of one component are.
#[derive(Clone)]
pub(super) struct Exports {
    pub begin: Export,
    pub complete: Export,
    pub check: Export,
    pub describe: Export,
    pub target: Export,
    pub test: Export,
}

/// One function.
#[derive(Clone, Copy)]
pub(super) struct Export {
    interface: &'static str,
    function: &'static str,
    index: ComponentExportIndex,
}

/// A sandbox whose functions are called.
pub(crate) struct Sandbox<'a> {
    pub(super) instance: Instance,
    pub(super) exports: &'a Exports,
}

impl Exports {
    /// # Errors
    ///
    /// Names the interface and the function that is missing.
    pub(super) fn of(component: &Component) -> Result<Self> {
        let find = |interface, function| Export::find(component, interface, function);
        Ok(Self {
            begin: find(REDIRECT, "begin")?,
            complete: find(REDIRECT, "complete")?,
            check: find(SETTINGS, "check")?,
            describe: find(SETTINGS, "describe")?,
            target: find(CONNECTION, "describe")?,
            test: find(CONNECTION, "test")?,
        })
    }
}

impl Export {
    fn find(component: &Component, interface: &'static str, function: &'static str) -> Result<Self> {
        let interfaces = component.get_export_index(None, interface);
        let index = interfaces.and_then(|found| component.get_export_index(Some(&found), function));
        let index = index.ok_or_else(|| format_err!("the component exports no `{function}` of `{interface}`"))?;
        Ok(Self { interface, function, index })
    }

    /// # Errors
    ///
    /// Where its types are others: names the interface and the function, and says how they differ.
    pub(super) fn function<P, R>(&self, instance: &Instance, store: &mut Store<CallState>) -> Result<TypedFunc<P, R>>
    where
        P: ComponentNamedList + Lower,
        R: ComponentNamedList + Lift,
    {
        let Self { interface, function, index } = self;
        instance
            .get_typed_func(store, index)
            .with_context(|| format!("the component's export `{function}` of `{interface}` differs from the contract"))
    }
}

/// As `wit/` has them.
impl Sandbox<'_> {
    pub(crate) async fn begin(&self, store: &mut Store<CallState>, invocation: &redirect::Invocation) -> Result<redirect::Begun> {
        let (begun,) = self.call(store, self.exports.begin, (invocation,)).await?;
        Ok(begun)
    }

    pub(crate) async fn complete(
        &self,
        store: &mut Store<CallState>,
        invocation: &redirect::Invocation,
        secret: Option<&str>,
        response: &redirect::AuthorizationResponse,
    ) -> Result<redirect::Completed> {
        let (completed,) = self.call(store, self.exports.complete, (invocation, secret, response)).await?;
        Ok(completed)
    }

    pub(crate) async fn check(
        &self,
        store: &mut Store<CallState>,
        settings: &str,
        connector: &str,
    ) -> Result<Vec<settings::Problem>> {
        let (problems,) = self.call(store, self.exports.check, (settings, connector)).await?;
        Ok(problems)
    }

    pub(crate) async fn describe(
        &self,
        store: &mut Store<CallState>,
        settings: &str,
        connector: &str,
    ) -> Result<settings::Description> {
        let (description,) = self.call(store, self.exports.describe, (settings, connector)).await?;
        Ok(description)
    }

    pub(crate) async fn target(&self, store: &mut Store<CallState>, connector: &str) -> Result<Option<connection::Target>> {
        let (target,) = self.call(store, self.exports.target, (connector,)).await?;
        Ok(target)
    }

    pub(crate) async fn test(
        &self,
        store: &mut Store<CallState>,
        settings: Option<&str>,
        connector: &str,
        secret: Option<&str>,
    ) -> Result<Vec<connection::Finding>> {
        let (findings,) = self.call(store, self.exports.test, (settings, connector, secret)).await?;
        Ok(findings)
    }

    async fn call<P, R>(&self, store: &mut Store<CallState>, export: Export, arguments: P) -> Result<R>
    where
        P: ComponentNamedList + Lower + Send + Sync,
        R: ComponentNamedList + Lift + Send + Sync + 'static,
    {
        export.function(&self.instance, store)?.call_async(store, arguments).await
    }
}
