//! The parts that the pages consist of.

use crate::auth::routes::Routes;
use crate::feature::Feature;
use crate::state::FeatureTables;
use crate::{
    access_report, account, agents, announcements, api, api_document, articles, assets, audit,
    board, calendar, call, call_figures, calls, content_gaps, departments, divisions, jobs,
    knowledge, language, live, monthly, notices, operations, own_call, people, phrases, portal,
    reception, retention, setup, sign_in, signals, tickets, users, vendors, views,
};

/// All parts; those with entries of the menu first, in its order.
static FEATURES: [Feature; 37] = [
    reception::FEATURE,
    board::FEATURE,
    calls::FEATURE,
    call_figures::FEATURE,
    tickets::FEATURE,
    people::FEATURE,
    knowledge::FEATURE,
    articles::FEATURE,
    content_gaps::FEATURE,
    access_report::FEATURE,
    monthly::FEATURE,
    notices::FEATURE,
    phrases::FEATURE,
    calendar::FEATURE,
    setup::FEATURE,
    announcements::FEATURE,
    users::FEATURE,
    audit::FEATURE,
    retention::FEATURE,
    jobs::FEATURE,
    signals::FEATURE,
    divisions::FEATURE,
    vendors::FEATURE,
    departments::FEATURE,
    own_call::FEATURE,
    call::FEATURE,
    live::events::FEATURE,
    agents::FEATURE,
    api::FEATURE,
    api_document::FEATURE,
    operations::FEATURE,
    sign_in::FEATURE,
    account::FEATURE,
    views::FEATURE,
    portal::FEATURE,
    language::FEATURE,
    assets::FEATURE,
];

/// All routes with what each needs.
pub(crate) fn routes() -> Routes {
    let all = FEATURES.iter();
    all.fold(Routes::new(), |routes, feature| {
        routes.and((feature.routes)())
    })
}

/// What pages show of all parts.
pub(crate) fn tables() -> FeatureTables {
    let all = FEATURES.iter();
    let routes = routes();
    FeatureTables {
        pages: routes.pages(),
        menu: all.clone().flat_map(|one| one.menu).copied().collect(),
        audit: all.clone().flat_map(|one| one.audit).copied().collect(),
        views: all.clone().flat_map(|one| one.views).copied().collect(),
        messages: all.clone().flat_map(|one| one.messages).copied().collect(),
        failures: all.flat_map(|one| one.failures).copied().collect(),
        api: routes.into_described(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::shell::MESSAGES;

    #[test]
    fn what_pages_say_of_what_was_done_has_a_name_of_its_own() {
        let tables = tables();
        let all = MESSAGES.iter().chain(&tables.messages);
        let mut names = BTreeSet::new();
        for (name, _) in all.chain(&tables.failures) {
            assert!(
                names.insert(*name),
                "two parts say something else of {name}"
            );
        }
    }
}
