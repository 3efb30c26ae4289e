//! Looks a desk over, running or not, and tells what is to be done about what it finds.

mod machine;
mod places;

use std::path::Path;

use madoguchi_core::clock::{Clock as _, SystemClock};
use madoguchi_store::{Expected, Store, Transport, journal};
use serde::Serialize;

use crate::config::Config;
use crate::installation::{Installation, mark_of};
use crate::{key, store_fault};

/// How it stands with one thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Health {
    /// As it should be.
    Good,
    /// It works; somebody should look at it.
    Attention,
    /// It does not work, or will soon not.
    Bad,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Finding {
    pub(crate) subject: &'static str,
    pub(crate) health: Health,
    /// What was found.
    pub(crate) found: String,
    /// What to do; nothing if it is good.
    pub(crate) remedy: String,
}

impl Finding {
    fn good(subject: &'static str, found: impl Into<String>) -> Self {
        Self {
            subject,
            health: Health::Good,
            found: found.into(),
            remedy: String::new(),
        }
    }

    fn attention(
        subject: &'static str,
        found: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self {
            health: Health::Attention,
            remedy: remedy.into(),
            ..Self::good(subject, found)
        }
    }

    fn bad(subject: &'static str, found: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            health: Health::Bad,
            remedy: remedy.into(),
            ..Self::good(subject, found)
        }
    }
}

/// Looks everything over. Nothing is changed but one row of the database, which is written to see
/// whether it can be.
pub(crate) async fn examine(
    config: &Config,
    config_file: Option<&Path>,
    data_dir: &Path,
) -> Vec<Finding> {
    let now = SystemClock.now();
    let running = journal::inspect(&data_dir.join("journal")).is_ok_and(|found| found.in_use);
    let mut findings = vec![if running {
        Finding::good("動作", "窓口は動いています")
    } else {
        Finding::attention(
            "動作",
            "窓口は動いていません",
            "動いているはずのときは、開始して(systemctl start madoguchi)、ログを確認してください",
        )
    }];
    findings.extend(database(config, data_dir).await);
    findings.push(journal_of(data_dir, running));
    findings.push(seal_key(config, data_dir));
    findings.push(places::index(data_dir).await);
    findings.push(places::modes(data_dir, config_file));
    findings.push(places::disk_space(data_dir));
    findings.push(machine::descriptors(config));
    findings.extend(machine::ports(config, running));
    findings.extend(machine::clock(data_dir, now).await);
    findings.extend(machine::certificates(config, now));
    findings.extend(machine::encryption(config));
    findings.extend(scanner(config).await);
    findings
}

async fn database(config: &Config, data_dir: &Path) -> Vec<Finding> {
    const SUBJECT: &str = "データベース";
    let url = match config.store_url(data_dir) {
        Ok(url) => url,
        Err(error) => {
            let remedy = "設定の [store] を直してください";
            return vec![Finding::bad(SUBJECT, error.to_string(), remedy)];
        }
    };
    let mut findings = Vec::new();
    match Transport::of(&url) {
        Some(Transport::Plain) => findings.push(Finding::bad(
            "データベースとの通信",
            "ほかの機械のデータベースと、暗号化せずに通信する設定です",
            "store.url に ?sslmode=verify-full&sslrootcert=認証局の証明書 を加えてください",
        )),
        Some(Transport::Unverified) => findings.push(Finding::attention(
            "データベースとの通信",
            "暗号化していますが、相手を確かめていません",
            "store.url の sslmode を verify-full にし、sslrootcert に認証局の証明書を書いてください",
        )),
        Some(Transport::Verified | Transport::Local) | None => {}
    }
    let expected = Installation::load(data_dir)
        .map_or(Expected::Existing, |known| known.expected(&url, data_dir));
    let new = Store::file_at(&url).is_some_and(|file| !file.exists());
    if new && expected == Expected::Anything {
        findings.push(Finding::good(
            SUBJECT,
            "まだありません。最初の開始で作ります",
        ));
        return findings;
    }
    let checked = async {
        let store = Store::prepare(&url, Expected::Existing)?;
        let checked = async {
            store.check_integrity().await?;
            store.check_write("doctor", SystemClock.now()).await
        };
        let checked = checked.await;
        store.close().await;
        checked
    };
    findings.push(match checked.await {
        Ok(()) => Finding::good(SUBJECT, "読み書きでき、壊れた箇所はありません"),
        Err(error) => {
            let remedy = error
                .fault()
                .map_or("ログを確認してください", store_fault::remedy);
            Finding::bad(SUBJECT, error.to_string(), remedy)
        }
    });
    findings
}

/// Whether files can be looked through for viruses, if they are to be.
async fn scanner(config: &Config) -> Option<Finding> {
    const SUBJECT: &str = "ウイルス検査(clamd)";
    let scanner = match config.attachments.scanner() {
        Ok(scanner) => scanner?,
        Err(error) => {
            let remedy = "設定の attachments.clamd を直してください";
            return Some(Finding::bad(SUBJECT, error.to_string(), remedy));
        }
    };
    Some(match scanner.version().await {
        Ok(version) => Finding::good(SUBJECT, version),
        Err(error) => Finding::bad(
            SUBJECT,
            format!("{scanner} に接続できません: {error}"),
            "clamd が動いているか(systemctl status clamav-daemon)、ソケットに接続する権限があるかを確認してください。接続できない間、添付を受け付けません",
        ),
    })
}

