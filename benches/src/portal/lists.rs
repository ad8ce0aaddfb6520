//! Every list that grows: as it comes, filtered, sorted, and far from its start.

use std::time::Instant;

use anyhow::Result;

use super::api::{Client, Who};
use super::process::Portal;
use super::{Plan, Populated, Times, milliseconds};

/// Asks for each list again and again.
pub(super) fn measure(portal: &Portal, made: &Populated, plan: Plan) -> Result<Vec<Times>> {
    let mut all = Vec::new();
    for (who, paths) in [(true, management(made, plan)), (false, developers(made))] {
        let who = if who { Who::Administrator(portal) } else { Who::Developer(&made.cookie) };
        let mut client = Client::new(portal, who)?;
        for path in paths {
            let mut times = Vec::with_capacity(plan.requests);
            for _ in 0..plan.requests {
                let begun = Instant::now();
                client.ask("GET", &path, "", 200)?;
                times.push(milliseconds(begun.elapsed()));
            }
            all.push(Times::of(named(&path, made), &mut times));
        }
    }
    Ok(all)
}

/// The path with names in the place of ids.
fn named(path: &str, made: &Populated) -> String {
    let first = made.applications.first().map_or("", String::as_str);
    [
        (made.portal.as_str(), "P"),
        (&made.api, "A"),
        (&made.developer, "D"),
        (&made.application, "N"),
        (first, "N"),
    ]
    .iter()
    .fold(path.to_owned(), |path, (id, name)| path.replace(id, name))
}

fn management(made: &Populated, plan: Plan) -> Vec<String> {
    let Populated { portal, api, developer, application, .. } = made;
    let base = format!("/v3/portals/{portal}");
    let last = |count: usize| (count / 10).max(1);
    let (applications, registrations, developers) = (
        last(plan.applications),
        last(plan.applications * plan.registrations),
        last(plan.applications / 5),
    );
    let applications: Vec<String> = [
        "".to_owned(),
        "?page[size]=100".into(),
        format!("?page[number]={applications}"),
        format!("?page[number]={}", applications / 2),
        "?sort=name".into(),
        "?sort=name desc".into(),
        "?sort=created_at desc".into(),
        "?sort=developer_id".into(),
        format!("?filter[developer_id][eq]={developer}"),
        "?filter[name][eq]=Orders Billing 17".into(),
        "?filter[name][contains]=rdErs b".into(),
        "?filter[name][contains]=nowhere to be found".into(),
        "?filter[name][contains]=a&sort=name desc".into(),
    ]
    .iter()
    .map(|query| format!("{base}/applications{query}"))
    .collect();
    let registrations: Vec<String> = [
        "".to_owned(),
        format!("?page[number]={registrations}"),
        "?sort=created_at desc".into(),
        "?sort=updated_at desc".into(),
        "?sort=status".into(),
        "?sort=developer_id".into(),
        "?filter[status][eq]=pending".into(),
        "?filter[status][eq]=approved&sort=created_at desc".into(),
        format!("?filter[api_id][eq]={api}"),
        format!("?filter[application_id][eq]={application}"),
        format!("?filter[developer_id][eq]={developer}"),
        "?filter[application_name][eq]=Orders Billing 17".into(),
        "?filter[application_name][contains]=rdErs b".into(),
        "?filter[api_name][eq]=API 07".into(),
        "?filter[api_name][contains]=pi 1".into(),
    ]
    .iter()
    .map(|query| format!("{base}/application-registrations{query}"))
    .collect();
    let developers: Vec<String> = [
        "".to_owned(),
        format!("?page[number]={developers}"),
        "?sort=email".into(),
        "?sort=name desc".into(),
        "?sort=updated_at desc".into(),
        "?filter[status][eq]=pending".into(),
        "?filter[email][eq]=person00007@example.com".into(),
        "?filter[email][contains]=ON0001".into(),
        "?filter[name][contains]=arcel".into(),
    ]
    .iter()
    .map(|query| format!("{base}/developers{query}"))
    .collect();
    let first = made.applications.first().cloned().unwrap_or_default();
    let others = vec![
        format!("{base}/applications/{first}/credentials"),
        format!("{base}/applications/{first}/registrations"),
        format!("{base}/applications/{first}/developers"),
        format!("/v3/apis/{api}/registrations"),
        format!("/v3/apis/{api}/registrations?filter[status][eq]=pending"),
        format!("/v3/apis/{api}/registrations?filter[application_name][contains]=orders"),
    ];
    [applications, registrations, developers, others].concat()
}

fn developers(made: &Populated) -> Vec<String> {
    let base = format!("/portals/{}/api/v3", made.portal);
    let first = made.applications.first().cloned().unwrap_or_default();
    [
        "applications".to_owned(),
        "applications?page[size]=100".into(),
        "applications?sort=name desc".into(),
        "applications?filter[name][contains]=orders".into(),
        format!("applications/{first}/credentials"),
        format!("applications/{first}/registrations"),
        "apis".into(),
    ]
    .iter()
    .map(|path| format!("{base}/{path}"))
    .collect()
}
