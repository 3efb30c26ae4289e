//! Why an address cannot be listened at, in words that say what to do about it.

use std::io::{Error, ErrorKind};
use std::net::SocketAddr;

/// What is listened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Service {
    Pages,
    Sip,
}

/// What to tell the operator; of a demonstration, whose ports the command names.
pub(crate) fn fault(service: Service, addr: SocketAddr, error: &Error, demo: bool) -> String {
    let what = match service {
        Service::Pages => "画面用",
        Service::Sip => "電話(SIP)用",
    };
    let why = match error.kind() {
        ErrorKind::AddrInUse => "ほかのプログラムが、このポートを使っています".to_owned(),
        ErrorKind::PermissionDenied => "このポートを使う権限がありません".to_owned(),
        ErrorKind::AddrNotAvailable => "このコンピューターのアドレスではありません".to_owned(),
        _ => error.raw_os_error().map_or_else(
            || "システムが断りました".to_owned(),
            |code| format!("システムのエラー番号は{code}です"),
        ),
    };
    let remedy = match (service, demo) {
        (Service::Pages, true) => "--web-port で、別の番号を指定してください",
        (Service::Sip, true) => "--sip-port で、別の番号を指定してください",
        (Service::Pages, false) => "設定「web.listen」を確認してください",
        (Service::Sip, false) => "設定「sip.listen」を確認してください",
    };
    format!("{what}のアドレス {addr} で待ち受けられません。{why}。{remedy}。")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_that_is_taken_is_told_with_what_to_do_and_without_the_systems_words() {
        let taken = Error::from(ErrorKind::AddrInUse);
        let addr = SocketAddr::from(([127, 0, 0, 1], 8080));
        assert_eq!(
            fault(Service::Pages, addr, &taken, true),
            "画面用のアドレス 127.0.0.1:8080 で待ち受けられません。ほかのプログラムが、このポートを\
             使っています。--web-port で、別の番号を指定してください。"
        );
        assert!(fault(Service::Sip, addr, &taken, true).contains("--sip-port"));
        assert!(fault(Service::Sip, addr, &taken, false).contains("「sip.listen」"));
        let strange = Error::from_raw_os_error(24);
        assert!(fault(Service::Pages, addr, &strange, false).contains("エラー番号は24です"));
    }
}
