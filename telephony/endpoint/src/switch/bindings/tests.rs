//! What comes of registrations, one after the other.

use madoguchi_sip::header::NameAddr;

use super::*;

const INTERVALS: Intervals = Intervals {
    min_secs: 30,
    max_secs: 120,
};

fn flow() -> Flow {
    Flow::udp(0, "192.0.2.7:5060".parse().unwrap())
}

fn contact(text: &str) -> NameAddr {
    text.parse().unwrap()
}

fn wish(contacts: &[&str], expires_secs: Option<u32>, cseq: u32) -> Registration<'static> {
    Registration {
        path: Vec::new(),
        outbound: false,
        contacts: contacts.iter().map(|text| contact(text)).collect(),
        wildcard: false,
        expires_secs,
        call_id: "c1",
        cseq,
        flow: flow(),
    }
}

#[test]
fn a_binding_lapses_after_the_granted_interval() {
    let mut bindings = Bindings::default();
    bindings
        .register(
            "201",
            wish(&["<sip:201@192.0.2.7>"], Some(3600), 1),
            INTERVALS,
            0,
        )
        .unwrap();
    assert!(bindings.reachable("201"));
    assert!(bindings.expire(119_999).is_empty());
    assert_eq!(bindings.expire(120_000), ["201".into()]);
    assert!(!bindings.reachable("201"));
}

#[test]
fn a_phone_may_have_several_contacts_and_remove_one_or_all() {
    let mut bindings = Bindings::default();
    let both = ["<sip:201@192.0.2.7>", "<sip:201@192.0.2.8>;expires=60"];
    bindings
        .register("201", wish(&both, None, 1), INTERVALS, 0)
        .unwrap();
    assert_eq!(bindings.of("201").len(), 2);
    bindings
        .register("201", wish(&[both[0]], Some(0), 2), INTERVALS, 0)
        .unwrap();
    assert_eq!(bindings.of("201").len(), 1);
    let all = Registration {
        wildcard: true,
        ..wish(&[], Some(0), 3)
    };
    bindings.register("201", all, INTERVALS, 0).unwrap();
    assert!(bindings.of("201").is_empty());
}

#[test]
fn fixed_contacts_are_replaced_and_a_lapse_ends_registrations_alone() {
    let fixed = |text: &str| vec![(text.parse().unwrap(), flow())];
    let mut bindings = Bindings::default();
    bindings.set_fixed("201", fixed("sip:201@192.0.2.1"));
    let registered = wish(&["<sip:201@192.0.2.7>"], Some(60), 1);
    bindings.register("201", registered, INTERVALS, 0).unwrap();
    bindings.set_fixed("201", fixed("sip:201@192.0.2.2"));
    assert_eq!(
        contacts(&bindings),
        ["sip:201@192.0.2.7", "sip:201@192.0.2.2"]
    );
    bindings.lapse("201");
    assert_eq!(contacts(&bindings), ["sip:201@192.0.2.2"]);
    bindings.retain(|extension| extension != "201");
    assert!(contacts(&bindings).is_empty());
}

#[test]
fn the_addresses_of_phones_are_known_until_their_last_registration_is_gone() {
    let elsewhere = Flow {
        remote: "192.0.2.8:5060".parse().unwrap(),
        ..flow()
    };
    let mut bindings = Bindings::default();
    let mut register = |extension: &str, contact: &str, expires: u32, cseq, flow| {
        let wish = Registration {
            flow,
            ..wish(&[contact], Some(expires), cseq)
        };
        bindings.register(extension, wish, INTERVALS, 0).unwrap();
        (
            bindings.knows_source(self::flow()),
            bindings.knows_source(elsewhere),
        )
    };
    let (one, other) = ("<sip:201@192.0.2.7>", "<sip:202@192.0.2.7>");
    assert_eq!(register("201", one, 60, 1, flow()), (true, false));
    assert_eq!(register("202", other, 60, 1, flow()), (true, false));
    assert_eq!(register("201", one, 60, 2, elsewhere), (true, true));
    assert_eq!(register("202", other, 0, 2, flow()), (false, true));
    bindings.retain(|extension| extension != "201");
    assert!(!bindings.knows_source(elsewhere) && bindings.sources.is_empty());
}

#[test]
fn what_changed_is_told_once() {
    let mut bindings = Bindings::default();
    let mut register = |expires, cseq| {
        let wish = wish(&["<sip:201@192.0.2.7>"], Some(expires), cseq);
        bindings.register("201", wish, INTERVALS, 0).unwrap();
        (bindings.take_change(), bindings.take_change())
    };
    assert_eq!(register(60, 1), (Some(Change::Moved), None));
    assert_eq!(register(60, 2), (Some(Change::Prolonged), None));
    assert_eq!(register(0, 3), (Some(Change::Moved), None));
}

