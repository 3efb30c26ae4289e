//! Both sides against each other, and against the examples of the standards.

use std::net::IpAddr;

use super::client::NONCES_AT_MOST;
use super::credentials::{read_nonce_count, response};
use super::*;

const SECRET: [u8; 32] = [7; 32];

const URI: &str = "sip:5000@desk";

fn proof(password: &str) -> Proof<'_> {
    Proof {
        method: "INVITE",
        uri: URI,
        user: "201",
        password,
        cnonce: "c",
    }
}

fn credentials(algorithm: Algorithm, password: &str, now_ms: u64) -> Credentials {
    let challenge = challenge(algorithm, "desk", &SECRET, "salt", now_ms, false);
    let text = answer(&[&challenge], &mut ClientState::default(), proof(password)).unwrap();
    Credentials::parse(&text).unwrap()
}

/// The credentials after a change, with the response that the right password gives then.
fn changed(change: impl FnOnce(&mut Credentials)) -> Credentials {
    let mut given = credentials(Algorithm::Sha256, "right", 1_000);
    change(&mut given);
    let ha1 = Ha1::new(Algorithm::Sha256, "201", "desk", "right");
    given.response = response(Algorithm::Sha256, &ha1.hex, "INVITE", &given);
    given
}

fn check_for(given: &Credentials, uri: &str, offered: &[Algorithm], now_ms: u64) -> Verification {
    let verifier = Verifier {
        realm: "desk",
        offered,
        nonce_secret: &SECRET,
    };
    let secrets = Ha1::all("201", "desk", "right");
    verifier.verify(given, "INVITE", &uri.parse().unwrap(), &secrets, now_ms)
}

fn check(given: &Credentials, now_ms: u64) -> Verification {
    check_for(given, URI, &Algorithm::ALL, now_ms)
}

const VALID: Verification = Verification::Valid {
    nonce_made_at: 1_000,
    nonce_count: 1,
};

#[test]
fn the_right_password_is_known_by_either_hash_until_the_nonce_is_old() {
    for algorithm in Algorithm::ALL {
        let given = credentials(algorithm, "right", 1_000);
        assert_eq!(check(&given, 1_000), VALID);
        assert_eq!(
            check(&given, 1_000 + NONCE_LIFETIME_MS),
            Verification::Stale
        );
        assert_eq!(
            check(&credentials(algorithm, "wrong", 1_000), 1_000),
            Verification::Wrong
        );
    }
}

#[test]
fn a_nonce_of_somebody_else_is_stale() {
    let given = changed(|given| given.nonce = given.nonce.replace("salt", "pepper"));
    assert_eq!(check(&given, 1_000), Verification::Stale);
}

#[test]
fn a_hash_that_was_not_offered_proves_nothing() {
    let given = credentials(Algorithm::Md5, "right", 1_000);
    assert_eq!(check(&given, 1_000), VALID);
    let offered = [Algorithm::Sha256];
    assert_eq!(check_for(&given, URI, &offered, 1_000), Verification::Wrong);
    let given = credentials(Algorithm::Sha256, "right", 1_000);
    assert_eq!(check_for(&given, URI, &offered, 1_000), VALID);
}

#[test]
fn credentials_without_qop_or_count_or_with_auth_int_prove_nothing() {
    assert_eq!(check(&changed(|_| {}), 1_000), VALID);
    let changes: [fn(&mut Credentials); 6] = [
        |given| given.qop = None,
        |given| given.qop = Some("auth-int".to_owned()),
        |given| (given.nc, given.nonce_count) = (String::new(), None),
        |given| (given.nc, given.nonce_count) = ("1".to_owned(), read_nonce_count("1")),
        |given| {
            (given.nc, given.nonce_count) = ("00000000".to_owned(), read_nonce_count("00000000"));
        },
        |given| given.cnonce = String::new(),
    ];
    for change in changes {
        let given = changed(change);
        assert_eq!(check(&given, 1_000), Verification::Wrong, "{given:?}");
    }
}

