//! Passwords that stand in the settings file while others on the machine may read it.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use super::Config;

/// Anybody may read.
const OTHERS_READ: u32 = 0o004;
/// The group may read.
const GROUP_READS: u32 = 0o040;

impl Config {
    /// What to tell the operator if the file holds passwords and others may read it.
    pub fn exposure(&self, path: &Path) -> Option<String> {
        let secrets = self.secrets();
        let file = std::fs::metadata(path).ok()?;
        if secrets.is_empty() || !is_open(&file) {
            return None;
        }
        Some(format!(
            "設定ファイル {} には秘密の値({})が書かれていますが、ほかの利用者も読めます。\
             窓口を動かす利用者だけが読めるようにするか(chmod 600)、値を環境変数から読ませてください(…_env)",
            path.display(),
            secrets.join("、")
        ))
    }

    /// The names of settings that hold a secret.
    fn secrets(&self) -> Vec<String> {
        let mut names = Vec::new();
        let mut add = |holds: bool, name: String| {
            if holds {
                names.push(name);
            }
        };
        let url = self.store.url.rsplit_once('@');
        let user = url.and_then(|(user, _)| user.split_once("://"));
        let in_url = user.is_some_and(|(_, user)| user.contains(':'));
        add(
            in_url || self.store.url.contains("password="),
            "store.url".to_owned(),
        );
        let oidc = self.web.oidc.as_ref();
        let client_secret = oidc.is_some_and(|oidc| oidc.client_secret.is_some());
        add(client_secret, "web.oidc.client_secret".to_owned());
        add(self.observe.hep_key.is_some(), "observe.hep_key".to_owned());
        for agent in &self.agents {
            let name = format!("agent「{}」の password", agent.id);
            add(agent.password.is_some(), name);
        }
        for trunk in &self.trunks {
            let name = format!("trunk「{}」の password", trunk.name);
            let holds = trunk.password.is_some() || trunk.inbound_password.is_some();
            add(holds, name);
        }
        names
    }
}

/// Whether somebody may read the file besides its owner and our own group.
fn is_open(file: &Metadata) -> bool {
    let own_group = std::fs::metadata("/proc/self").map(|own| own.gid());
    let group_is_ours = own_group.is_ok_and(|own| own == file.gid());
    let mode = file.mode();
    mode & OTHERS_READ != 0 || (mode & GROUP_READS != 0 && !group_is_ours)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn told(text: &str, mode: u32) -> Option<String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("desk.toml");
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        Config::parse(text, &path).unwrap().exposure(&path)
    }

    #[test]
    fn passwords_that_others_may_read_are_told_and_no_others() {
        let agent = "[[agent]]\nid = \"a\"\nname = \"a\"\nextension = \"201\"\nlines = []\n";
        let with = format!("{agent}password = \"secret\"\n");
        let said = told(&with, 0o644).unwrap();
        assert!(
            said.contains("agent「a」の password") && !said.contains("secret"),
            "{said}"
        );
        assert_eq!(told(&with, 0o600), None);
        assert_eq!(told(&with, 0o640), None, "our own group");
        let from_elsewhere = format!("{agent}password_env = \"PASSWORD\"\n");
        assert_eq!(told(&from_elsewhere, 0o644), None);
        for (text, name) in [
            (
                "[store]\nurl = \"postgres://desk:secret@db/desk\"",
                "store.url",
            ),
            (
                "[[trunk]]\nname = \"t\"\nsources = []\ninbound_password = \"secret\"",
                "trunk「t」",
            ),
        ] {
            let said = told(text, 0o604).unwrap();
            assert!(said.contains(name) && !said.contains("secret"), "{said}");
        }
        assert_eq!(
            told("[store]\nurl = \"postgres://desk@db/desk\"", 0o644),
            None
        );
    }
}
