//! The FAQ portal of the staff. Within its networks nobody needs an account.

pub(crate) mod article;
mod browser;
pub(crate) mod categories;
mod category;
mod contact;
mod feed;
mod feedback;
pub(crate) mod finding;
mod gone;
mod history;
mod home;
pub(crate) mod notices;
pub(crate) mod popular;

use crate::auth::routes::Routes;
use crate::feature::Feature;

pub(crate) const FEATURE: Feature = Feature::new(routes)
    .messages(&[
        ("helped", "ご意見を受け付けました。ありがとうございます。"),
        ("not-helped", "ご意見を受け付けました。FAQの見直しに役立てます。解決していないときは、窓口に問い合わせてください。"),
        ("inquiry", "問合せを受け付けました。窓口から、入力された電話番号に連絡します。"),
    ]);

fn routes() -> Routes {
    Routes::new()
        .get("/faq", home::page)
        .get("/faq/results", home::results)
        .get("/faq/suggest", home::suggest)
        .get("/faq/history", history::page)
        .get("/faq/contact", contact::page)
        .post("/faq/contact", contact::send)
        .get("/faq/feed.xml", feed::feed)
        .get("/sitemap.xml", feed::sitemap)
        .get("/faq/category/{id}", category::page)
        .get("/faq/{id}", article::page)
        .get("/faq/{id}/files/{hash}", article::file)
        .post("/faq/{id}/feedback", feedback::give)
}
