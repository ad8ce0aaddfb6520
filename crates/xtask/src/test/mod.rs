//! `cargo xtask test`: every check there is, in stages, the cheap ones first.

mod docs;
mod no_std;
mod readme;
mod stages;
mod tally;

use std::time::Instant;

use anyhow::{Result, bail};

use self::stages::STAGES;
use self::tally::Tally;
use crate::workspace::Workspace;
use crate::{children, say};

/// Runs the named stages, or all of them, up to the first that fails.
pub(crate) fn run(workspace: &Workspace, only: &[String]) -> Result<()> {
    for name in only {
        if !STAGES.iter().any(|stage| stage.name == name) {
            let known: Vec<_> = STAGES.iter().map(|stage| stage.name).collect();
            bail!("`{name}` is not a stage; the stages are {}", known.join(", "));
        }
    }
    children::stop_on_interrupt()?;
    let start = Instant::now();
    let mut tally = Tally::default();
    for stage in STAGES {
        if !only.is_empty() && !only.iter().any(|name| name == stage.name) {
            continue;
        }
        say::header(format_args!("{}: {}", stage.name, stage.purpose));
        let start = Instant::now();
        let outcome = (stage.run)(workspace, &mut tally);
        let seconds = start.elapsed().as_secs_f32();
        if let Err(error) = outcome {
            say::line(format_args!("-- {}: failed after {seconds:.1} s", stage.name));
            tally.fail();
            say::line(format_args!("\n{tally}"));
            return Err(error.context(format!("stage `{}`", stage.name)));
        }
        tally.pass();
        say::line(format_args!("-- {}: ok in {seconds:.1} s", stage.name));
    }
    say::line(format_args!("\nall stages in {:.0} s\n{tally}", start.elapsed().as_secs_f32()));
    Ok(())
}
