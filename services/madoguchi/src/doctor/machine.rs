//! What the machine gives: descriptors, ports, the time, and the certificate of the pages.

use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::path::Path;

use anyhow::Context as _;
use madoguchi_core::time::{Instant, Millis};
use madoguchi_endpoint::settings::Transport;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

use super::Finding;
use crate::clock_watch;
use crate::config::Config;

/// What the desk needs besides the sockets of calls: files, database, pages.
const OTHER_DESCRIPTORS: u64 = 512;
/// A certificate that ends sooner should be renewed now.
const RENEW_WITHIN: Millis = Millis::from_secs(21 * 86_400);
/// A jump of the clock that is not longer ago is told.
const JUMP_TOLD_FOR: Millis = Millis::from_secs(7 * 86_400);

pub(super) fn descriptors(config: &Config) -> Finding {
    const SUBJECT: &str = "ファイル記述子";
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    // The program raises its own limit up to the highest that it is given.
    let most = limit.maximum.or(limit.current).unwrap_or(u64::MAX);
    let ports = u64::from(
        config
            .media
            .last_port
            .saturating_sub(config.media.first_port),
    ) + 1;
    let needed = ports + OTHER_DESCRIPTORS;
    if most >= needed {
        return Finding::good(SUBJECT, format!("{most}個まで使えます"));
    }
    Finding::attention(
        SUBJECT,
        format!("{most}個までで、すべての音声のポートを使うには{needed}個必要です"),
        "systemd のユニットの LimitNOFILE を大きくしてください",
    )
}

pub(super) fn ports(config: &Config, running: bool) -> Vec<Finding> {
    const SUBJECT: &str = "ポート";
    if running {
        return vec![Finding::good(SUBJECT, "動いている窓口が使っています")];
    }
    let mut taken = Vec::new();
    let mut try_tcp = |addr: SocketAddr| {
        if let Err(error) = TcpListener::bind(addr) {
            taken.push(format!("TCP {addr}: {error}"));
        }
    };
    try_tcp(config.web.listen);
    let listens = match config.endpoint_settings([0; 32]) {
        Ok(settings) => settings.listen,
        Err(error) => {
            let remedy = "設定の sip.listen を直してください";
            return vec![Finding::bad(SUBJECT, error.to_string(), remedy)];
        }
    };
    for listen in listens {
        match listen.transport {
            Transport::Udp => {
                if let Err(error) = UdpSocket::bind(listen.addr) {
                    taken.push(format!("UDP {}: {error}", listen.addr));
                }
            }
            Transport::Tcp | Transport::Tls => {
                if let Err(error) = TcpListener::bind(listen.addr) {
                    taken.push(format!("TCP {}: {error}", listen.addr));
                }
            }
        }
    }
    if taken.is_empty() {
        return vec![Finding::good(SUBJECT, "待受けのポートは空いています")];
    }
    vec![Finding::bad(
        SUBJECT,
        taken.join("、"),
        "ほかのプログラムが使っていないか(ss -lntup)、アドレスがこの機械のものかを確認してください",
    )]
}

pub(super) async fn clock(data_dir: &Path, now: Instant) -> Vec<Finding> {
    const SUBJECT: &str = "時計";
    let mut findings = Vec::new();
    if let Some(jump) = clock_watch::last_jump(data_dir)
        && now - jump.at < JUMP_TOLD_FOR
    {
        findings.push(Finding::attention(
            SUBJECT,
            format!(
                "{} に、時計が{}秒変えられました",
                jump.at.to_rfc3339(),
                jump.by.0 / 1_000
            ),
            "時刻の同期(NTP)を確認してください。通話の長さは、時計が変わっても正しく数えています",
        ));
    }
    let asked = tokio::process::Command::new("timedatectl")
        .args(["show", "--property=NTPSynchronized", "--value"])
        .output()
        .await;
    let said = asked.ok().filter(|output| output.status.success());
    let said = said.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    findings.push(match said.as_deref() {
        Some("yes") => Finding::good(SUBJECT, "時刻は同期しています"),
        Some("no") => Finding::attention(
            SUBJECT,
            "時刻が同期していません",
            "時刻の同期(NTP)を始めてください(timedatectl set-ntp true)",
        ),
        // Containers and machines without systemd have another keeper of the time.
        _ => Finding::good(SUBJECT, "この機械では、同期の状態を確認できません"),
    });
    findings
}

/// Of pages and telephones, and those that are shown to trunks.
pub(super) fn certificates(config: &Config, now: Instant) -> Vec<Finding> {
    let pages = config.web.certificate.iter();
    let pages = pages.map(|file| ("画面の証明書", "web.certificate", file));
    let phones = config.sip.certificate.iter();
    let phones = phones.map(|file| ("電話の証明書", "sip.certificate", file));
    let trunks = config.trunks.iter().filter_map(|trunk| {
        let file = trunk.tls.as_ref()?.certificate.as_ref()?;
        Some(("外線に示す証明書", "trunk の tls.certificate", file))
    });
    let all = pages.chain(phones).chain(trunks);
    all.map(|(subject, key, file)| certificate(subject, key, file, now))
        .collect()
}

/// Whether the files of SIP can be used: that keys fit certificates, and who vouches for trunks.
pub(super) fn encryption(config: &Config) -> Option<Finding> {
    const SUBJECT: &str = "電話の暗号化";
    let found = config.certificate_fault()?;
    let remedy = "証明書と秘密鍵のファイルの中身(PEM)、組合せ、権限を確認してください";
    Some(Finding::bad(SUBJECT, found, remedy))
}

fn certificate(subject: &'static str, key: &str, file: &Path, now: Instant) -> Finding {
    const REMEDY: &str =
        "証明書を更新し、同じ名前のファイルに置き換えてください。再起動は要りません";
    let ends = match ends_at(file) {
        Ok(ends) => ends,
        Err(error) => {
            let remedy = format!("設定の {key} と、ファイルの中身(PEM)、権限を確認してください");
            return Finding::bad(subject, format!("{error:#}"), remedy);
        }
    };
    let found = format!("{} まで有効です", ends.to_rfc3339());
    if ends <= now {
        let found = format!("{} に期限が切れました", ends.to_rfc3339());
        Finding::bad(subject, found, REMEDY)
    } else if ends - now < RENEW_WITHIN {
        Finding::attention(subject, found, REMEDY)
    } else {
        Finding::good(subject, found)
    }
}

/// When the first certificate of a file ends.
fn ends_at(file: &Path) -> anyhow::Result<Instant> {
    let der = CertificateDer::from_pem_file(file)
        .map_err(|error| anyhow::anyhow!("{} を読めません: {error}", file.display()))?;
    let (_, certificate) = x509_parser::parse_x509_certificate(&der)
        .ok()
        .with_context(|| format!("{} は証明書ではありません", file.display()))?;
    let ends = certificate.validity().not_after.timestamp();
    Ok(Instant(ends.saturating_mul(1_000)))
}
