//! What a panic of the component says: nothing, since nobody could hear it.
//!
//! The standard library writes a panic's message to the standard error stream, which a step doesn't have: there the seal has put
//! a trap. So a panic traps at once instead, in the function that begins it, and what only put the message together goes.

use walrus::{FunctionBuilder, FunctionId, FunctionKind, Module, passes};

/// Where each panic, and running out of memory, comes through. As the mangled names have them; those of `core` that format more
/// than a fixed text are named themselves.
const BEGINNINGS: [&str; 6] = [
    "4core9panicking9panic_fmt",
    "4core9panicking18panic_nounwind_fmt",
    "4core9panicking19assert_failed_inner",
    "4core3str16slice_error_fail",
    "3std9panicking15panic_with_hook",
    "3std5alloc8rust_oom",
];

/// Makes each panic a trap, and drops what no function calls any more.
pub(crate) fn silence(module: &mut Module) {
    let begins = |id: &FunctionId| {
        let name = module.funcs.get(*id).name.as_deref().unwrap_or_default();
        BEGINNINGS.iter().any(|beginning| name.contains(beginning))
    };
    let beginnings: Vec<FunctionId> = module.funcs.iter_local().map(|(id, _)| id).filter(begins).collect();
    for id in beginnings {
        let signature = module.types.get(module.funcs.get(id).ty());
        let (parameters, results) = (signature.params().to_vec(), signature.results().to_vec());
        let arguments = parameters.iter().map(|parameter| module.locals.add(*parameter)).collect();
        let mut builder = FunctionBuilder::new(&mut module.types, &parameters, &results);
        builder.func_body().unreachable();
        module.funcs.get_mut(id).kind = FunctionKind::Local(builder.local_func(arguments));
    }
    passes::gc::run(module);
}

#[cfg(test)]
mod tests {
    use super::*;
    use walrus::ValType;

    #[test]
    fn a_panic_traps_and_what_would_have_told_it_is_gone() {
        let mut module = Module::default();
        let mut add = |name: &str, calls: Option<FunctionId>| {
            let mut builder = FunctionBuilder::new(&mut module.types, &[ValType::I32], &[]);
            let argument = module.locals.add(ValType::I32);
            if let Some(called) = calls {
                builder.func_body().local_get(argument).call(called);
            }
            builder.name(name.to_owned());
            builder.finish(vec![argument], &mut module.funcs)
        };
        let writes = add("_RNvNtCs1_3std2io5write", None);
        let panics = add("_RNvNtCs2_4core9panicking9panic_fmt", Some(writes));
        let divides = add("divides", Some(panics));
        module.exports.add("divides", divides);

        silence(&mut module);
        let names: Vec<_> = module.funcs.iter().filter_map(|function| function.name.as_deref()).collect();
        assert_eq!(names, ["_RNvNtCs2_4core9panicking9panic_fmt", "divides"]);
        let FunctionKind::Local(body) = &module.funcs.get(panics).kind else { panic!("it is no function of the module's own") };
        assert!(matches!(body.block(body.entry_block()).instrs.as_slice(), [(walrus::ir::Instr::Unreachable(_), _)]));
        assert!(Module::from_buffer(&module.emit_wasm()).is_ok());
    }
}
