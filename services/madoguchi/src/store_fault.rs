//! What an operator is told of a database that cannot be used: what it is, and what to do.

use madoguchi_store::{Fault, StoreError};

/// Of a cause.
pub(crate) fn remedy(fault: Fault) -> &'static str {
    match fault {
        Fault::Unreachable => {
            "データベースに接続できません。データベースが動いているか、アドレス(store.url)、網、ファイルの場所と権限を確認してください"
        }
        Fault::Unauthorised => {
            "データベースが接続を認めません。利用者名、パスワード、権限を確認してください"
        }
        Fault::Unknown => {
            "データベースのサーバーに、その名前のデータベースがありません。名前を確認するか、データベースを作成してください"
        }
        Fault::Tls => {
            "データベースとの通信を暗号化できません。store.url の sslmode と sslrootcert、サーバーの証明書を確認してください"
        }
        Fault::DiskFull => {
            "データベースのディスクに空きがありません。空きを作ってください。空きができると、自動で書き込みを再開します"
        }
        Fault::Damaged => {
            "データベースが壊れています。バックアップから復元してください(madoguchi restore)"
        }
        Fault::ReadOnly => {
            "データベースに書き込めません。ファイルの権限、または書込みを禁じる設定を確認してください"
        }
        Fault::Missing => {
            "以前あったデータベースがないか、空になっています。新しいデータベースは作りません。バックアップから復元してください(madoguchi restore)。復元できないときだけ、madoguchi forget database を実行すると、次の開始で新しく作ります"
        }
        Fault::Busy => {
            "データベースの応答がありません。ほかの処理が使い続けていないか、負荷を確認してください"
        }
        Fault::Io => {
            "データベースのディスクの読み書きに失敗しました。ディスクの状態を確認してください"
        }
        Fault::Newer => {
            "データベースは、より新しい版のプログラムが使っていました。新しい版のプログラムを使うか、更新前のバックアップから復元してください"
        }
        _ => "データベースを使えません。ログを確認してください",
    }
}

/// Of an error: the remedy, and what the database said.
pub(crate) fn told(error: &StoreError) -> String {
    match error.fault() {
        Some(fault) => format!("{}({error})", remedy(fault)),
        None => format!("データベースを使えません({error})"),
    }
}
