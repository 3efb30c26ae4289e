//! Files and directories: the search index, who may read what, and the room that is left.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use madoguchi_kb::Knowledge;

use super::Finding;

/// Less room than this is no room for a day of work.
const FREE_BYTES_BAD: u64 = 200 << 20;
const FREE_BYTES_ATTENTION: u64 = 2 << 30;

pub(super) async fn index(data_dir: &Path) -> Finding {
    const SUBJECT: &str = "検索の索引";
    let folder = data_dir.join("knowledge");
    if !folder.is_dir() {
        return Finding::good(SUBJECT, "まだありません。動きだすと作ります");
    }
    match tokio::task::spawn_blocking(move || Knowledge::check(&folder)).await {
        Ok(Ok(())) => Finding::good(SUBJECT, "壊れた箇所はありません"),
        Ok(Err(error)) => damaged(SUBJECT, &error.to_string()),
        Err(error) => damaged(SUBJECT, &error.to_string()),
    }
}

fn damaged(subject: &'static str, found: &str) -> Finding {
    Finding::attention(
        subject,
        found,
        "次の開始で、自動で作り直します。すぐに作り直すには、窓口を止めて madoguchi kb rebuild を実行してください",
    )
}

/// Whether others of this machine can read what is the desk's.
pub(super) fn modes(data_dir: &Path, config_file: Option<&Path>) -> Finding {
    const SUBJECT: &str = "ファイルの権限";
    let mut open = Vec::new();
    look_for_open(data_dir, &mut open);
    if let Some(file) = config_file
        && std::fs::metadata(file).is_ok_and(|found| found.permissions().mode() & 0o007 != 0)
    {
        open.push(file.to_owned());
    }
    let Some(first) = open.first() else {
        return Finding::good(SUBJECT, "ほかの利用者は読めません");
    };
    Finding::bad(
        SUBJECT,
        format!(
            "ほかの利用者が読める場所が{}か所あります({} など)",
            open.len(),
            first.display()
        ),
        "データディレクトリは、次の開始で自動で直します。設定ファイルは chmod 640 とし、所有者とグループを確認してください",
    )
}

fn look_for_open(path: &Path, open: &mut Vec<PathBuf>) {
    let Ok(found) = std::fs::symlink_metadata(path) else {
        return;
    };
    if found.file_type().is_symlink() {
        return;
    }
    if found.permissions().mode() & 0o077 != 0 {
        open.push(path.to_owned());
    }
    if found.is_dir() {
        for entry in std::fs::read_dir(path).into_iter().flatten().flatten() {
            look_for_open(&entry.path(), open);
        }
    }
}

pub(super) fn disk_space(data_dir: &Path) -> Finding {
    const SUBJECT: &str = "ディスクの空き";
    // The place where it will be made, if it is not there.
    let place = data_dir.ancestors().find(|place| place.exists());
    let place = place.unwrap_or(Path::new("/"));
    let free = match rustix::fs::statvfs(place) {
        Ok(found) => found.f_bavail.saturating_mul(found.f_frsize),
        Err(error) => {
            let remedy = "データディレクトリの場所と権限を確認してください";
            return Finding::bad(SUBJECT, error.to_string(), remedy);
        }
    };
    let found = format!("{}MB空いています", free >> 20);
    let remedy = "空きを作ってください。いっぱいになると、記録がメモリにだけ残ります";
    if free < FREE_BYTES_BAD {
        Finding::bad(SUBJECT, found, remedy)
    } else if free < FREE_BYTES_ATTENTION {
        Finding::attention(SUBJECT, found, remedy)
    } else {
        Finding::good(SUBJECT, found)
    }
}
