//! `madoguchi account`: accounts without the screens, for the first steps and for emergencies.

use std::collections::BTreeSet;
use std::path::Path;

use madoguchi_core::access::{Permission, Role, check_duties};
use madoguchi_core::account::{User, read_login};
use madoguchi_core::clock::{Clock, SystemClock};
use madoguchi_core::id::UserId;
use madoguchi_core::time::Millis;
use madoguchi_store::{Store, StoreError};
use madoguchi_web::operator::{self, NewAccount};

use super::data::open_store;
use super::error::CliError;
use super::output::print;
use crate::config::Config;

#[derive(Debug, clap::Subcommand)]
pub(super) enum AccountCommand {
    /// 利用者を登録し、初回のパスワードを出力します
    Add {
        /// ログイン名
        login: String,
        /// 氏名
        #[arg(long)]
        name: String,
        /// 役割(複数可): agent、supervisor、faq_editor、faq_approver、reporter、auditor、administrator
        #[arg(long = "role", required = true)]
        roles: Vec<String>,
        /// 担当者の識別名(設定ファイルの agent.id)
        #[arg(long)]
        agent: Option<String>,
    },
    /// 役割を加え、または外します。監査の役割は、ここでだけ付けられます
    Role {
        /// ログイン名
        login: String,
        /// 加える役割(複数可)
        #[arg(long = "add")]
        add: Vec<String>,
        /// 外す役割(複数可)
        #[arg(long = "remove")]
        remove: Vec<String>,
    },
    /// ロックを解除し、新しい初回のパスワードを出力します
    Reset {
        /// ログイン名
        login: String,
        /// 2段階認証も解除します
        #[arg(long)]
        second_factor: bool,
    },
    /// プログラムのための API トークンを発行し、出力します
    Token {
        /// 権限のもとになる利用者のログイン名
        login: String,
        /// 何に使うかが分かる名前
        #[arg(long)]
        name: String,
        /// 権限(複数可): board、figures、calls、metrics など
        #[arg(long = "scope", required = true)]
        scopes: Vec<String>,
        /// 有効期間(日)
        #[arg(long, default_value_t = 90)]
        days: u32,
        /// パスワードを変更・初期化しても、失効させません
        #[arg(long)]
        keep_after_password_change: bool,
    },
}

pub(super) async fn run(
    command: AccountCommand,
    config: &Config,
    data_dir: &Path,
) -> Result<(), CliError> {
    let store = open_store(config, data_dir).await?;
    let said = match &command {
        AccountCommand::Add {
            login,
            name,
            roles,
            agent,
        } => add(&store, login, name, roles, agent.as_deref()).await,
        AccountCommand::Role { login, add, remove } => {
            change_roles(&store, login, add, remove).await
        }
        AccountCommand::Reset {
            login,
            second_factor,
        } => reset(&store, login, *second_factor).await,
        AccountCommand::Token {
            login,
            name,
            scopes,
            days,
            keep_after_password_change: lasting,
        } => token(&store, login, name, scopes, *days, *lasting).await,
    };
    store.close().await;
    print(&format!("{}\n", said?));
    Ok(())
}

fn failed(error: StoreError) -> CliError {
    CliError::Failed(match error {
        StoreError::Taken { .. } => anyhow::anyhow!("そのログイン名は、すでに使われています"),
        error => error.into(),
    })
}

async fn add(
    store: &Store,
    login: &str,
    name: &str,
    roles: &[String],
    agent: Option<&str>,
) -> Result<String, CliError> {
    let login = read_login(login).map_err(|fault| CliError::Usage(fault.to_string()))?;
    let roles = read_roles(roles)?;
    check_duties(&BTreeSet::new(), &roles).map_err(|fault| CliError::Usage(fault.to_string()))?;
    let roles = Vec::from_iter(roles);
    let password = operator::one_time_password();
    let account = NewAccount {
        login: &login,
        name,
        roles: &roles,
        agent,
        password: &password,
        must_change: true,
    };
    operator::add_account(store, &account, SystemClock.now())
        .await
        .map_err(failed)?;
    Ok(password)
}

fn read_roles(names: &[String]) -> Result<BTreeSet<Role>, CliError> {
    let read = |role: &String| {
        let wrong = || CliError::Usage(format!("「{role}」という役割はありません"));
        Role::lookup(role).ok_or_else(wrong)
    };
    names.iter().map(read).collect()
}

async fn change_roles(
    store: &Store,
    login: &str,
    add: &[String],
    remove: &[String],
) -> Result<String, CliError> {
    let user = lookup_user(store, login).await?;
    let (add, remove) = (read_roles(add)?, read_roles(remove)?);
    let mut roles = user.roles.clone();
    roles.extend(add);
    roles.retain(|role| !remove.contains(role));
    check_duties(&user.roles, &roles).map_err(|fault| CliError::Usage(fault.to_string()))?;
    if roles.is_empty() {
        let message = "役割が1つもなくなるため、変更しませんでした";
        return Err(CliError::Usage(message.to_owned()));
    }
    operator::change_roles(store, &user, &roles, SystemClock.now())
        .await
        .map_err(failed)?;
    let labels: Vec<_> = roles.iter().map(|role| role.label()).collect();
    Ok(format!("{}: {}", user.login, labels.join("、")))
}

async fn lookup_user(store: &Store, login: &str) -> Result<User, CliError> {
    let login = read_login(login).map_err(|fault| CliError::Usage(fault.to_string()))?;
    let found = store.lookup_login(&login).await.map_err(failed)?;
    let none = || CliError::Usage(format!("「{login}」という利用者はいません"));
    found.map(|found| found.user).ok_or_else(none)
}

async fn lookup(store: &Store, login: &str) -> Result<UserId, CliError> {
    Ok(lookup_user(store, login).await?.id)
}

async fn reset(store: &Store, login: &str, second_factor: bool) -> Result<String, CliError> {
    let user = lookup(store, login).await?;
    let password = operator::one_time_password();
    let now = SystemClock.now();
    operator::reset_password(store, &user, &password, true, now)
        .await
        .map_err(failed)?;
    if second_factor {
        operator::remove_second_factor(store, &user, now)
            .await
            .map_err(failed)?;
    }
    Ok(password)
}

async fn token(
    store: &Store,
    login: &str,
    name: &str,
    scopes: &[String],
    days: u32,
    lasting: bool,
) -> Result<String, CliError> {
    let user = lookup(store, login).await?;
    let read = |scope: &String| {
        let wrong = || CliError::Usage(format!("「{scope}」という権限はありません"));
        // A program has no account of its own to manage.
        let found = Permission::lookup(scope).filter(|one| *one != Permission::UseAccount);
        found.ok_or_else(wrong)
    };
    let scopes = scopes.iter().map(read).collect::<Result<_, _>>()?;
    let lasts = Millis::from_secs(i64::from(days) * 86_400);
    let now = SystemClock.now();
    let issued = if lasting {
        operator::issue_lasting_token(store, &user, name, scopes, lasts, now).await
    } else {
        operator::issue_token(store, &user, name, scopes, lasts, now).await
    };
    issued.map_err(failed)
}
