//! A portal's own e-mails: their words, whether they are sent, and who they are from.

use lettre::Address;
use schemars::JsonSchema;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, ModelTrait,
    QueryFilter,
};
use serde::Deserialize;
use uuid::Uuid;

use super::portal;
use crate::app::App;
use crate::input::Given;
use crate::mail::{self, Content, Template};
use crate::problem::{Invalid, Problem};
use crate::store::entity::{mail_config, mail_template};

/// Words of a template; what is null or absent stays as the default has it.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Words {
    #[serde(default)]
    #[schemars(length(max = 1_024))]
    subject: Given<Option<String>>,
    #[serde(default)]
    #[schemars(length(max = 1_024))]
    title: Given<Option<String>>,
    #[serde(default)]
    #[schemars(length(max = 4_096))]
    body: Given<Option<String>>,
    #[serde(default)]
    #[schemars(length(max = 128))]
    button_label: Given<Option<String>>,
}

/// What to change of a portal's template.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TemplateEdit {
    #[serde(default)]
    content: Given<Option<Words>>,
    #[serde(default)]
    enabled: Given<bool>,
}

/// Words to try out.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Trial {
    content: TrialWords,
    /// Extension: who gets the e-mail; the portal's reply-to address, or the sender's, if absent.
    #[serde(default)]
    #[schemars(length(max = 250), extend("format" = "email"))]
    to: Given<String>,
}

/// The words themselves.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TrialWords {
    #[schemars(length(max = 1_024))]
    subject: String,
    #[schemars(length(max = 1_024))]
    title: String,
    #[schemars(length(max = 4_096))]
    body: String,
    #[serde(default)]
    #[schemars(length(max = 128))]
    button_label: Given<String>,
}

/// Who a portal's e-mails are from.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SenderEdit {
    #[serde(default)]
    #[schemars(length(max = 253))]
    domain_name: Given<Option<String>>,
    #[serde(default)]
    #[schemars(length(max = 250))]
    from_name: Given<Option<String>>,
    #[serde(default)]
    #[schemars(length(max = 250), extend("format" = "email"))]
    from_email: Given<Option<String>>,
    #[serde(default)]
    #[schemars(length(max = 250), extend("format" = "email"))]
    reply_to_email: Given<Option<String>>,
}

/// The older spelling of the same.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeliveryEdit {
    #[serde(default)]
    enabled: Given<bool>,
    #[serde(default)]
    #[schemars(length(max = 250), extend("format" = "email"))]
    from_email: Given<Option<String>>,
    #[serde(default)]
    #[schemars(length(max = 250), extend("format" = "email"))]
    reply_to_email: Given<Option<String>>,
}

/// The template of that name, if there is one.
pub(crate) fn template(name: &str) -> Result<Template, Problem> {
    Template::parse(name).ok_or_else(Problem::not_found)
}

/// What a portal has of its own of a template.
pub(crate) async fn find(
    db: &impl ConnectionTrait,
    portal: Uuid,
    template: Template,
) -> Result<Option<mail_template::Model>, Problem> {
    portal::find(db, portal).await?;
    let key = (portal, template.name().to_owned());
    Ok(mail_template::Entity::find_by_id(key).one(db).await?)
}

/// Everything that a portal has of its own.
pub(crate) async fn all(
    db: &impl ConnectionTrait,
    portal: Uuid,
) -> Result<Vec<mail_template::Model>, Problem> {
    portal::find(db, portal).await?;
    let own = mail_template::Entity::find().filter(mail_template::Column::PortalId.eq(portal));
    Ok(own.all(db).await?)
}

/// Changes a portal's template.
pub(crate) async fn update(
    app: &App,
    portal: Uuid,
    template: Template,
    edit: TemplateEdit,
) -> Result<mail_template::Model, Problem> {
    let tx = app.store.begin().await?;
    let before = find(&tx, portal, template).await?;
    let now = app.clock.now();
    let is_new = before.is_none();
    let mut own = before.unwrap_or(mail_template::Model {
        portal_id: portal,
        name: template.name().into(),
        enabled: true,
        subject: None,
        title: None,
        body: None,
        button_label: None,
        created_at: now,
        updated_at: now,
    });
    edit.enabled.put(&mut own.enabled);
    match edit.content {
        Given::No => {}
        Given::Yes(None) => {
            (own.subject, own.title, own.body, own.button_label) = (None, None, None, None);
        }
        Given::Yes(Some(words)) => {
            words.subject.put(&mut own.subject);
            words.title.put(&mut own.title);
            words.body.put(&mut own.body);
            words.button_label.put(&mut own.button_label);
        }
    }
    check_words(template, &template.content().with(Some(own.clone())))?;
    let own = if is_new {
        own.into_active_model().insert(&tx).await?
    } else {
        own.updated_at = now.max(own.updated_at + 1);
        own.into_active_model().reset_all().update(&tx).await?
    };
    tx.commit().await?;
    Ok(own)
}

/// Takes back what a portal has of its own of a template.
pub(crate) async fn reset(app: &App, portal: Uuid, template: Template) -> Result<(), Problem> {
    let tx = app.store.begin().await?;
    let own = find(&tx, portal, template).await?.ok_or_else(Problem::not_found)?;
    own.delete(&tx).await?;
    tx.commit().await?;
    Ok(())
}