#[test]
fn credentials_for_another_address_prove_nothing() {
    let given = credentials(Algorithm::Sha256, "right", 1_000);
    for same in [
        URI,
        "sip:5000@DESK:5060",
        "sip:5000@desk;transport=tcp",
        "sip:%35000@desk",
    ] {
        assert_eq!(
            check_for(&given, same, &Algorithm::ALL, 1_000),
            VALID,
            "{same}"
        );
    }
    for other in [
        "sip:5001@desk",
        "sip:5000@elsewhere",
        "sip:5000@desk:5070",
        "sips:5000@desk",
    ] {
        let found = check_for(&given, other, &Algorithm::ALL, 1_000);
        assert_eq!(found, Verification::Wrong, "{other}");
    }
    assert_eq!(
        check(&changed(|given| given.uri = "*".to_owned()), 1_000),
        Verification::Wrong
    );
}

#[test]
fn credentials_that_name_the_host_alone_are_believed() {
    let given = changed(|given| given.uri = "sip:desk:5060".to_owned());
    assert_eq!(check(&given, 1_000), VALID);
}

#[test]
fn the_user_part_of_the_address_means_nothing_in_register() {
    let given = credentials(Algorithm::Sha256, "right", 1_000);
    assert!(given.is_for("REGISTER", &"sip:desk".parse().unwrap()));
    assert!(!given.is_for("REGISTER", &"sip:other".parse().unwrap()));
}

#[test]
fn a_parameter_that_stands_twice_is_malformed() {
    let text = "Digest username=\"a\", realm=\"d\", nonce=\"n\", uri=\"sip:a\", response=\"r\"";
    assert!(Credentials::parse(text).is_ok());
    assert!(Credentials::parse(&format!("{text}, Username=\"b\"")).is_err());
}

/// The example of RFC 2617 section 3.5, and the same with SHA-256.
#[test]
fn the_example_of_the_standard_comes_out() {
    let expected = [
        (Algorithm::Md5, "6629fae49393a05397450978507c4ef1"),
        (
            Algorithm::Sha256,
            "5abdd07184ba512a22c53f41470e5eea7dcaa3a93a59b630c13dfe0a5dc6e38b",
        ),
    ];
    for (algorithm, expected) in expected {
        let challenge = format!(
            "Digest realm=\"testrealm@host.com\", qop=\"auth, auth-int\", algorithm={}, \
             nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", \
             opaque=\"5ccc069c403ebaf9f0171e9517f40e41\"",
            algorithm.name()
        );
        let proof = Proof {
            method: "GET",
            uri: "/dir/index.html",
            user: "Mufasa",
            password: "Circle Of Life",
            cnonce: "0a4f113b",
        };
        let value = answer(&[&challenge], &mut ClientState::default(), proof).unwrap();
        assert!(value.contains(expected), "{value}");
    }
}

#[test]
fn empty_elements_of_a_list_are_passed_over() {
    let challenge = "Digest ,realm=\"carrier\",, nonce=\"n\" , ,qop=\"auth\",algorithm=SHA-256,";
    let value = answer(&[challenge], &mut ClientState::default(), proof("x")).unwrap();
    let spaced = format!("{},, ,", value.replace(", ", ", ,"));
    assert_eq!(Credentials::parse(&spaced), Credentials::parse(&value));
    assert!(Credentials::parse(&value).is_ok());
    assert!(Challenge::parse("Digest ,,").is_err());
}

