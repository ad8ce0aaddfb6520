//! Which proposals of WebAssembly a module uses: it stops being valid when they are taken away.

use wasmparser::{Validator, WasmFeatures};

/// A proposal beyond WebAssembly 1.0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Feature {
    MutableGlobals,
    SaturatingFloatToInt,
    SignExtension,
    MultiValue,
    BulkMemory,
    ReferenceTypes,
    ExtendedConst,
    Simd,
    RelaxedSimd,
    TailCall,
    MultiMemory,
    Threads,
    Memory64,
    Exceptions,
    LegacyExceptions,
    FunctionReferences,
    Gc,
    SharedEverything,
    StackSwitching,
    CustomPageSizes,
    MemoryControl,
    WideArithmetic,
}

impl Feature {
    const ALL: [Self; 22] = [
        Self::MutableGlobals,
        Self::SaturatingFloatToInt,
        Self::SignExtension,
        Self::MultiValue,
        Self::BulkMemory,
        Self::ReferenceTypes,
        Self::ExtendedConst,
        Self::Simd,
        Self::RelaxedSimd,
        Self::TailCall,
        Self::MultiMemory,
        Self::Threads,
        Self::Memory64,
        Self::Exceptions,
        Self::LegacyExceptions,
        Self::FunctionReferences,
        Self::Gc,
        Self::SharedEverything,
        Self::StackSwitching,
        Self::CustomPageSizes,
        Self::MemoryControl,
        Self::WideArithmetic,
    ];

    /// As compilers and proposals call it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::MutableGlobals => "mutable-globals",
            Self::SaturatingFloatToInt => "nontrapping-fptoint",
            Self::SignExtension => "sign-ext",
            Self::MultiValue => "multivalue",
            Self::BulkMemory => "bulk-memory",
            Self::ReferenceTypes => "reference-types",
            Self::ExtendedConst => "extended-const",
            Self::Simd => "simd128",
            Self::RelaxedSimd => "relaxed-simd",
            Self::TailCall => "tail-call",
            Self::MultiMemory => "multi-memory",
            Self::Threads => "threads",
            Self::Memory64 => "memory64",
            Self::Exceptions => "exceptions",
            Self::LegacyExceptions => "legacy-exceptions",
            Self::FunctionReferences => "function-references",
            Self::Gc => "gc",
            Self::SharedEverything => "shared-everything-threads",
            Self::StackSwitching => "stack-switching",
            Self::CustomPageSizes => "custom-page-sizes",
            Self::MemoryControl => "memory-control",
            Self::WideArithmetic => "wide-arithmetic",
        }
    }

    fn flags(self) -> WasmFeatures {
        type W = WasmFeatures;
        match self {
            Self::MutableGlobals => W::MUTABLE_GLOBAL,
            Self::SaturatingFloatToInt => W::SATURATING_FLOAT_TO_INT,
            Self::SignExtension => W::SIGN_EXTENSION,
            Self::MultiValue => W::MULTI_VALUE,
            Self::BulkMemory => W::BULK_MEMORY,
            Self::ReferenceTypes => W::REFERENCE_TYPES,
            Self::ExtendedConst => W::EXTENDED_CONST,
            Self::Simd => W::SIMD.union(W::RELAXED_SIMD),
            Self::RelaxedSimd => W::RELAXED_SIMD,
            Self::TailCall => W::TAIL_CALL,
            Self::MultiMemory => W::MULTI_MEMORY,
            Self::Threads => W::THREADS,
            Self::Memory64 => W::MEMORY64,
            Self::Exceptions => W::EXCEPTIONS,
            Self::LegacyExceptions => W::LEGACY_EXCEPTIONS,
            Self::FunctionReferences => W::FUNCTION_REFERENCES,
            Self::Gc => W::GC,
            Self::SharedEverything => W::SHARED_EVERYTHING_THREADS,
            Self::StackSwitching => W::STACK_SWITCHING,
            Self::CustomPageSizes => W::CUSTOM_PAGE_SIZES,
            Self::MemoryControl => W::MEMORY_CONTROL,
            Self::WideArithmetic => W::WIDE_ARITHMETIC,
        }
    }
}

/// Everything that can be asked of a core module.
pub(super) fn everything() -> WasmFeatures {
    Feature::ALL.into_iter().fold(WasmFeatures::default(), |all, feature| all | feature.flags())
}

/// What a module, valid with [`everything`], cannot do without.
pub(super) fn used(bytes: &[u8]) -> Vec<Feature> {
    let needed = |feature: &Feature| {
        let without = everything().difference(feature.flags());
        Validator::new_with_features(without).validate_all(bytes).is_err()
    };
    Feature::ALL.into_iter().filter(needed).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<&'static str> {
        let bytes = wat::parse_str(text).unwrap();
        Validator::new_with_features(everything()).validate_all(&bytes).unwrap();
        used(&bytes).into_iter().map(Feature::name).collect()
    }

    #[test]
    fn each_is_seen_where_it_is_used_and_only_there() {
        assert!(
            names("(module (memory 1) (func (param i32) (result i32) local.get 0))").is_empty()
        );
        let cases = [
            ("(module (func (drop (i32.extend8_s (i32.const 1)))))", "sign-ext"),
            ("(module (func (result i32 i32) i32.const 1 i32.const 2))", "multivalue"),
            (
                "(module (memory 1) (func (memory.fill (i32.const 0) (i32.const 0) (i32.const 1))))",
                "bulk-memory",
            ),
            ("(module (func (drop (v128.const i32x4 0 0 0 0))))", "simd128"),
            ("(module (memory 1 2 shared))", "threads"),
            ("(module (memory i64 1))", "memory64"),
            ("(module (memory 1) (memory 1))", "multi-memory"),
            ("(module (func (return_call 0)))", "tail-call"),
            ("(module (tag) (func (throw 0)))", "exceptions"),
            ("(module (memory 1 (pagesize 1)))", "custom-page-sizes"),
            ("(module (func (drop (ref.null extern))))", "reference-types"),
        ];
        for (text, feature) in cases {
            assert_eq!(names(text), [feature], "{text}");
        }
        assert!(names("(module (type (struct (field i32))))").contains(&"gc"));
    }
}
