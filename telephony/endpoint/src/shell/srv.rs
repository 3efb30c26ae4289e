//! Which servers of a domain are asked, in which order (RFC 3263 4.1, RFC 2782). Pure: the records
//! and the lots come in as arguments.

use crate::settings::Transport;

/// One SRV record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Server {
    /// The lowest comes first.
    pub(super) priority: u16,
    /// The chance among those of one priority.
    pub(super) weight: u16,
    /// Its name.
    pub(super) target: String,
    pub(super) port: u16,
}

/// One NAPTR record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NaptrRecord {
    /// The lowest comes first.
    pub(super) order: u16,
    /// The lowest of one order comes first.
    pub(super) preference: u16,
    /// `s` if an SRV record follows.
    pub(super) flags: String,
    /// `SIP+D2U`, `SIP+D2T` …
    pub(super) services: String,
    /// Where to go on.
    pub(super) replacement: String,
}

/// Servers in the order in which they are to be tried. `draw(n)` draws a number below `n`.
pub(super) fn in_order(mut servers: Vec<Server>, mut draw: impl FnMut(u32) -> u32) -> Vec<Server> {
    // A single record with the target "." says that there is no such service here.
    servers.retain(|server| !matches!(server.target.as_str(), "" | "."));
    // Those without weight stand first of their priority, so that they have their small chance.
    servers.sort_by_key(|server| (server.priority, server.weight));
    let mut ordered = Vec::with_capacity(servers.len());
    while let Some(priority) = servers.first().map(|server| server.priority) {
        let same = |server: &&Server| server.priority == priority;
        let sum: u32 = servers
            .iter()
            .filter(same)
            .map(|server| u32::from(server.weight))
            .sum();
        let lot = draw(sum + 1).min(sum);
        let mut reached = 0;
        let drawn = servers
            .iter()
            .take_while(|server| server.priority == priority);
        let at = drawn
            .take_while(|server| {
                reached += u32::from(server.weight);
                reached < lot
            })
            .count();
        ordered.push(servers.remove(at));
    }
    ordered
}

/// The SRV names that NAPTR records lead to, for the transports that we speak.
pub(super) fn services(mut records: Vec<NaptrRecord>) -> Vec<(Transport, String)> {
    records.sort_by_key(|record| (record.order, record.preference));
    let service = |record: &NaptrRecord| {
        let transport = match record.services.to_ascii_uppercase().as_str() {
            "SIP+D2U" => Transport::Udp,
            "SIP+D2T" => Transport::Tcp,
            _ => return None,
        };
        let leads = record.flags.eq_ignore_ascii_case("s");
        leads.then(|| (transport, record.replacement.clone()))
    };
    records.iter().filter_map(service).collect()
}

/// The name under which a domain has its SRV records (RFC 3263 4.1).
pub(super) fn service_name(transport: Transport, domain: &str) -> String {
    match transport {
        Transport::Udp => format!("_sip._udp.{domain}"),
        Transport::Tcp => format!("_sip._tcp.{domain}"),
        Transport::Tls => format!("_sips._tcp.{domain}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(priority: u16, weight: u16, target: &str) -> Server {
        Server {
            priority,
            weight,
            target: target.to_owned(),
            port: 5060,
        }
    }

    fn targets(servers: Vec<Server>, lot: impl FnMut(u32) -> u32) -> Vec<String> {
        let ordered = in_order(servers, lot).into_iter();
        ordered.map(|server| server.target).collect()
    }

    #[test]
    fn priorities_come_before_weights() {
        let servers = || {
            vec![
                server(20, 0, "backup"),
                server(10, 60, "big"),
                server(10, 40, "small"),
                server(30, 0, "last"),
            ]
        };
        assert_eq!(
            targets(servers(), |_| 0),
            ["small", "big", "backup", "last"]
        );
        assert_eq!(
            targets(servers(), |n| n - 1),
            ["big", "small", "backup", "last"]
        );
        assert_eq!(targets(servers(), |_| 41)[0], "big");
        assert_eq!(targets(servers(), |_| 40)[0], "small");
        assert_eq!(targets(vec![server(0, 0, ".")], |_| 0), [""; 0]);
    }

    #[test]
    fn each_has_the_chance_of_its_weight() {
        let mut first = std::collections::BTreeMap::new();
        for lot in 0..=100 {
            let servers = vec![
                server(1, 75, "often"),
                server(1, 25, "seldom"),
                server(1, 0, "spare"),
            ];
            let mut lots = std::iter::once(lot).chain(std::iter::repeat(0));
            let order = targets(servers, |_| lots.next().unwrap());
            assert_eq!(order.len(), 3);
            *first.entry(order[0].clone()).or_insert(0) += 1;
        }
        let chances: Vec<_> = ["often", "seldom", "spare"].map(|name| first[name]).into();
        assert_eq!(chances, [75, 25, 1]);
    }

    #[test]
    fn naptr_leads_to_the_transports_that_we_speak_in_its_order() {
        let record = |order, preference, flags: &str, services: &str, to: &str| NaptrRecord {
            order,
            preference,
            flags: flags.to_owned(),
            services: services.to_owned(),
            replacement: to.to_owned(),
        };
        let records = vec![
            record(50, 50, "s", "SIPS+D2T", "_sips._tcp.example.com"),
            record(90, 50, "s", "SIP+D2T", "_sip._tcp.example.com"),
            record(90, 10, "S", "sip+d2u", "_sip._udp.example.com"),
            record(100, 50, "u", "E2U+sip", "."),
        ];
        assert_eq!(
            services(records),
            [
                (Transport::Udp, "_sip._udp.example.com".to_owned()),
                (Transport::Tcp, "_sip._tcp.example.com".to_owned()),
            ]
        );
        assert_eq!(
            service_name(Transport::Tcp, "a.example"),
            "_sip._tcp.a.example"
        );
    }
}
