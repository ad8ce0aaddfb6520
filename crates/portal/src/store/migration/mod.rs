//! Migrations, run when the portal starts. Names of tables and columns are spelled out here, not
//! taken from the entities: a migration describes the past and must not change with them.

use sea_orm_migration::{MigrationTrait, MigratorTrait, async_trait};

mod m0001_catalogue;
mod m0002_access;
mod m0003_sync;
mod m0004_identity;
mod m0005_marks;
mod m0006_teams;
mod m0007_content;
mod m0008_products;
mod m0009_credentials;
mod m0010_events;
mod m0011_replicas;
mod m0012_identity_providers;
mod m0013_refusals;
mod m0014_admin_sessions;
mod m0015_developer_sessions;
mod m0016_registration_history;
mod m0017_list_indexes;
#[cfg(test)]
mod tests;

/// Every migration, in order.
pub(crate) struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m0001_catalogue::Migration),
            Box::new(m0002_access::Migration),
            Box::new(m0003_sync::Migration),
            Box::new(m0004_identity::Migration),
            Box::new(m0005_marks::Migration),
            Box::new(m0006_teams::Migration),
            Box::new(m0007_content::Migration),
            Box::new(m0008_products::Migration),
            Box::new(m0009_credentials::Migration),
            Box::new(m0010_events::Migration),
            Box::new(m0011_replicas::Migration),
            Box::new(m0012_identity_providers::Migration),
            Box::new(m0013_refusals::Migration),
            Box::new(m0014_admin_sessions::Migration),
            Box::new(m0015_developer_sessions::Migration),
            Box::new(m0016_registration_history::Migration),
            Box::new(m0017_list_indexes::Migration),
        ]
    }
}
