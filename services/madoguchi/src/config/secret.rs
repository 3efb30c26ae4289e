//! Secrets, which stand in the file or in the environment.

/// The secret of a setting, or why it cannot be had.
pub(super) fn secret(
    value: &Option<String>,
    env: &Option<String>,
) -> Result<Option<String>, String> {
    match env {
        Some(name) => from_env(name).map(Some),
        None => Ok(value.clone()),
    }
}

/// What stands in a variable of the environment.
pub(super) fn from_env(name: &str) -> Result<String, String> {
    std::env::var(name).map_err(|_| format!("環境変数 {name} が設定されていません"))
}
