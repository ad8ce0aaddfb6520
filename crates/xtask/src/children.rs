//! Programs that stay up while a task runs, and their end on every way out.
//!
//! A child stops when its guard is dropped, which covers success, errors and panics. An
//! interrupt runs no destructors, so the children are also kept in a list that the interrupt
//! handler empties.

use core::sync::atomic::{AtomicI32, Ordering};
use core::time::Duration;
use std::path::PathBuf;
use std::process::{Command, ExitStatus};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use anyhow::{Context as _, Result};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

type Shared = Arc<Mutex<std::process::Child>>;

static RUNNING: Mutex<Vec<Shared>> = Mutex::new(Vec::new());
static FOLDERS: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());
static WATCHING: Mutex<bool> = Mutex::new(false);
static EXIT_CODE: AtomicI32 = AtomicI32::new(130);

/// How long a child may take to end after it was asked to.
const GRACE: Duration = Duration::from_secs(10);

#[derive(Debug)]
pub(crate) struct Child {
    inner: Shared,
    farewell: Signal,
}

impl Child {
    /// `farewell` is the signal that this program takes for a request to end in good order.
    pub(crate) fn start(command: &mut Command, farewell: Signal) -> Result<Self> {
        let child = command
            .spawn()
            .with_context(|| format!("cannot start {}", crate::process::shown(command)))?;
        let inner = Arc::new(Mutex::new(child));
        lock(&RUNNING).push(Arc::clone(&inner));
        Ok(Self { inner, farewell })
    }

    pub(crate) fn id(&self) -> u32 {
        lock(&self.inner).id()
    }

    pub(crate) fn exited(&self) -> Result<Option<ExitStatus>> {
        Ok(lock(&self.inner).try_wait()?)
    }
    /// Ends the child as a crash would.
    pub(crate) fn kill(self) {
        let mut child = lock(&self.inner);
        let _ = child.kill();
        let _ = child.wait();
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        end(&self.inner, self.farewell);
        lock(&RUNNING).retain(|other| !Arc::ptr_eq(other, &self.inner));
    }
}

fn end(child: &Shared, farewell: Signal) {
    let mut child = lock(child);
    if !matches!(child.try_wait(), Ok(None)) {
        return;
    }
    if let Ok(id) = i32::try_from(child.id()) {
        let _ = kill(Pid::from_raw(id), farewell);
    }
    let start = Instant::now();
    while start.elapsed() < GRACE {
        if !matches!(child.try_wait(), Ok(None)) {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    let _ = child.kill();
    let _ = child.wait();
}

/// A folder that goes when its guard does, or on an interrupt.
#[derive(Debug)]
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new(name: &str) -> Result<Self> {
        let path = std::env::temp_dir().join(format!("{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path)?;
        lock(&FOLDERS).push(path.clone());
        Ok(Self(path))
    }

    pub(crate) fn path(&self) -> &std::path::Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
        lock(&FOLDERS).retain(|other| *other != self.0);
    }
}

/// From here on an interrupt stops every child, removes every folder, and ends the task.
pub(crate) fn stop_on_interrupt() -> Result<()> {
    let mut watching = lock(&WATCHING);
    if !*watching {
        ctrlc::set_handler(stop_all).context("cannot watch for interrupts")?;
        *watching = true;
    }
    Ok(())
}

fn stop_all() {
    let running: Vec<_> = lock(&RUNNING).drain(..).collect();
    for child in &running {
        end(child, Signal::SIGINT);
    }
    for folder in lock(&FOLDERS).drain(..) {
        let _ = std::fs::remove_dir_all(folder);
    }
    std::process::exit(EXIT_CODE.load(Ordering::SeqCst));
}

/// The work is done and only a person's interrupt ends the task: that is success.
pub(crate) fn wait_for_interrupt() -> ! {
    EXIT_CODE.store(0, Ordering::SeqCst);
    loop {
        std::thread::park();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sleeper() -> Child {
        Child::start(Command::new("sleep").arg("60"), Signal::SIGTERM).unwrap()
    }

    fn alive(id: u32) -> bool {
        kill(Pid::from_raw(i32::try_from(id).unwrap()), None).is_ok()
    }

    #[test]
    fn a_dropped_guard_ends_its_child() {
        let child = sleeper();
        let id = child.id();
        assert!(alive(id));
        drop(child);
        assert!(!alive(id));
    }

    #[test]
    fn a_panic_ends_the_children() {
        let child = sleeper();
        let id = child.id();
        let caught = std::panic::catch_unwind(move || {
            let _child = child;
            panic!("on purpose");
        });
        assert!(caught.is_err());
        assert!(!alive(id));
    }

    #[test]
    fn a_folder_goes_with_its_guard() {
        let folder = Folder::new("xtask-children-test").unwrap();
        let path = folder.path().to_owned();
        assert!(path.is_dir());
        drop(folder);
        assert!(!path.exists());
    }
}
