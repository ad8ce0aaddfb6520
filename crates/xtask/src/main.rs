//! The workspace's task runner, `cargo xtask`.
//!
//! It depends on none of our crates: it builds, checks and starts them from outside, as a
//! developer would. Whatever a task needs and the machine lacks it gets from the package
//! registries (see [`tools`]), so that a fresh clone needs Rust and Python and nothing else.

mod bench;
mod build_filters;
mod children;
mod demo;
mod generate;
mod process;
mod say;
mod screenshots;
mod test;
mod tidy;
mod tools;
mod workspace;

use std::process::ExitCode;

use anyhow::{Result, bail};
use lexopt::ValueExt as _;

use crate::workspace::Workspace;

const USAGE: &str = "\
usage: cargo xtask COMMAND

  bench [--envoy | --identity | --portal]
                         measure the core and the filter, the filters in a real Envoy, the
                         portal's token endpoint, or a portal with many applications
  build-filters          build the Proxy-Wasm filters into target/filters
  demo [--check]         walk one application's whole journey, on real parts
  generate [--check]     write the files that are made from the code, or say which are stale
  help                   print this
  screenshots            take pictures of the pages, and keep a few for the README
  test [--only STAGE]... run every test, or the named stages
  tidy                   check the rules of the house
  tools                  provide the tools that the other commands use, and print where they are";

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say::error(&error);
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let mut arguments = lexopt::Parser::from_env();
    let command = match arguments.next()? {
        Some(lexopt::Arg::Value(command)) => command,
        Some(lexopt::Arg::Long("help") | lexopt::Arg::Short('h')) => "help".into(),
        Some(other) => return Err(other.unexpected().into()),
        None => bail!("a command is missing\n\n{USAGE}"),
    };
    if command == "help" {
        say::line(USAGE);
        return Ok(());
    }
    let workspace = Workspace::find()?;
    match command.to_string_lossy().as_ref() {
        "bench" => bench::run(&workspace, measured(arguments)?),
        "build-filters" => {
            nothing_more(arguments)?;
            build_filters::run(&workspace)
        }
        "demo" => {
            let check = flag(arguments, "check")?;
            demo::run(&workspace, if check { demo::Mode::Check } else { demo::Mode::Stay })
        }
        "generate" => {
            let check = flag(arguments, "check")?;
            generate::run(&workspace, check)
        }
        "screenshots" => {
            nothing_more(arguments)?;
            screenshots::run(&workspace)
        }
        "test" => test::run(&workspace, &stages(arguments)?),
        "tidy" => {
            nothing_more(arguments)?;
            tidy::run(&workspace)
        }
        "tools" => {
            nothing_more(arguments)?;
            tools::run(&workspace)
        }
        other => bail!("`{other}` is not a command\n\n{USAGE}"),
    }
}

fn stages(mut arguments: lexopt::Parser) -> Result<Vec<String>> {
    let mut stages = Vec::new();
    while let Some(argument) = arguments.next()? {
        match argument {
            lexopt::Arg::Long("only") => stages.push(arguments.value()?.string()?),
            other => return Err(other.unexpected().into()),
        }
    }
    Ok(stages)
}

fn measured(mut arguments: lexopt::Parser) -> Result<bench::What> {
    let what = match arguments.next()? {
        None => return Ok(bench::What::Decisions),
        Some(lexopt::Arg::Long("envoy")) => bench::What::Envoy,
        Some(lexopt::Arg::Long("identity")) => bench::What::Identity,
        Some(lexopt::Arg::Long("portal")) => bench::What::Portal,
        Some(argument) => return Err(argument.unexpected().into()),
    };
    nothing_more(arguments)?;
    Ok(what)
}

fn flag(mut arguments: lexopt::Parser, name: &str) -> Result<bool> {
    let found = match arguments.next()? {
        None => return Ok(false),
        Some(lexopt::Arg::Long(long)) if long == name => true,
        Some(other) => return Err(other.unexpected().into()),
    };
    nothing_more(arguments)?;
    Ok(found)
}

fn nothing_more(mut arguments: lexopt::Parser) -> Result<()> {
    match arguments.next()? {
        None => Ok(()),
        Some(argument) => Err(argument.unexpected().into()),
    }
}
