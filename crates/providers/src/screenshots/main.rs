//! `gatekey-screenshots FOLDER`: pictures of the pages, of a portal with a rich sample.
//!
//! Every page of the table is taken in the light and in the dark, on a desktop and on a phone. The
//! pages are looked at as in a test: a picture of a page with a fault is not taken, but every
//! other is, and the faults are told at the end.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a tool that says what is wrong by failing"
)]

mod pages;
mod sample;

use core::panic::AssertUnwindSafe;
use std::fs;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use gatekey_providers::{Person, Portal, Tools};

use self::pages::{PAGES, Page, Who};
use self::sample::Sample;

/// The screens, each with whether it is a phone's.
const SCREENS: &[(&str, (u32, u32), bool)] =
    &[("desktop", (1280, 800), false), ("phone", (390, 844), true)];

fn main() -> ExitCode {
    let Some(folder) = std::env::args_os().nth(1).map(PathBuf::from) else {
        println!("usage: gatekey-screenshots FOLDER");
        return ExitCode::FAILURE;
    };
    let Some(tools) = Tools::find() else { return ExitCode::FAILURE };
    fs::create_dir_all(&folder).expect("the folder");
    let portal = Portal::start(&tools);
    let sample = Sample::make(&tools, &portal);
    let people = People::arrive(&tools, &sample);
    let mut faults = Vec::new();
    for page in PAGES {
        let taken =
            catch_unwind(AssertUnwindSafe(|| take(people.one(page.who), &sample, page, &folder)));
        if taken.is_err() {
            faults.push(page.name);
        }
    }
    println!("{} pages in {}", PAGES.len() - faults.len(), folder.display());
    if faults.is_empty() {
        return ExitCode::SUCCESS;
    }
    println!("not taken: {}", faults.join(", "));
    ExitCode::FAILURE
}

fn take(person: &Person, sample: &Sample, page: &Page, folder: &Path) {
    person.visit(&sample.url(page.path));
    if let Some(act) = page.act {
        act(person);
    }
    for (screen, size, phone) in SCREENS {
        person.resize(*size, *phone);
        for scheme in ["light", "dark"] {
            person.prefer(scheme);
            let name = format!("{}-{screen}-{scheme}.png", page.name);
            fs::write(folder.join(&name), person.browser().picture()).expect("a file");
        }
    }
    person.prefer("light");
    person.as_wide_as_the_window();
    println!("{}", page.name);
}

/// Who looks at the pages.
struct People {
    nobody: Person,
    developer: Person,
    administrator: Person,
}

impl People {
    fn arrive(tools: &Tools, sample: &Sample) -> Self {
        let developer = Person::new(tools);
        sample.sign_in(&developer);
        let administrator = Person::new(tools);
        sample.sign_in_to_console(&administrator);
        Self { nobody: Person::new(tools), developer, administrator }
    }

    const fn one(&self, who: Who) -> &Person {
        match who {
            Who::Nobody => &self.nobody,
            Who::Developer => &self.developer,
            Who::Administrator => &self.administrator,
        }
    }
}
