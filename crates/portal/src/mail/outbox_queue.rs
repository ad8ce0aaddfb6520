//! The outbox: whose turn it is, who delivers it, and what happens when that fails.
//!
//! An e-mail is claimed with a lease before it is delivered, so of several replicas one sends it.
//! A crash between delivery and deletion leads to a second delivery of the same message, not to
//! none.

use core::time::Duration;
use std::io;

use futures_util::StreamExt;
use futures_util::stream;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, DbErr, EntityTrait, IntoActiveModel, QueryFilter,
    QueryOrder, QuerySelect,
};
use serde_json::Value;
use uuid::Uuid;

use super::mailbox::{self, Message};
use super::render::{Rendered, render};
use super::smtp::{Fault, Sender, Transport};
use super::template::{Content, Template};
use super::{FAILED, KEEP_FAILED, Letter, WAITING, open, seal};
use crate::app::App;
use crate::clock::{self, millis};
use crate::problem::Problem;
use crate::store::entity::{mail_config, mail_template, outbox, portal};

/// E-mails of one round of deliveries.
const AT_ONCE: u64 = 100;
/// How many are delivered beside each other.
const SIDE_BY_SIDE: usize = 8;
/// The longest wait before a failed delivery is tried again.
const LONGEST_WAIT: Duration = Duration::from_secs(1_800);
/// How long an e-mail is tried.
const PATIENCE: Duration = Duration::from_secs(3 * 86_400);
/// How long one delivery may take; then another replica may take it up.
const LEASE: Duration = Duration::from_secs(300);
/// How often the outbox is looked at when nobody says that there is something in it.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Gets ready: the mail server of the configuration, and what a portal before this one left.
pub(crate) async fn start(app: &App) -> Result<(), Problem> {
    if let Some(smtp) = &app.config.smtp {
        let transport = Transport::new(smtp).map_err(Problem::internal)?;
        // It is set once, here.
        let _ = app.mail_transport.set(transport);
    }
    seal_old(app).await?;
    if app.store.is_ours_alone() {
        // Nobody else delivers: what is leased was left by a portal that was killed.
        outbox::Entity::update_many()
            .set(outbox::ActiveModel { lease_until: sea_orm::Set(0), ..Default::default() })
            .filter(outbox::Column::LeaseUntil.gt(0))
            .exec(app.store.db())
            .await?;
    }
    Ok(())
}

/// Seals what an earlier version left open in the outbox.
async fn seal_old(app: &App) -> Result<(), Problem> {
    let open = outbox::Entity::find().filter(outbox::Column::Sealed.is_null());
    for mut row in open.all(app.store.db()).await? {
        let take = |row: &mut outbox::Model, name: &str| row.message.get_mut(name).map(Value::take);
        let text = |value: Option<Value>| value.and_then(|v| v.as_str().map(str::to_owned));
        let recipient = text(take(&mut row, "to")).unwrap_or_default();
        let template = text(take(&mut row, "template")).unwrap_or_default();
        let variables = match take(&mut row, "variables") {
            Some(Value::Object(variables)) => variables,
            _ => serde_json::Map::new(),
        };
        let sealed = seal(app, row.id, &Letter { variables, words: None })?;
        let mut row = row.into_active_model();
        row.recipient = sea_orm::Set(recipient);
        row.template = sea_orm::Set(template);
        row.sealed = sea_orm::Set(Some(sealed));
        row.message = sea_orm::Set(Value::Object(serde_json::Map::new()));
        row.update(app.store.db()).await?;
    }
    Ok(())
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
        .filter(is_due(app.clock.now()))
        .order_by_asc(outbox::Column::Id)
        .limit(AT_ONCE)
        .all(app.store.db())
        .await?;
    let full_round = due.len() as u64 == AT_ONCE;
    let failed = stream::iter(due)
        .map(|row| deliver(app, row))
        .buffer_unordered(SIDE_BY_SIDE)
        .filter_map(async |outcome: Result<(), DbErr>| outcome.err());
    match core::pin::pin!(failed).next().await {
        Some(error) => Err(error),
        None => Ok(full_round),
    }
}

fn is_due(now: i64) -> Condition {
    Condition::all()
        .add(outbox::Column::State.eq(WAITING))
        .add(outbox::Column::DueAt.lte(now))
        .add(outbox::Column::LeaseUntil.lte(now))
}

/// Delivers one e-mail, unless somebody else is at it.
async fn deliver(app: &App, row: outbox::Model) -> Result<(), DbErr> {
    let now = app.clock.now();
    let claimed = outbox::Entity::update_many()
        .set(outbox::ActiveModel {
            lease_until: sea_orm::Set(now + millis(LEASE)),
            ..Default::default()
        })
        .filter(outbox::Column::Id.eq(row.id))
        .filter(is_due(now))
        .exec(app.store.db())
        .await?;
    if claimed.rows_affected != 1 {
        return Ok(());
    }
    match hand_over(app, &row).await {
        Ok(()) => {
            outbox::Entity::delete_by_id(row.id).exec(app.store.db()).await?;
            app.metrics.count("gatekey_mails_total", "delivered");
        }
        Err(Fault::Never(fault)) => give_up(app, row, fault).await?,
        Err(Fault::Later(fault)) if app.clock.now() - row.created_at >= millis(PATIENCE) => {
            give_up(app, row, fault).await?;
        }
        Err(Fault::Later(fault)) => {
            tracing::warn!(mail = %row.id, fault, "cannot deliver an e-mail, will try again");
            app.metrics.count("gatekey_mails_total", "postponed");
            postpone(app, row, fault).await?;
        }
    }
    Ok(())
}