#[test]
fn quoted_pairs_are_read_and_written_back() {
    let challenge = r#"Digest realm="a \"b\" \\c\d", nonce="n\"\\", opaque="o\"""#;
    let quoted = Challenge::parse(challenge).unwrap();
    assert_eq!(quoted.realm, r#"a "b" \cd"#);
    assert_eq!(quoted.nonce, r#"n"\"#);
    let user = r#"us"er\"#;
    let proof = Proof {
        user,
        ..proof("right")
    };
    let value = answer(&[challenge], &mut ClientState::default(), proof).unwrap();
    assert!(value.contains(r#"opaque="o\"""#), "{value}");
    let given = Credentials::parse(&value).unwrap();
    assert_eq!(
        (&*given.username, &given.realm, &given.nonce),
        (user, &quoted.realm, &quoted.nonce)
    );
    let ha1 = Ha1::new(Algorithm::Md5, user, &quoted.realm, "right");
    let expected = response(Algorithm::Md5, &ha1.hex, "INVITE", &given);
    assert_eq!(given.response, expected);
}

#[test]
fn each_realm_is_answered_by_the_best_hash_that_it_offers() {
    let challenge = |realm: &str, more: &str| format!("Digest realm=\"{realm}\", {more}");
    let texts = [
        challenge("a", "nonce=\"1\""),
        challenge("b", "nonce=\"2\", algorithm=MD5, stale=TRUE"),
        challenge("a", "nonce=\"3\", algorithm=SHA-256"),
        challenge("c", "nonce=\"4\", algorithm=SHA-512-256"),
    ];
    let best = Challenge::best_of_each_realm(texts.iter().map(String::as_str));
    let nonces: Vec<_> = best
        .iter()
        .map(|challenge| (&*challenge.nonce, challenge.is_stale))
        .collect();
    assert_eq!(nonces, [("3", false), ("2", true)]);
}

#[test]
fn uses_of_nonces_that_take_turns_are_counted_each_on_its_own() {
    let mut state = ClientState::default();
    let mut count = |nonce: &str| {
        let challenge = format!("Digest realm=\"c\", nonce=\"{nonce}\", qop=\"auth\"");
        let value = answer(&[&challenge], &mut state, proof("right")).unwrap();
        Credentials::parse(&value).unwrap().nonce_count
    };
    let turns = ["a", "b", "a", "b", "a"].map(&mut count);
    assert_eq!(turns, [Some(1), Some(1), Some(2), Some(2), Some(3)]);
    for other in 0..NONCES_AT_MOST {
        count(&other.to_string());
    }
    assert_eq!(count("a"), Some(1), "of what is old nothing is kept");
}

#[test]
fn an_answer_tells_whether_its_challenge_was_heard_at_an_address() {
    let here: IpAddr = "192.0.2.1".parse().unwrap();
    let salt = salt_for(here, "chance", &SECRET);
    let heard_at = |salt: &str, address: &str, now_ms| {
        let challenge = challenge(Algorithm::Sha256, "desk", &SECRET, salt, 1_000, false);
        let value = answer(&[&challenge], &mut ClientState::default(), proof("wrong"));
        let given = Credentials::parse(&value.unwrap()).unwrap();
        given.heard_at(address.parse().unwrap(), &SECRET, now_ms)
    };
    assert!(heard_at(&salt, "192.0.2.1", 1_000));
    assert!(heard_at(&salt, "::ffff:192.0.2.1", 1_000));
    assert!(!heard_at(&salt, "192.0.2.2", 1_000));
    assert!(!heard_at("chance", "192.0.2.1", 1_000));
    assert!(!heard_at(&salt, "192.0.2.1", 1_000 + NONCE_LIFETIME_MS));
    let forged = changed(|given| given.nonce = format!("3e8-{salt}-0"));
    assert!(!forged.heard_at(here, &SECRET, 1_000));
}

#[test]
fn a_challenge_with_line_ends_is_not_answered() {
    let proof = Proof {
        method: "INVITE",
        uri: "sip:desk",
        user: "201",
        password: "secret",
        cnonce: "c",
    };
    for end in ["\r", "\n", "\r\nX-Own: 1"] {
        let challenge = format!("Digest realm=\"a{end}\", nonce=\"b\"");
        let mut state = ClientState::default();
        assert_eq!(answer(&[&challenge], &mut state, proof), None, "{end:?}");
    }
}
