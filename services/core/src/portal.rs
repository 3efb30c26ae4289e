//! The FAQ portal: sites of the staff, notices, what is learnt from readers.

mod access;
mod deflection;
mod inquiry;
mod notice;
mod receipt;
mod retention;
mod sites;

pub use self::access::{AccessFigures, ArticleAccess, PlaceAccess, Used};
pub use self::deflection::{Deflection, SiteCall, SiteRead, Weeks, deflection_by_week};
pub use self::inquiry::{INQUIRY_FORM_LETTERS, INQUIRY_LETTERS, Inquiry};
pub use self::notice::{
    EVERYBODY, NOTICE, NOTICE_BODY_LETTERS, NOTICE_TITLE_LETTERS, Notice, NoticeKind,
};
pub use self::receipt::ReceiptNumber;
pub use self::retention::{LOG_DAYS_AT_LEAST, LogRetention, LogRetentionFault, PORTAL_RETENTION};
pub use self::sites::{Site, SiteFault, Sites};
use crate::normal::normal_text;

/// Of what was looked for, so many letters are kept.
pub const QUERY_LETTERS: usize = 200;

/// The longest comment on an article.
pub const COMMENT_LETTERS: usize = 1_000;

/// What was typed, in one form however it was typed: widths, cases and blanks do not count.
pub fn normal_query(typed: &str) -> String {
    normal_text(typed, QUERY_LETTERS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_query_in_all_its_spellings() {
        for typed in ["パスワード VPN", "ﾊﾟｽﾜｰﾄﾞ　ｖｐｎ ", "\tパスワード\u{0}Vpn"]
        {
            assert_eq!(normal_query(typed), "パスワード vpn", "{typed}");
        }
        assert_eq!(normal_query(" 　"), "");
        // A letter that unfolds into many stays within the limit.
        assert_eq!(normal_query(&"\u{fdfa}".repeat(300)).chars().count(), 200);
    }
}