async fn hand_over(app: &App, row: &outbox::Model) -> Result<(), Fault> {
    let later = |problem: Problem| Fault::Later(problem.cause().to_owned());
    let letter = open(app, row).map_err(later)?;
    let Some(transport) = app.mail_transport.get() else {
        let message = Message {
            to: row.recipient.clone(),
            template: row.template.clone(),
            variables: letter.variables,
            created_at: clock::format(row.created_at),
        };
        let (mailbox, id) = (app.mailbox.clone(), row.id);
        let written = tokio::task::spawn_blocking(move || mailbox::write(&mailbox, id, &message));
        let written = written.await.map_err(io::Error::other).flatten();
        return written.map_err(|error| Fault::Later(error.to_string()));
    };
    let (sender, mail) = compose(app, row, letter).await.map_err(later)?;
    let Some(mail) = mail else {
        return Err(Fault::Never(format!("there is no template `{}`", row.template)));
    };
    transport.send(row.id, &sender, &row.recipient, mail).await
}

/// The e-mail in the portal's words, and in its name.
async fn compose(
    app: &App,
    row: &outbox::Model,
    letter: Letter,
) -> Result<(Sender, Option<Rendered>), Problem> {
    let db = app.store.db();
    let portal = row.portal_id.unwrap_or_default();
    let config = mail_config::Entity::find_by_id(portal).one(db).await?;
    let config = config.filter(|config| config.enabled);
    let named = portal::Entity::find_by_id(portal).one(db).await?;
    let smtp = app.config.smtp.as_ref();
    let from = |of: fn(&mail_config::Model) -> Option<String>| config.as_ref().and_then(of);
    let sender = Sender {
        name: from(|config| config.from_name.clone())
            .or_else(|| smtp?.from_name.clone())
            .or_else(|| named.map(|portal| portal.display_name))
            .unwrap_or_default(),
        address: from(|config| config.from_email.clone())
            .or_else(|| Some(smtp?.from.clone()))
            .unwrap_or_default(),
        reply_to: from(|config| config.reply_to_email.clone()).or_else(|| smtp?.reply_to.clone()),
    };
    let Some(template) = Template::parse(&row.template) else { return Ok((sender, None)) };
    let content = match letter.words {
        Some([subject, title, body, button_label]) => {
            Content { subject, title, body, button_label }
        }
        None => {
            let own = mail_template::Entity::find_by_id((portal, row.template.clone()));
            template.content().with(own.one(db).await?)
        }
    };
    Ok((sender, Some(render(template, &content, &letter.variables))))
}

impl Content {
    /// The same, with what a portal has of its own.
    pub(crate) fn with(self, own: Option<mail_template::Model>) -> Self {
        let Some(own) = own else { return self };
        Self {
            subject: own.subject.unwrap_or(self.subject),
            title: own.title.unwrap_or(self.title),
            body: own.body.unwrap_or(self.body),
            button_label: own.button_label.unwrap_or(self.button_label),
        }
    }
}

async fn postpone(app: &App, row: outbox::Model, fault: String) -> Result<(), DbErr> {
    let exponent = u32::try_from(row.attempts).unwrap_or_default().min(16);
    let wait = Duration::from_secs(1 << exponent).min(LONGEST_WAIT);
    let attempts = row.attempts.saturating_add(1);
    let mut row = row.into_active_model();
    row.attempts = sea_orm::Set(attempts);
    row.due_at = sea_orm::Set(app.clock.now() + millis(wait));
    row.lease_until = sea_orm::Set(0);
    row.fault = sea_orm::Set(Some(short(&fault)));
    row.update(app.store.db()).await.map(|_| ())
}

async fn give_up(app: &App, row: outbox::Model, fault: String) -> Result<(), DbErr> {
    tracing::error!(mail = %row.id, template = row.template, fault, "an e-mail was given up");
    app.metrics.count("gatekey_mails_total", "failed");
    let attempts = row.attempts.saturating_add(1);
    let mut row = row.into_active_model();
    row.attempts = sea_orm::Set(attempts);
    row.state = sea_orm::Set(FAILED.into());
    row.lease_until = sea_orm::Set(0);
    row.fault = sea_orm::Set(Some(short(&fault)));
    row.update(app.store.db()).await.map(|_| ())
}

fn short(fault: &str) -> String {
    fault.chars().filter(|c| !c.is_control()).take(250).collect()
}

/// Tries an e-mail again at once, one that was given up too.
pub(crate) async fn retry(app: &App, id: Uuid) -> Result<outbox::Model, Problem> {
    let tx = app.store.begin().await?;
    let row = outbox::Entity::find_by_id(id).one(&tx).await?.ok_or_else(Problem::not_found)?;
    let now = app.clock.now();
    let was_given_up = row.state == FAILED;
    let mut row = row.into_active_model();
    row.state = sea_orm::Set(WAITING.into());
    row.due_at = sea_orm::Set(now);
    if was_given_up {
        // Its patience begins anew.
        row.created_at = sea_orm::Set(now);
        row.attempts = sea_orm::Set(0);
    }
    let row = row.update(&tx).await?;
    tx.commit().await?;
    super::wake(app);
    Ok(row)
}

/// Forgets e-mails that were given up long ago.
pub(crate) async fn prune(app: &App) -> Result<(), DbErr> {
    let keep = millis(KEEP_FAILED + PATIENCE);
    outbox::Entity::delete_many()
        .filter(outbox::Column::State.eq(FAILED))
        .filter(outbox::Column::CreatedAt.lte(app.clock.now() - keep))
        .exec(app.store.db())
        .await
        .map(|_| ())
}
