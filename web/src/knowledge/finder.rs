//! Searches of the desk.

use madoguchi_core::access::Permission;
use madoguchi_kb::Viewer;

use crate::auth::visitor::Visitor;
use crate::portal::finding::Finder;
use crate::state::Web;

/// The entry of the menu.
pub(super) const HERE: &str = "/knowledge";

pub(crate) fn finder<'a>(web: &'a Web, visitor: &Visitor) -> Finder<'a> {
    let sites = &web.settings.portal.sites;
    Finder {
        web,
        viewer: Viewer::Desk,
        site: sites.of_address(visitor.origin.address).map(str::to_owned),
        user: Some(visitor.user.id.clone()),
        sees_tickets: visitor.permissions.contains(Permission::HandleTickets),
    }
}
