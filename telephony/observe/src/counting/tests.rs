use super::*;

fn rules() -> Rules {
    Rules {
        lines: vec![Line {
            name: "総合".into(),
            numbers: vec!["03-1234-5678".to_owned()],
            is_direct: false,
        }],
        agents: vec![("201".to_owned(), "sato".into())],
        extensions: vec!["2XX".parse().unwrap()],
        feature_codes: vec!["*X".parse().unwrap(), "00.".parse().unwrap()],
        trunks: vec!["192.0.2.0/24".parse().unwrap()],
    }
}

#[test]
fn patterns_are_those_of_dial_plans() {
    let matching =
        |pattern: &str, number: &str| pattern.parse::<Pattern>().unwrap().matches(number);
    assert!(matching("2XX", "201") && !matching("2XX", "20") && !matching("2XX", "2011"));
    assert!(matching("*X", "*1") && !matching("*X", "*"));
    assert!(matching("00.", "001") && matching("00.", "00123") && !matching("00.", "00"));
    for wrong in ["", " ", "2 1", "a/b", "..", "2.1"] {
        assert!(wrong.parse::<Pattern>().is_err(), "{wrong}");
    }
}

#[test]
fn an_extension_that_no_setting_names_is_its_own_agent() {
    let rules = rules();
    assert_eq!(rules.agent("201"), Some("sato".into()));
    assert_eq!(rules.agent("202"), Some("202".into()));
    assert_eq!(rules.agent("301"), None);
}
