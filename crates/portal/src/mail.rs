//! E-mails: promised in the transaction that causes them, delivered afterwards.
//!
//! [`promise`] writes an e-mail to the outbox; a failed delivery is tried again, so nothing that
//! was acknowledged is lost. Without a mail server delivery means a file in the mailbox folder,
//! one JSON object per e-mail.

use core::time::Duration;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel,
    QueryFilter, QueryOrder, QuerySelect, Set,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::app::App;
use crate::clock;
use crate::store::entity::{developer, outbox, portal};

/// E-mails of one round of deliveries.
const AT_ONCE: u64 = 100;
/// The longest wait before a failed delivery is tried again.
const LONGEST_WAIT: Duration = Duration::from_secs(300);
/// How often the outbox is looked at when nobody says that there is something in it.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// What an e-mail is about; the names are those of Konnect's templates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Template {
    /// Prove that the address is yours.
    ConfirmAddress,
    /// Choose a password.
    ResetPassword,
    /// You were given an account.
    Invitation,
    /// Your account was approved.
    AccessApproved,
    /// Your account was rejected.
    AccessRejected,
    /// Your account was revoked.
    AccessRevoked,
    /// Your application may use an API.
    RegistrationApproved,
    /// Your application may not use an API.
    RegistrationRejected,
    /// Your application may no longer use an API.
    RegistrationRevoked,
}

impl Template {
    const fn name(self) -> &'static str {
        match self {
            Self::ConfirmAddress => "confirm-email-address",
            Self::ResetPassword => "reset-password",
            Self::Invitation => "developer-invitation",
            Self::AccessApproved => "account-access-approved",
            Self::AccessRejected => "account-access-rejected",
            Self::AccessRevoked => "account-access-revoked",
            Self::RegistrationApproved => "app-registration-approved",
            Self::RegistrationRejected => "app-registration-rejected",
            Self::RegistrationRevoked => "app-registration-revoked",
        }
    }
}

/// An e-mail, as it waits in the outbox and as it lies in the mailbox.
#[derive(Debug, Serialize, Deserialize)]
struct Message {
    to: String,
    template: String,
    variables: Map<String, Value>,
    created_at: String,
}

/// Promises an e-mail to a developer. It is sent once the transaction commits; whoever commits
/// wakes the delivery with [`wake`].
pub(crate) async fn promise(
    app: &App,
    db: &impl ConnectionTrait,
    portal: &portal::Model,
    developer: &developer::Model,
    template: Template,
    more: &[(&str, &str)],
) -> Result<(), DbErr> {
    let now = app.clock.now();
    let url = format!("{}/portals/{}", app.config.base_url(), portal.id);
    let common = [
        ("portal_display_name", portal.display_name.as_str()),
        ("portal_domain", portal.default_domain.as_str()),
        ("portal_url", &url),
        ("developer_email", &developer.email),
        ("developer_fullname", &developer.full_name),
        ("developer_status", &developer.status),
    ];
    let variables = common.iter().chain(more);
    let message = Message {
        to: developer.email.clone(),
        template: template.name().to_owned(),
        variables: variables.map(|(name, value)| ((*name).to_owned(), (*value).into())).collect(),
        created_at: clock::format(now),
    };
    outbox::ActiveModel {
        id: Set(Uuid::now_v7()),
        message: Set(serde_json::to_value(message).map_err(|error| DbErr::Json(error.to_string()))?),
        attempts: Set(0),
        due_at: Set(now),
        created_at: Set(now),
    }
    .insert(db)
    .await?;
    Ok(())
}

/// Tells the delivery that something is in the outbox.
pub(crate) fn wake(app: &App) {
    app.mail_waiting.notify_one();
}

/// Delivers e-mails until it is dropped.
pub(crate) async fn deliver_forever(app: App) {
    loop {
        match deliver_due(&app).await {
            Ok(full_round) if full_round => continue,
            Ok(_) => {}
            Err(error) => tracing::error!(%error, "cannot read the outbox"),
        }
        let _ = tokio::time::timeout(LOOK_EVERY, app.mail_waiting.notified()).await;
    }
}

/// Delivers what is due, once; whether there may be more.
pub(crate) async fn deliver_due(app: &App) -> Result<bool, DbErr> {
    let due = outbox::Entity::find()
        .filter(outbox::Column::DueAt.lte(app.clock.now()))
        .order_by_asc(outbox::Column::Id)
        .limit(AT_ONCE)
        .all(app.store.db())
        .await?;
    let full_round = due.len() as u64 == AT_ONCE;
    for row in due {
        let (mailbox, id, message) = (app.mailbox.clone(), row.id, row.message.clone());
        let delivery = tokio::task::spawn_blocking(move || write(&mailbox, id, &message)).await;
        match delivery.map_err(io::Error::other).flatten() {
            // A crash before this leads to a second delivery of the same file, not to none.
            Ok(()) => {
                outbox::Entity::delete_by_id(row.id).exec(app.store.db()).await?;
            }
            Err(error) => {
                tracing::warn!(mail = %row.id, %error, "cannot deliver an e-mail, will try again");
                postpone(app, row).await?;
            }
        }
    }
    Ok(full_round)
}

async fn postpone(app: &App, row: outbox::Model) -> Result<(), DbErr> {
    let exponent = u32::try_from(row.attempts).unwrap_or_default().min(16);
    let wait = Duration::from_secs(1 << exponent).min(LONGEST_WAIT);
    let attempts = row.attempts.saturating_add(1);
    let mut row = row.into_active_model();
    row.attempts = Set(attempts);
    row.due_at = Set(app.clock.now() + clock::millis(wait));
    row.update(app.store.db()).await.map(|_| ())
}

/// Puts a file in the mailbox: first whole under a name that no reader looks at, then renamed.
fn write(mailbox: &Path, id: Uuid, message: &Value) -> io::Result<()> {
    let part = mailbox.join(format!(".{id}.part"));
    let mut file =
        OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&part)?;
    file.write_all(serde_json::to_string_pretty(message)?.as_bytes())?;
    file.sync_all()?;
    std::fs::rename(&part, mailbox.join(format!("{id}.json")))
}