#[test]
fn too_brief_out_of_order_and_malformed_are_refused_and_change_nothing() {
    let mut bindings = Bindings::default();
    let one = ["<sip:201@192.0.2.7>"];
    bindings
        .register("201", wish(&one, Some(60), 5), INTERVALS, 0)
        .unwrap();
    let refused = |bindings: &mut Bindings, wish| bindings.register("201", wish, INTERVALS, 0);
    assert_eq!(
        refused(&mut bindings, wish(&one, Some(10), 6)),
        Err(RegistrationError::IntervalTooBrief)
    );
    assert_eq!(
        refused(&mut bindings, wish(&one, Some(60), 5)),
        Err(RegistrationError::OutOfOrder)
    );
    let all = Registration {
        wildcard: true,
        ..wish(&[], Some(60), 7)
    };
    assert_eq!(
        refused(&mut bindings, all),
        Err(RegistrationError::Malformed)
    );
    assert_eq!(bindings.of("201").len(), 1);
}

fn contacts(bindings: &Bindings) -> Vec<String> {
    let all = bindings.of("201").iter();
    all.map(|binding| binding.contact.to_string()).collect()
}

const DEVICE: &str = "+sip.instance=\"<urn:uuid:1>\"";
const OTHER_DEVICE: &str = "+sip.instance=\"<urn:uuid:2>\"";

/// RFC 5626 6: a phone that restarted behind a NAT has another port and another Call-ID.
#[test]
fn the_same_device_replaces_its_binding_wherever_it_is_now() {
    let mut bindings = Bindings::default();
    let mut register = |address: &str, device: &str, call_id: &'static str| {
        let contact = format!("<sip:201@{address}>;{device}");
        let wish = Registration {
            call_id,
            ..wish(&[&contact], Some(60), 1)
        };
        bindings.register("201", wish, INTERVALS, 0).unwrap();
        contacts(&bindings)
    };
    register("192.0.2.7:1001", DEVICE, "a");
    assert_eq!(
        register("192.0.2.7:1002", DEVICE, "b"),
        ["sip:201@192.0.2.7:1002"]
    );
    assert_eq!(register("192.0.2.8", OTHER_DEVICE, "c").len(), 2);
    assert_eq!(register("192.0.2.9", "q=0.5", "d").len(), 3);
}

/// RFC 5626 4.2.1: one device, two connections; each is replaced by its own kind only.
#[test]
fn connections_of_one_device_stand_side_by_side_by_their_reg_id() {
    let mut bindings = Bindings::default();
    let mut register = |port: u32, reg_id: u32, cseq| {
        let contact = format!("<sip:201@192.0.2.7:{port}>;{DEVICE};reg-id={reg_id}");
        let wish = Registration {
            outbound: true,
            ..wish(&[&contact], Some(60), cseq)
        };
        bindings.register("201", wish, INTERVALS, 0).unwrap();
        contacts(&bindings)
    };
    register(1001, 1, 1);
    assert_eq!(register(1002, 2, 2).len(), 2);
    assert_eq!(
        register(1003, 1, 3),
        ["sip:201@192.0.2.7:1002", "sip:201@192.0.2.7:1003"]
    );
}

#[test]
fn two_contacts_of_one_device_in_one_request_both_count() {
    let mut bindings = Bindings::default();
    let contacts_of_device = [
        format!("<sip:201@192.0.2.7>;{DEVICE}"),
        format!("<sip:201@192.0.2.7;transport=tcp>;{DEVICE}"),
    ];
    let both: Vec<_> = contacts_of_device.iter().map(String::as_str).collect();
    for cseq in 1..3 {
        let wish = wish(&both, Some(60), cseq);
        bindings.register("201", wish, INTERVALS, 0).unwrap();
        assert_eq!(contacts(&bindings).len(), 2);
    }
}

#[test]
fn a_connection_that_is_gone_takes_its_bindings_with_it_and_no_others() {
    let tcp = Flow::tcp(flow().remote);
    let mut bindings = Bindings::default();
    let over_tcp = Registration {
        flow: tcp,
        ..wish(&["<sip:201@192.0.2.7;transport=tcp>"], Some(60), 1)
    };
    bindings.register("201", over_tcp, INTERVALS, 0).unwrap();
    let over_udp = wish(&["<sip:202@192.0.2.7>"], Some(60), 1);
    bindings.register("202", over_udp, INTERVALS, 0).unwrap();
    assert_eq!(bindings.end_flow(tcp), ["201".into()]);
    assert!(!bindings.reachable("201") && bindings.reachable("202"));
    assert!(bindings.end_flow(tcp).is_empty());
}
