//! 拠点: where staff work, known by the network they read from and the number they call from.

use std::net::IpAddr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::phone;

/// A place where staff work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Site {
    /// Its name.
    pub name: String,
    /// Networks from which its staff read.
    #[serde(default)]
    pub networks: Vec<IpNet>,
    /// How the numbers begin from which its staff call.
    #[serde(default)]
    pub numbers: Vec<String>,
}

/// All sites.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sites {
    names: Vec<String>,
    networks: Vec<(IpNet, usize)>,
    /// In canonical form.
    numbers: Vec<(String, usize)>,
}

/// Why sites cannot be told apart.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SiteFault {
    /// A site has no name.
    #[error("拠点の名前を書いてください")]
    NoName,
    /// Two sites have one name.
    #[error("拠点「{0}」が2回書かれています")]
    SameName(String),
    /// Two sites have one network or one beginning of numbers.
    #[error("「{0}」が2つの拠点に書かれています")]
    Shared(String),
    /// It is no beginning of a number.
    #[error("「{0}」は電話番号の先頭の数字ではありません")]
    NoNumber(String),
}

impl Sites {
    /// The sites, if they can be told apart.
    ///
    /// # Errors
    /// [`SiteFault`].
    pub fn new(sites: &[Site]) -> Result<Self, SiteFault> {
        let mut all = Self::default();
        for site in sites {
            if site.name.trim().is_empty() {
                return Err(SiteFault::NoName);
            }
            if all.names.contains(&site.name) {
                return Err(SiteFault::SameName(site.name.clone()));
            }
            let at = all.names.len();
            all.names.push(site.name.clone());
            for net in &site.networks {
                let net = net.trunc();
                if all.networks.iter().any(|(known, _)| *known == net) {
                    return Err(SiteFault::Shared(net.to_string()));
                }
                all.networks.push((net, at));
            }
            for text in &site.numbers {
                let number = phone::normalize(text);
                let digits = number.strip_prefix('+').unwrap_or(&number);
                if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
                    return Err(SiteFault::NoNumber(text.clone()));
                }
                if all.numbers.iter().any(|(known, _)| *known == number) {
                    return Err(SiteFault::Shared(text.clone()));
                }
                all.numbers.push((number, at));
            }
        }
        Ok(all)
    }

    /// The site whose staff read from this address: the one with the narrowest network around it.
    pub fn of_address(&self, address: IpAddr) -> Option<&str> {
        let around = self
            .networks
            .iter()
            .filter(|(net, _)| net.contains(&address));
        let narrowest = around.max_by_key(|(net, _)| net.prefix_len());
        narrowest.and_then(|(_, at)| self.name(*at))
    }

    /// The site whose staff call from this number: the one with the longest beginning of it.
    pub fn of_number(&self, number: &str) -> Option<&str> {
        let number = phone::normalize(number);
        let begins = self
            .numbers
            .iter()
            .filter(|(start, _)| number.starts_with(start));
        let longest = begins.max_by_key(|(start, _)| start.len());
        longest.and_then(|(_, at)| self.name(*at))
    }

    fn name(&self, at: usize) -> Option<&str> {
        self.names.get(at).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site(name: &str, networks: &[&str], numbers: &[&str]) -> Site {
        Site {
            name: name.to_owned(),
            networks: networks.iter().map(|net| net.parse().unwrap()).collect(),
            numbers: numbers.iter().map(|&number| number.to_owned()).collect(),
        }
    }

    #[test]
    fn the_narrowest_network_and_the_longest_number_tell_the_site() {
        let sites = Sites::new(&[
            site("全国", &["10.0.0.0/8"], &["03"]),
            site("本部", &["10.1.0.0/16", "fd00:1::/32"], &["03-1234"]),
        ])
        .unwrap();
        let at = |address: &str| sites.of_address(address.parse().unwrap());
        assert_eq!(at("10.1.2.3"), Some("本部"));
        assert_eq!(at("10.2.2.3"), Some("全国"));
        assert_eq!(at("fd00:1::5"), Some("本部"));
        assert_eq!(at("192.0.2.1"), None);
        assert_eq!(sites.of_number("+81 3-1234-5678"), Some("本部"));
        assert_eq!(sites.of_number("0399999999"), Some("全国"));
        assert_eq!(sites.of_number("0612345678"), None);
        assert_eq!(sites.of_number(""), None);
    }

    #[test]
    fn sites_that_cannot_be_told_apart_are_refused() {
        let refused = |sites: &[Site]| Sites::new(sites).unwrap_err();
        let one = site("本部", &["10.1.0.0/16"], &["03"]);
        assert_eq!(
            refused(&[one.clone(), site("本部", &[], &[])]),
            SiteFault::SameName("本部".to_owned())
        );
        assert_eq!(
            refused(&[one.clone(), site("支部", &["10.1.9.9/16"], &[])]),
            SiteFault::Shared("10.1.0.0/16".to_owned())
        );
        assert_eq!(
            refused(&[one, site("支部", &[], &["０３"])]),
            SiteFault::Shared("０３".to_owned())
        );
        assert_eq!(refused(&[site(" ", &[], &[])]), SiteFault::NoName);
        assert_eq!(
            refused(&[site("支部", &[], &["本社"])]),
            SiteFault::NoNumber("本社".to_owned())
        );
    }
}
