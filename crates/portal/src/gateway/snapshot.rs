//! Snapshots, made of the last few images.

use core::fmt;
use core::time::Duration;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use axum::body::Bytes;
use gatekey_core::id::Revision;
use gatekey_core::snapshot::FormatError;
use gatekey_core::time::UnixMillis;
use sea_orm::DbErr;
use uuid::Uuid;

use super::image::{Head, Image};
use super::log::Tail;
use crate::app::App;
use crate::problem::Problem;

/// How many images are kept. They share the pages in which they are the same.
const KEPT: usize = 16;
/// How long an image is kept that nobody asks for.
const IDLE: Duration = Duration::from_secs(300);
/// How long a manifest is sent again as it was signed, in milliseconds.
const FRESH: u64 = 1_000;

/// Why there is no snapshot.
#[derive(Debug)]
pub(crate) enum BuildError {
    /// The database failed.
    Store(DbErr),
    /// What it holds does not fit the format.
    Format(FormatError),
    /// The work was cut off.
    CutOff,
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Store(error) => error.fmt(f),
            Self::Format(error) => error.fmt(f),
            Self::CutOff => f.write_str("the work was cut off"),
        }
    }
}

impl core::error::Error for BuildError {}

impl From<DbErr> for BuildError {
    fn from(error: DbErr) -> Self {
        Self::Store(error)
    }
}

impl From<FormatError> for BuildError {
    fn from(error: FormatError) -> Self {
        Self::Format(error)
    }
}

impl From<BuildError> for Problem {
    fn from(error: BuildError) -> Self {
        Self::internal(error)
    }
}

/// A snapshot as it is sent.
#[derive(Debug)]
pub(crate) struct Snapshot {
    /// The signed manifest.
    pub(crate) manifest: Bytes,
    /// The pages.
    pub(crate) pages: Vec<Bytes>,
}

/// Keeps the images that were used lately.
#[derive(Debug, Default)]
pub(crate) struct Shelf {
    /// Held while an image is made: those who ask meanwhile get the same one.
    making: tokio::sync::Mutex<()>,
    kept: Mutex<Vec<Kept>>,
}

#[derive(Debug)]
struct Kept {
    image: Arc<Image>,
    used_at: Instant,
    /// What is each gateway's own.
    made: HashMap<Uuid, Arc<Made>>,
}

/// What is a gateway's own in an image.
#[derive(Debug)]
struct Made {
    head: Head,
    manifest: Mutex<Option<(UnixMillis, Bytes)>>,
}

impl Made {
    /// The manifest; signed again when the last one is older than others would like.
    fn manifest(&self, at: UnixMillis, sign: impl FnOnce(&Head) -> Bytes) -> Bytes {
        let mut last = self.manifest.lock().unwrap_or_else(PoisonError::into_inner);
        match &*last {
            Some((signed_at, manifest)) if at.0.saturating_sub(signed_at.0) < FRESH => {
                manifest.clone()
            }
            _ => last.insert((at, sign(&self.head))).1.clone(),
        }
    }
}

impl Shelf {
    /// The snapshot of the newest revision.
    pub(crate) async fn newest(app: &App, gateway: Uuid) -> Result<Snapshot, Problem> {
        let tail = app.gateways.log.read(app).await?;
        let image = Self::image(app, tail.to, &tail).await?;
        let image = image.ok_or(BuildError::CutOff)?;
        let made = app.gateways.shelf.made(&image, gateway).map_err(BuildError::Format)?;
        // It was the newest then, or came after.
        let manifest = made.manifest(tail.at, |head| {
            image.manifest(gateway, head, tail.at, &app.secrets.signing_key).into()
        });
        let pages = image.pages(&made.head).map(|page| page.bytes.clone()).collect();
        Ok(Snapshot { manifest, pages })
    }

