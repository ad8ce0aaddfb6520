//! What stands in a module: read once, judged by every host's rules.

use core::fmt;

use wasmparser::types::{EntityType, TypesRef};
use wasmparser::{
    CompositeInnerType, Encoding, KnownCustom, MemoryType, Parser, Payload, ProducersSectionReader,
    ValType, Validator,
};

use super::features::{self, Feature};

/// Why bytes cannot be judged at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// Where, in bytes from the beginning.
    pub offset: usize,
    /// What is wrong there.
    pub reason: String,
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at byte {:#x}: {}", self.offset, self.reason)
    }
}

impl core::error::Error for Unreadable {}

impl From<wasmparser::Error> for Unreadable {
    fn from(error: wasmparser::Error) -> Self {
        Self { offset: error.offset(), reason: error.message().to_owned() }
    }
}

/// The type of something imported or exported; functions as the host's table writes them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Function(String),
    Memory,
    Other(&'static str),
}

#[derive(Clone, Debug)]
pub(super) struct Import {
    pub(super) module: String,
    pub(super) name: String,
    pub(super) kind: Kind,
}

#[derive(Clone, Debug)]
pub(super) struct Export {
    pub(super) name: String,
    pub(super) kind: Kind,
}

/// A custom section and how long it is.
#[derive(Clone, Debug)]
pub(super) struct Custom {
    pub(super) name: String,
    pub(super) size: usize,
}

pub(super) struct Module {
    pub(super) size: usize,
    pub(super) imports: Vec<Import>,
    pub(super) exports: Vec<Export>,
    pub(super) memories: Vec<MemoryType>,
    pub(super) customs: Vec<Custom>,
    /// `language: Rust`, `processed-by: rustc 1.95.0` and so on.
    pub(super) producers: Vec<String>,
    /// `+bulk-memory` and so on, as the compiler noted them.
    pub(super) target_features: Vec<String>,
    pub(super) has_start: bool,
    pub(super) features: Vec<Feature>,
}

impl Module {
    pub(super) fn read(bytes: &[u8]) -> Result<Self, Unreadable> {
        if !bytes.starts_with(b"\0asm") {
            let reason = "not a wasm module: it does not begin with `\\0asm`".to_owned();
            return Err(Unreadable { offset: 0, reason });
        }
        if let Some(Ok(Payload::Version { encoding: Encoding::Component, .. })) =
            Parser::new(0).parse_all(bytes).next()
        {
            let reason = "a component, not a module: proxies load core modules".to_owned();
            return Err(Unreadable { offset: 4, reason });
        }
        let types = Validator::new_with_features(features::everything()).validate_all(bytes)?;
        let types = types.as_ref();
        let mut module = Self {
            size: bytes.len(),
            imports: Vec::new(),
            exports: Vec::new(),
            memories: (0..types.memory_count()).map(|index| types.memory_at(index)).collect(),
            customs: Vec::new(),
            producers: Vec::new(),
            target_features: Vec::new(),
            has_start: false,
            features: features::used(bytes),
        };
        for payload in Parser::new(0).parse_all(bytes) {
            module.take(payload?, types)?;
        }
        Ok(module)
    }

    fn take(&mut self, payload: Payload<'_>, types: TypesRef<'_>) -> Result<(), Unreadable> {
        match payload {
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    let import = import?;
                    self.imports.push(Import {
                        module: import.module.to_owned(),
                        name: import.name.to_owned(),
                        kind: kind(types, types.entity_type_from_import(&import)),
                    });
                }
            }
            Payload::ExportSection(section) => {
                for export in section {
                    let export = export?;
                    self.exports.push(Export {
                        name: export.name.to_owned(),
                        kind: kind(types, types.entity_type_from_export(&export)),
                    });
                }
            }
            Payload::StartSection { .. } => self.has_start = true,
            Payload::CustomSection(section) => {
                let (name, data) = (section.name(), section.data());
                self.customs.push(Custom { name: name.to_owned(), size: data.len() });
                if let KnownCustom::Producers(producers) = section.as_known() {
                    // A damaged custom section harms nobody: engines skip it.
                    self.producers = read_producers(producers).unwrap_or_default();
                } else if name == "target_features" {
                    self.target_features = read_target_features(data).unwrap_or_default();
                }
            }
            _ => {}
        }
        Ok(())
    }

    pub(super) fn export(&self, name: &str) -> Option<&Export> {
        self.exports.iter().find(|export| export.name == name)
    }

    /// Debug information that a release build leaves out, and its size.
    pub(super) fn debug_bytes(&self) -> usize {
        let debug = self.customs.iter().filter(|custom| {
            let name = custom.name.as_str();
            name.starts_with(".debug_")
                || matches!(name, "sourceMappingURL" | "external_debug_info")
        });
        debug.map(|custom| custom.size).sum()
    }
}

fn kind(types: TypesRef<'_>, entity: Option<EntityType>) -> Kind {
    match entity {
        Some(EntityType::Func(id) | EntityType::FuncExact(id)) => {
            let composite = types.get(id).map(|ty| &ty.composite_type.inner);
            let Some(CompositeInnerType::Func(function)) = composite else {
                return Kind::Other("type");
            };
            let letters = |types: &[ValType]| -> String {
                let letter = |ty: &ValType| match ty {
                    ValType::I32 => 'i',
                    ValType::I64 => 'I',
                    ValType::F32 => 'f',
                    ValType::F64 => 'F',
                    ValType::V128 | ValType::Ref(_) => '?',
                };
                types.iter().map(letter).collect()
            };
            Kind::Function(format!(
                "{}:{}",
                letters(function.params()),
                letters(function.results())
            ))
        }
        Some(EntityType::Memory(_)) => Kind::Memory,
        Some(EntityType::Table(_)) => Kind::Other("table"),
        Some(EntityType::Global(_)) => Kind::Other("global"),
        Some(EntityType::Tag(_)) => Kind::Other("tag"),
        None => Kind::Other("item"),
    }
}

fn read_producers(section: ProducersSectionReader<'_>) -> Result<Vec<String>, Unreadable> {
    let mut lines = Vec::new();
    for field in section {
        let field = field?;
        for value in field.values {
            let value = value?;
            let line = format!("{}: {} {}", field.name, value.name, value.version);
            lines.push(line.trim_end().to_owned());
        }
    }
    Ok(lines)
}

/// A count, then for each a prefix character and a name.
fn read_target_features(data: &[u8]) -> Result<Vec<String>, Unreadable> {
    let mut reader = wasmparser::BinaryReader::new(data, 0);
    let mut features = Vec::new();
    for _ in 0..reader.read_var_u32()? {
        let prefix = char::from(reader.read_u8()?);
        features.push(format!("{prefix}{}", reader.read_string()?));
    }
    Ok(features)
}
