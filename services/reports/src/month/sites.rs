//! From which kind of 拠点 a call came.

use super::counted::CountedMonth;
use super::data::MonthCall;
use super::site_kind::SiteKind;

/// By what its ticket says of who asked, else by the number that called.
pub(super) fn kind_of(call: &MonthCall, month: &CountedMonth<'_>) -> SiteKind {
    let ticket = month.first_ticket(call);
    let asked = ticket.map(|ticket| ticket.fields.requester.site.as_str());
    let by_ticket = asked.filter(|site| !site.is_empty());
    let by_number = call.site.as_deref();
    SiteKind::of(by_ticket.or(by_number).unwrap_or_default())
}