    /// A page of the snapshot of a revision. There is none, when the page does not exist; and no
    /// snapshot, when its revision is too old.
    pub(crate) async fn page(
        app: &App,
        gateway: Uuid,
        revision: Revision,
        number: usize,
    ) -> Result<Option<Option<Bytes>>, Problem> {
        let shelf = &app.gateways.shelf;
        let image = match shelf.find(|image| image.revision == revision) {
            Some(image) => Some(image),
            None => {
                // Another process may have sent the manifest.
                let tail = app.gateways.log.read(app).await?;
                Self::image(app, revision, &tail).await?
            }
        };
        let Some(image) = image.filter(|image| image.revision == revision) else { return Ok(None) };
        let made = shelf.made(&image, gateway).map_err(BuildError::Format)?;
        Ok(Some(image.pages(&made.head).nth(number).map(|page| page.bytes.clone())))
    }

    /// The image of a revision; or, if that is the newest, of one that came since. None of an
    /// older one that cannot be had any more.
    async fn image(
        app: &App,
        revision: Revision,
        tail: &Tail,
    ) -> Result<Option<Arc<Image>>, Problem> {
        if revision > tail.to {
            return Ok(None);
        }
        let (app, tail) = (app.clone(), tail.clone());
        // The work is done even if the caller goes: it will ask again.
        let work = tokio::spawn(async move {
            let shelf = &app.gateways.shelf;
            let _making = shelf.making.lock().await;
            if let Some(found) = shelf.find(|image| image.revision == revision) {
                return Ok(Some(found));
            }
            let before =
                |image: &Image| image.revision < revision && tail.since(image.revision).is_some();
            let started = Instant::now();
            let after = shelf.find(before).map(|before| {
                let changes = tail.since(before.revision).unwrap_or_default();
                let end = changes.partition_point(|entry| entry.revision <= revision);
                before.after(changes.get(..end).unwrap_or_default(), revision)
            });
            let image = match after {
                Some(Ok(image)) => image,
                None | Some(Err(_)) if revision == tail.to => Image::read(&app.store).await?,
                None => return Ok(None),
                Some(Err(error)) => return Err(error.into()),
            };
            let ms = started.elapsed().as_millis();
            tracing::info!(revision = %image.revision, ms, "image of the policy made");
            Ok::<_, BuildError>(Some(shelf.put(image)))
        });
        Ok(work.await.map_err(|_| BuildError::CutOff)??)
    }

    /// What is a gateway's own in an image.
    fn made(&self, image: &Arc<Image>, gateway: Uuid) -> Result<Arc<Made>, FormatError> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let place = kept.iter_mut().find(|kept| Arc::ptr_eq(&kept.image, image));
        if let Some(made) = place.as_ref().and_then(|kept| kept.made.get(&gateway)) {
            return Ok(Arc::clone(made));
        }
        let head = image.head(gateway)?;
        let made = Arc::new(Made { head, manifest: Mutex::default() });
        if let Some(kept) = place {
            kept.made.insert(gateway, Arc::clone(&made));
        }
        Ok(made)
    }

    /// The newest image that is wanted.
    fn find(&self, wanted: impl Fn(&Image) -> bool) -> Option<Arc<Image>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let found = kept.iter_mut().filter(|kept| wanted(&kept.image));
        let found = found.max_by_key(|kept| kept.image.revision)?;
        found.used_at = Instant::now();
        Some(Arc::clone(&found.image))
    }

    fn put(&self, image: Image) -> Arc<Image> {
        let image = Arc::new(image);
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|kept| kept.image.revision != image.revision);
        // The oldest stays: from it follow revisions of which others have sent manifests.
        let oldest = kept.iter().map(|kept| kept.image.revision).min();
        if kept.len() >= KEPT {
            let places = kept.iter().enumerate();
            let unused = places
                .filter(|(_, kept)| Some(kept.image.revision) != oldest)
                .min_by_key(|(_, kept)| kept.used_at);
            if let Some((place, _)) = unused {
                kept.remove(place);
            }
        }
        let used_at = Instant::now();
        kept.push(Kept { image: Arc::clone(&image), used_at, made: HashMap::new() });
        image
    }

    /// Forgets what nobody asked for lately.
    pub(crate) fn tidy(&self) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|kept| kept.used_at.elapsed() < IDLE);
    }
}