/// Sends an e-mail that tries words out.
pub(crate) async fn try_out(
    app: &App,
    portal: Uuid,
    template: Template,
    trial: Trial,
) -> Result<(), Problem> {
    let tx = app.store.begin().await?;
    let portal = portal::find(&tx, portal).await?;
    let words = trial.content;
    let content = Content {
        subject: words.subject,
        title: words.title,
        body: words.body,
        button_label: words.button_label.or(String::new()),
    };
    check_words(template, &content)?;
    let smtp = app.config.smtp.as_ref();
    let to = match trial.to {
        Given::Yes(to) => to,
        Given::No => config(&tx, portal.id)
            .await?
            .and_then(|config| config.reply_to_email)
            .or_else(|| smtp.map(|smtp| smtp.reply_to.clone().unwrap_or(smtp.from.clone())))
            .unwrap_or_else(|| "admin@localhost".into()),
    };
    mail::promise_trial(app, &tx, &portal, &to, template, content).await?;
    tx.commit().await?;
    mail::wake(app);
    Ok(())
}

/// Words may name only variables that have a value in their template.
fn check_words(template: Template, content: &Content) -> Result<(), Problem> {
    let known = template.variables();
    let mut faults = Vec::new();
    for (field, words) in [
        ("content.subject", &content.subject),
        ("content.title", &content.title),
        ("content.body", &content.body),
        ("content.button_label", &content.button_label),
    ] {
        let unknown = mail::render::names(words).into_iter();
        if let Some(name) = unknown.into_iter().find(|name| !known.contains(&name.as_str())) {
            let reason = format!("`{name}` is not a variable of this template");
            let choices = known.iter().map(|name| (*name).to_owned()).collect();
            faults.push(Invalid::body(field, "enum", reason).one_of(choices));
        }
    }
    if faults.is_empty() { Ok(()) } else { Err(Problem::invalid(faults)) }
}

/// Who a portal's e-mails are from, if it says so.
pub(crate) async fn config(
    db: &impl ConnectionTrait,
    portal: Uuid,
) -> Result<Option<mail_config::Model>, Problem> {
    portal::find(db, portal).await?;
    Ok(mail_config::Entity::find_by_id(portal).one(db).await?)
}

/// Says for the first time who a portal's e-mails are from.
pub(crate) async fn create_config(
    app: &App,
    portal: Uuid,
    edit: SenderEdit,
) -> Result<mail_config::Model, Problem> {
    let tx = app.store.begin().await?;
    if config(&tx, portal).await?.is_some() {
        return Err(Problem::conflict("The portal has an e-mail configuration already"));
    }
    let made = put(fresh(portal, app.clock.now()), edit)?;
    let made = made.into_active_model().insert(&tx).await?;
    tx.commit().await?;
    Ok(made)
}

/// Changes who a portal's e-mails are from.
pub(crate) async fn update_config(
    app: &App,
    portal: Uuid,
    edit: SenderEdit,
) -> Result<mail_config::Model, Problem> {
    let tx = app.store.begin().await?;
    let before = config(&tx, portal).await?.ok_or_else(Problem::not_found)?;
    let updated_at = app.clock.now().max(before.updated_at + 1);
    let mut after = put(before, edit)?;
    after.updated_at = updated_at;
    let after = after.into_active_model().reset_all().update(&tx).await?;
    tx.commit().await?;
    Ok(after)
}

/// The same, in the older spelling, which needs nothing to be there.
pub(crate) async fn update_delivery(
    app: &App,
    portal: Uuid,
    edit: DeliveryEdit,
) -> Result<mail_config::Model, Problem> {
    let tx = app.store.begin().await?;
    let before = config(&tx, portal).await?;
    let (is_new, now) = (before.is_none(), app.clock.now());
    let mut row = before.unwrap_or_else(|| fresh(portal, now));
    edit.enabled.put(&mut row.enabled);
    let edit = SenderEdit {
        from_email: edit.from_email,
        reply_to_email: edit.reply_to_email,
        ..SenderEdit::default()
    };
    let mut row = put(row, edit)?;
    let row = if is_new {
        row.into_active_model().insert(&tx).await?
    } else {
        row.updated_at = now.max(row.updated_at + 1);
        row.into_active_model().reset_all().update(&tx).await?
    };
    tx.commit().await?;
    Ok(row)
}

/// Takes back who a portal's e-mails are from: they are from whom the configuration of the mail
/// server says.
pub(crate) async fn delete_config(app: &App, portal: Uuid) -> Result<(), Problem> {
    let tx = app.store.begin().await?;
    let config = config(&tx, portal).await?.ok_or_else(Problem::not_found)?;
    config.delete(&tx).await?;
    tx.commit().await?;
    Ok(())
}

fn fresh(portal: Uuid, now: i64) -> mail_config::Model {
    mail_config::Model {
        portal_id: portal,
        id: Uuid::now_v7(),
        enabled: true,
        domain_name: None,
        from_name: None,
        from_email: None,
        reply_to_email: None,
        created_at: now,
        updated_at: now,
    }
}

fn put(mut row: mail_config::Model, edit: SenderEdit) -> Result<mail_config::Model, Problem> {
    edit.domain_name.put(&mut row.domain_name);
    edit.from_name.put(&mut row.from_name);
    edit.from_email.put(&mut row.from_email);
    edit.reply_to_email.put(&mut row.reply_to_email);
    let blame = |field: &str, reason: &str| {
        Err(Problem::one_invalid(Invalid::body(field, "invalid", reason)))
    };
    for (field, address) in
        [("from_email", &row.from_email), ("reply_to_email", &row.reply_to_email)]
    {
        if address.as_ref().is_some_and(|address| address.parse::<Address>().is_err()) {
            return blame(field, "must be an e-mail address");
        }
    }
    if row.from_name.as_ref().is_some_and(|name| name.contains(char::is_control)) {
        return blame("from_name", "must be one line");
    }
    if let (Some(domain), Some(from)) = (&row.domain_name, &row.from_email)
        && !from.rsplit_once('@').is_some_and(|(_, host)| host.eq_ignore_ascii_case(domain))
    {
        return blame("from_email", "must be an address of domain_name");
    }
    Ok(row)
}
