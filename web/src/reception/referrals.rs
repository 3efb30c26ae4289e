//! 部署の案内先 beside the form: whom a caller is sent to with what the desk does not answer.

use madoguchi_core::department::{DEPARTMENT, Department};

use super::form::ReceptionForm;
use crate::error::WebError;
use crate::state::Web;

/// A 部署 that callers are referred to.
pub(super) struct Referral {
    pub(super) id: String,
    pub(super) department: Department,
    /// What the caller is told.
    pub(super) text: String,
}

/// All of them, by name; without the database none can be told.
pub(super) async fn referrals(web: &Web) -> Result<Vec<Referral>, WebError> {
    let kept = match web.ask(web.store.list_settings(DEPARTMENT)).await {
        Err(error) if error.is_away() => Vec::new(),
        kept => kept?,
    };
    let referrals = kept.into_iter().filter_map(|kept| {
        let department: Department = serde_json::from_str(kept.data.as_deref()?).ok()?;
        Some(Referral {
            id: kept.id,
            text: in_words(&department),
            department,
        })
    });
    let mut referrals: Vec<_> = referrals.collect();
    referrals.sort_by(|one, other| one.department.name.cmp(&other.department.name));
    Ok(referrals)
}

/// Puts into the answer whom the caller is sent to; whether there is such a 部署.
pub(super) async fn add(web: &Web, form: &mut ReceptionForm, id: &str) -> Result<bool, WebError> {
    let referrals = referrals(web).await?;
    let chosen = referrals.iter().find(|referral| referral.id == id);
    if let Some(referral) = chosen {
        form.add_answer(&referral.text);
    }
    Ok(chosen.is_some())
}

fn in_words(department: &Department) -> String {
    let Department {
        name,
        number,
        hours,
        ..
    } = department;
    let hours = match hours.trim() {
        "" => String::new(),
        hours => format!("、受付時間 {hours}"),
    };
    format!("{name}(電話 {number}{hours})にお問い合わせください。")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caller_is_told_whom_to_call_and_when() {
        let mut department = Department {
            name: "給与課".to_owned(),
            number: "03-1111-2222".to_owned(),
            ..Department::default()
        };
        let told = "給与課(電話 03-1111-2222)にお問い合わせください。";
        assert_eq!(in_words(&department), told);
        department.hours = "平日9時から17時まで".to_owned();
        let told =
            "給与課(電話 03-1111-2222、受付時間 平日9時から17時まで)にお問い合わせください。";
        assert_eq!(in_words(&department), told);
    }
}
