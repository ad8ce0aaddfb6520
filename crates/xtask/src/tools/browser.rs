//! Chromium and its driver, which must be of one version.

use std::path::PathBuf;

use anyhow::{Context as _, Result};

use super::apt;
use crate::process;

#[derive(Debug)]
pub(crate) struct Chromium {
    pub(crate) browser: PathBuf,
    pub(crate) driver: PathBuf,
}

impl Chromium {
    pub(super) fn provide() -> Result<Self> {
        if let Some(installed) = Self::installed() {
            return Ok(installed);
        }
        apt::install("chromium", &["chromium", "chromium-driver"])?;
        Self::installed().context("the packages hold no `chromium` and `chromedriver`")
    }

    fn installed() -> Option<Self> {
        let browser = process::on_path("chromium")?;
        Some(Self { browser, driver: process::on_path("chromedriver")? })
    }
}
