//! PostgreSQL over TLS, with a server that takes nothing else.

use madoguchi_store::testing::PostgresServer;
use madoguchi_store::{Fault, Store};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};

/// An authority of our own, and its certificate.
fn authority() -> (Issuer<'static, KeyPair>, String) {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
        .distinguished_name
        .push(DnType::CommonName, "authority");
    let key = KeyPair::generate().unwrap();
    let certificate = params.self_signed(&key).unwrap().pem();
    (Issuer::new(params, key), certificate)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgresql_is_reached_over_tls_and_must_prove_who_it_is() {
    let ((ours, our_certificate), (_, other)) = (authority(), authority());
    let key = KeyPair::generate().unwrap();
    let server = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    let certificate = server.signed_by(&key, &ours).unwrap().pem();
    let dir = tempfile::tempdir().unwrap();
    let (trusted, wrong) = (dir.path().join("ca.pem"), dir.path().join("other.pem"));
    std::fs::write(&trusted, our_certificate).unwrap();
    std::fs::write(&wrong, other).unwrap();
    let key = key.serialize_pem();
    let started =
        tokio::task::spawn_blocking(move || PostgresServer::start_with_tls(&certificate, &key));
    let server = started.await.unwrap().unwrap();
    let address = server.new_database().await.unwrap();
    let open = async |mode: &str, root: &std::path::Path| {
        let address = format!("{address}?sslmode={mode}&sslrootcert={}", root.display());
        match Store::open(&address).await {
            Ok(store) => {
                store.close().await;
                None
            }
            Err(error) => Some(error.fault().expect("a cause that an operator can mend")),
        }
    };
    assert_eq!(open("verify-full", &trusted).await, None);
    assert_eq!(open("verify-ca", &trusted).await, None);
    assert_eq!(open("verify-full", &wrong).await, Some(Fault::Tls));
    let plain = format!("{address}?sslmode=disable");
    let refused = Store::open(&plain).await.unwrap_err();
    assert_eq!(refused.fault(), Some(Fault::Unauthorised));
    // Another name than the certificate's.
    let elsewhere = address.replace("127.0.0.1", "localhost");
    let root = trusted.display();
    let misled = format!("{elsewhere}?sslmode=verify-full&sslrootcert={root}");
    let refused = Store::open(&misled).await.unwrap_err();
    assert_eq!(refused.fault(), Some(Fault::Tls));
}
