//! Whom the sample desk hands matters on to, and whom it refers callers to.

use madoguchi_core::audit::Action;
use madoguchi_core::department::{DEPARTMENT, Department};
use madoguchi_core::time::Instant;
use madoguchi_core::vendor::{VENDOR, Vendor, VendorKind};
use madoguchi_store::{Store, StoreError};

use super::settings::keep_setting;

const VENDORS: [(&str, &str, VendorKind); 6] = [
    ("ryohi", "旅費システム保守", VendorKind::Application),
    ("jinji", "人事・給与システム保守", VendorKind::Application),
    ("hardware", "サーバー保守", VendorKind::Hardware),
    (
        "virtualisation",
        "仮想化基盤保守",
        VendorKind::Virtualisation,
    ),
    ("terminals", "端末設備保守", VendorKind::Terminals),
    ("network", "回線保守", VendorKind::Network),
];

const DEPARTMENTS: [(&str, &str, &str, &str); 4] = [
    ("soumu", "総務部 庶務係", "備品、会議室、郵便", "内線 7001"),
    (
        "jinji",
        "人事部 服務係",
        "休暇と勤務時間の制度",
        "内線 7002",
    ),
    ("kaikei", "経理部 出納係", "支払の時期、口座", "内線 7003"),
    (
        "jouhou",
        "情報部 端末係",
        "端末の貸出し、入館証",
        "内線 7004",
    ),
];

/// Writes them, if there is none yet.
pub(super) async fn add(store: &Store, now: Instant) -> Result<(), StoreError> {
    for (id, name, kind) in VENDORS {
        let vendor = vendor(name, kind);
        let record = (VENDOR, id, Action::VendorChange);
        keep_setting(store, record, name, &vendor, now).await?;
    }
    for (id, name, answers, number) in DEPARTMENTS {
        let department = department(name, answers, number);
        let record = (DEPARTMENT, id, Action::DepartmentChange);
        keep_setting(store, record, name, &department, now).await?;
    }
    Ok(())
}

fn vendor(name: &str, kind: VendorKind) -> Vendor {
    Vendor {
        name: name.to_owned(),
        kind,
        ..Vendor::default()
    }
}

fn department(name: &str, answers: &str, number: &str) -> Department {
    Department {
        name: name.to_owned(),
        answers: answers.to_owned(),
        number: number.to_owned(),
        hours: "平日 8:30〜17:15".to_owned(),
        note: String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_directories_are_such_as_a_screen_takes() {
        for (id, name, kind) in VENDORS {
            assert!(vendor(name, kind).faults().is_empty(), "{id}");
        }
        for (id, name, answers, number) in DEPARTMENTS {
            assert!(
                department(name, answers, number).faults().is_empty(),
                "{id}"
            );
        }
    }
}
