//! A settings file that changed while the desk runs: what is taken up, and what needs a restart.

use serde::Serialize;

use super::Config;

impl Config {
    /// Leaves what needs a restart as it is in `running`, and tells the keys of what differs.
    pub fn keep_until_restart(&mut self, running: &Self) -> Vec<&'static str> {
        let mut kept = Vec::new();
        let (sip, before) = (&mut self.sip, &running.sip);
        keep("sip.listen", &mut sip.listen, &before.listen, &mut kept);
        let address = "sip.public_address";
        keep(
            address,
            &mut sip.public_address,
            &before.public_address,
            &mut kept,
        );
        keep("sip.realm", &mut sip.realm, &before.realm, &mut kept);
        let grace = "sip.stop_grace_s";
        keep(
            grace,
            &mut sip.stop_grace_s,
            &before.stop_grace_s,
            &mut kept,
        );
        keep("node", &mut self.node, &running.node, &mut kept);
        keep("store", &mut self.store, &running.store, &mut kept);
        keep("journal", &mut self.journal, &running.journal, &mut kept);
        keep("media", &mut self.media, &running.media, &mut kept);
        keep("web", &mut self.web, &running.web, &mut kept);
        keep("portal", &mut self.portal, &running.portal, &mut kept);
        keep("log", &mut self.log, &running.log, &mut kept);
        keep("voice", &mut self.voice, &running.voice, &mut kept);
        let knowledge = "knowledge";
        keep(
            knowledge,
            &mut self.knowledge,
            &running.knowledge,
            &mut kept,
        );
        kept
    }
}

fn keep<T: Serialize + Clone>(
    key: &'static str,
    new: &mut T,
    running: &T,
    kept: &mut Vec<&'static str>,
) {
    let text = |value: &T| serde_json::to_string(value).ok();
    if text(new) != text(running) {
        new.clone_from(running);
        kept.push(key);
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn read(text: &str) -> Config {
        Config::parse(text, Path::new("test.toml")).unwrap()
    }

    #[test]
    fn what_can_change_while_the_desk_runs_changes_and_the_rest_is_named() {
        let running = read("[sip]\nrealm = \"a\"\ndial_timeout_s = 60");
        let mut new = read(
            "node = \"other\"\n[sip]\nrealm = \"b\"\ndial_timeout_s = 20\n\
             [outbound]\ninternational = true\n[web]\nlisten = \"127.0.0.1:9\"",
        );
        let kept = new.keep_until_restart(&running);
        assert_eq!(kept, ["sip.realm", "node", "web"]);
        assert_eq!((new.sip.realm.as_str(), new.sip.dial_timeout_s), ("a", 20));
        assert_eq!(new.web.listen, running.web.listen);
        assert!(new.outbound_rules().usual.international);
        let mut same = running.clone();
        assert!(same.keep_until_restart(&running).is_empty());
    }
}
