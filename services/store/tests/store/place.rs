//! A fresh database of each kind, gone after the test.

use std::sync::Arc;

use madoguchi_store::Store;
use madoguchi_store::testing::PostgresServer;
use tempfile::TempDir;

/// Where a test's database lives.
pub(crate) struct Place {
    pub(crate) address: String,
    _keeps: Keeps,
}

enum Keeps {
    Nothing,
    Dir { _dir: TempDir },
    Server { _server: Arc<PostgresServer> },
}

impl Place {
    pub(crate) async fn sqlite_file() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let address = format!("sqlite://{}/desk.db", dir.path().display());
        Self {
            address,
            _keeps: Keeps::Dir { _dir: dir },
        }
    }

    pub(crate) async fn sqlite_memory() -> Self {
        Self {
            address: "sqlite::memory:".into(),
            _keeps: Keeps::Nothing,
        }
    }

    pub(crate) async fn postgres() -> Self {
        let server = tokio::task::spawn_blocking(PostgresServer::shared)
            .await
            .unwrap();
        let server = server.expect("a PostgreSQL server for the tests");
        let address = server.new_database().await.unwrap();
        Self {
            address,
            _keeps: Keeps::Server { _server: server },
        }
    }

    pub(crate) async fn open(&self) -> Store {
        Store::open(&self.address).await.unwrap()
    }
}

/// Makes a test of each named `async fn(Place)` for each kind of database given.
macro_rules! on_databases {
    ([$($kind:ident),+] $tests:tt) => {
        $(on_databases!(@kind $kind $tests);)+
    };
    (@kind $kind:ident [$($test:ident),+ $(,)?]) => {
        mod $kind {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $test() {
                    super::$test($crate::place::Place::$kind().await).await;
                }
            )+
        }
    };
}
pub(crate) use on_databases;