fn journal_of(data_dir: &Path, running: bool) -> Finding {
    const SUBJECT: &str = "記録ファイル(journal)";
    /// So many undelivered events are no short delay any more.
    const MANY: u64 = 10_000;
    let dir = data_dir.join("journal");
    if !dir.is_dir() {
        return Finding::good(SUBJECT, "まだありません。最初の開始で作ります");
    }
    match journal::inspect(&dir) {
        Err(error) => Finding::bad(
            SUBJECT,
            error.to_string(),
            "ディスクの状態と、ファイルの所有者を確認してください",
        ),
        Ok(found) if found.damaged > 0 => Finding::bad(
            SUBJECT,
            format!("壊れた記録が{}件あります", found.damaged),
            "ディスクの状態を確認してください。壊れた記録は読み飛ばし、ほかの記録は保存します",
        ),
        Ok(found) if running && found.undelivered > MANY => Finding::bad(
            SUBJECT,
            format!(
                "データベースに保存していない記録が{}件あります",
                found.undelivered
            ),
            "データベースの状態を確認してください。復旧すると、自動で保存します",
        ),
        Ok(found) if !running && found.undelivered > 0 => Finding::attention(
            SUBJECT,
            format!(
                "データベースに保存していない記録が{}件あります",
                found.undelivered
            ),
            "次の開始で保存します。消さないでください",
        ),
        Ok(_) => Finding::good(SUBJECT, "壊れた記録はありません"),
    }
}

fn seal_key(config: &Config, data_dir: &Path) -> Finding {
    const SUBJECT: &str = "鍵(web.key)";
    let known = match Installation::load(data_dir) {
        Ok(known) => known,
        Err(error) => {
            let remedy = "バックアップから戻してください";
            return Finding::bad(SUBJECT, format!("{error:#}"), remedy);
        }
    };
    let file = key::path(config.web.key_file.as_deref(), data_dir);
    let Some(mark) = known.key_mark else {
        return Finding::good(SUBJECT, "まだ使われていません");
    };
    match std::fs::read(&file)
        .ok()
        .and_then(|key| key.try_into().ok())
    {
        Some(key) if mark_of(&key) == mark => Finding::good(SUBJECT, "以前と同じ鍵です"),
        Some(_) => Finding::bad(
            SUBJECT,
            "以前と違う鍵です",
            "以前の鍵を、バックアップか、同じデータベースを使うほかの機械から戻してください",
        ),
        None => Finding::bad(
            SUBJECT,
            format!("{} がないか、壊れています", file.display()),
            "バックアップか、同じデータベースを使うほかの機械から戻してください",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn health(findings: &[Finding], subject: &str) -> Option<Health> {
        let found = findings.iter().find(|finding| finding.subject == subject);
        found.map(|finding| finding.health)
    }

    fn config() -> Config {
        let mut config = Config::default();
        config.sip.listen = vec!["udp://127.0.0.1:0".to_owned()];
        config.web.listen = "127.0.0.1:0".parse().unwrap();
        config
    }

    #[tokio::test]
    async fn a_new_desk_is_well_and_each_fault_has_its_remedy() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        crate::private_file::create_dir_all(&data).unwrap();
        let config = config();
        let findings = examine(&config, None, &data).await;
        for finding in &findings {
            let bad = finding.health == Health::Bad;
            assert!(!bad || finding.subject == "ディスクの空き", "{finding:?}");
        }
        // A desk that has worked, and lost this and that.
        let url = config.store_url(&data).unwrap();
        let store = Store::open(&url).await.unwrap();
        let key = key::load(None, &data, false).unwrap();
        let mut known = Installation::default();
        known.remember(&store, &key, &data).await.unwrap();
        store.close().await;
        let findings = examine(&config, None, &data).await;
        assert_eq!(health(&findings, "データベース"), Some(Health::Good));
        assert_eq!(health(&findings, "鍵(web.key)"), Some(Health::Good));
        std::fs::write(data.join("madoguchi.sqlite"), "no database".repeat(900)).unwrap();
        std::fs::write(data.join("web.key"), [7; 32]).unwrap();
        let loose = std::os::unix::fs::PermissionsExt::from_mode(0o644);
        std::fs::set_permissions(data.join("web.key"), loose).unwrap();
        let findings = examine(&config, None, &data).await;
        for subject in ["データベース", "鍵(web.key)", "ファイルの権限"] {
            assert_eq!(health(&findings, subject), Some(Health::Bad), "{subject}");
        }
        for finding in findings {
            let told = !finding.remedy.is_empty();
            assert_eq!(told, finding.health != Health::Good, "{finding:?}");
        }
    }
}
