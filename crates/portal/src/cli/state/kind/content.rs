//! What people read: documents of APIs, and the pages, snippets and looks of portals.

use super::{Change, Count, Kind, Pages, Place, Reading, Reference};
use crate::input::schema_of;
use crate::usecase::document::{DocumentEdit, NewDocument};
use crate::usecase::page::{NewPage, PageEdit};
use crate::usecase::presentation::{Customization, Integrations, IntegrationsEdit, Shaped};
use crate::usecase::snippet::{NewSnippet, SnippetEdit};

/// Trees come whole, without texts.
const TREE: Reading = Reading { pages: Pages::Whole, each: true, ..Kind::USUAL.reading };
const SETTINGS: Reading = Reading { pages: Pages::None, ..Kind::USUAL.reading };

pub(super) const DOCUMENTS: Kind = Kind {
    list: "documents",
    within: Some("apis"),
    identity: &["slug"],
    below: Some("parent"),
    body: schema_of::<NewDocument>,
    change: Change::Patch(schema_of::<DocumentEdit>),
    references: &[Reference {
        place: Place::Around("apis"),
        ..Reference::to("parent_document_id", "parent", "documents")
    }],
    reading: TREE,
    at: "/v3/apis/{apis}/documents",
    item: "/v3/apis/{apis}/documents/{id}",
    ..Kind::USUAL
};

pub(super) const PAGES: Kind = Kind {
    list: "pages",
    within: Some("portals"),
    identity: &["slug"],
    below: Some("parent"),
    body: schema_of::<NewPage>,
    change: Change::Patch(schema_of::<PageEdit>),
    references: &[Reference {
        place: Place::Around("portals"),
        ..Reference::to("parent_page_id", "parent", "pages")
    }],
    reading: TREE,
    at: "/v3/portals/{portals}/pages",
    item: "/v3/portals/{portals}/pages/{id}",
    ..Kind::USUAL
};

pub(super) const SNIPPETS: Kind = Kind {
    list: "snippets",
    within: Some("portals"),
    body: schema_of::<NewSnippet>,
    change: Change::Patch(schema_of::<SnippetEdit>),
    reading: Reading { each: true, ..Kind::USUAL.reading },
    at: "/v3/portals/{portals}/snippets",
    item: "/v3/portals/{portals}/snippets/{id}",
    ..Kind::USUAL
};

pub(super) const CUSTOMIZATION: Kind = Kind {
    list: "customization",
    within: Some("portals"),
    number: Count::Always,
    identity: &[],
    body: schema_of::<Shaped<Customization>>,
    change: Change::Patch(schema_of::<Shaped<Customization>>),
    reading: SETTINGS,
    at: "/v3/portals/{portals}/customization",
    item: "/v3/portals/{portals}/customization",
    ..Kind::USUAL
};

pub(super) const INTEGRATIONS: Kind = Kind {
    list: "integrations",
    within: Some("portals"),
    number: Count::Always,
    identity: &[],
    body: schema_of::<Shaped<Integrations>>,
    change: Change::Patch(schema_of::<Shaped<IntegrationsEdit>>),
    reading: SETTINGS,
    at: "/v3/portals/{portals}/integrations",
    item: "/v3/portals/{portals}/integrations",
    ..Kind::USUAL
};
