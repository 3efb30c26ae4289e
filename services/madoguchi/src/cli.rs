//! The command line: what an operator can ask of the program.
//!
//! Results go to standard output, everything else to standard error. Exit codes: 0 done, 1 failed
//! or not done wholly, 2 the command or the settings are wrong.

mod account;
mod audit;
mod backup;
mod data;
mod doctor;
mod error;
mod forget;
mod hours;
mod import;
mod kb;
mod ledger;
mod log;
mod months;
mod observe;
mod output;
mod people;
mod read_manual;
mod report;
mod retention;
mod staffing;
mod stats;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, Subcommand};

use self::data::make_data_dir;
use self::error::CliError;
use self::output::{complain, print};
use crate::config::Config;
use crate::priority::behind_calls;
use crate::{demo, serve};

/// What still works in the background when all else has ended may go on for so long.
const BACKGROUND_WITHIN: Duration = Duration::from_secs(5);

/// 窓口: ヘルプデスクの電話受付
#[derive(Debug, Parser)]
#[command(name = "madoguchi", version)]
struct Cli {
    /// 設定ファイル(TOML)。省略時は既定値で動きます
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// データベースと記録ファイルを置くディレクトリ
    #[arg(long, global = true, value_name = "DIR", default_value = "data")]
    data_dir: PathBuf,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// 窓口を開始します
    Serve,
    /// 見本の窓口を、模擬の電話とともに開始します
    Demo(demo::Args),
    /// 期間の集計を出力します
    Stats(stats::Args),
    /// 月の報告書(ヘルプデスク受付状況報告)を作ります
    Report(report::Args),
    /// 受付時間内かどうかを出力します
    Hours(hours::Args),
    /// 着信件数と担当者の人数から、応答率や待ち時間を計算します
    Staffing(staffing::Args),
    /// ほかのシステムの記録を取り込みます
    #[command(subcommand)]
    Import(Import),
    /// 今ある PBX の通話を、取得ファイルや HEP から観測して集計します
    Observe(observe::Args),
    /// 設定を確認します
    #[command(subcommand)]
    Config(ConfigCommand),
    /// 利用者のアカウントを、画面を使わずに登録・復旧します
    #[command(subcommand)]
    Account(account::AccountCommand),
    /// 動いたままバックアップを作ります
    Backup(backup::BackupArgs),
    /// バックアップを、空のデータディレクトリとデータベースに復元します
    Restore(backup::RestoreArgs),
    /// 窓口の状態を調べ、直し方を示します。異常があれば終了コード1で終わります
    Doctor(doctor::Args),
    /// 失われて戻せないものを、新しく作ることを認めます
    #[command(subcommand)]
    Forget(forget::ForgetCommand),
    /// 保存期間を過ぎた問合せの個人情報を、確認し、取り除きます
    Retention(retention::Args),
    /// 監査記録を検査します
    #[command(subcommand)]
    Audit(audit::AuditCommand),
    /// 問合せ管理台帳を扱います
    #[command(subcommand)]
    Tickets(ledger::TicketsCommand),
    /// FAQ を取り込み、検索し、検索の良さを測ります
    #[command(subcommand)]
    Kb(kb::KbCommand),
    /// 標準入力の資料を章と節に分けて、JSON で出力します(画面の取込みが使います)
    #[command(name = madoguchi_web::READS_MANUALS, hide = true)]
    ReadManual,
}

#[derive(Debug, Subcommand)]
enum Import {
    /// Asterisk の queue_log を取り込みます
    QueueLog(import::Args),
    /// Asterisk の CDR(CSV)を取り込みます。キューの通話は queue_log か CEL から取り込みます
    Cdr(import::RecordArgs),
    /// Asterisk の CEL(CSV)を取り込みます
    Cel(import::RecordArgs),
    /// 交換機が書く通話の表を、画面で定めた列で取り込みます(Excel、またはUTF-8かシフトJISのCSV)
    Calls(import::RecordArgs),
    /// 職員名簿を取り込みます(Excel、またはUTF-8かシフトJISのCSV)
    People(people::Args),
    /// 前の事業者などの台帳を、問合せとして取り込みます(Excel、またはUTF-8かシフトJISのCSV)
    Tickets(ledger::ImportArgs),
    /// 公表された過去の月の件数と率を取り込みます(別紙8-2の列。Excel、またはUTF-8かシフトJISのCSV)
    Months(months::Args),
}

#[derive(Debug, Subcommand)]
enum ConfigCommand {
    /// 設定ファイルに誤りがないか確認します
    Check,
    /// 全項目の説明つきの見本を出力します
    Sample,
}

/// Runs the program.
pub fn main() -> ExitCode {
    // Whatever the program makes is for its own user alone.
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
    let cli = Cli::parse();
    match run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(CliError::Partly) => ExitCode::FAILURE,
        Err(error) => {
            complain(&error.to_string());
            let code = if matches!(error, CliError::Failed(_)) {
                1
            } else {
                2
            };
            ExitCode::from(code)
        }
    }
}

fn run(cli: Cli) -> Result<(), CliError> {
    if let Command::Config(ConfigCommand::Sample) = cli.command {
        print(include_str!("../config/madoguchi.sample.toml"));
        return Ok(());
    }
    if let Command::ReadManual = cli.command {
        return read_manual::run();
    }
    let mut config = Config::load(cli.config.as_deref())?;
    let mut log_file = None;
    if let Command::Demo(args) = &cli.command {
        config = demo::config(args)?;
        make_data_dir(&cli.data_dir)?;
        log_file = Some(demo::log_file(&cli.data_dir));
    }
    log::start(&config.log, log_file.as_deref())?;
    let exposure = cli.config.as_deref().and_then(|path| config.exposure(path));
    let takes_calls = matches!(cli.command, Command::Serve | Command::Demo(_));
    let give_way = behind_calls();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .on_thread_start(move || {
            if takes_calls {
                give_way();
            }
        })
        .build()
        .map_err(|error| CliError::Failed(error.into()))?;
    let done = runtime.block_on(async {
        match cli.command {
            Command::Serve => {
                if let Some(told) = config.readable_keys() {
                    tracing::warn!(what = told, "keys of voice are told in clear signalling");
                }
                if let Some(exposure) = exposure {
                    tracing::warn!(what = exposure, "passwords in the settings can be read");
                }
                let start = serve::Start {
                    config_file: cli.config,
                    program: serve::own_program(),
                    ..serve::Start::new(config, &cli.data_dir)
                };
                Ok(serve::run(start).await?)
            }
            Command::Demo(_) => Ok(demo::run(config, &cli.data_dir).await?),
            Command::Stats(args) => stats::run(args, &config, &cli.data_dir).await,
            Command::Report(args) => report::run(&args, &config, &cli.data_dir).await,
            Command::Hours(args) => hours::run(&args, &config, &cli.data_dir).await,
            Command::Observe(args) => observe::run(args, &config, &cli.data_dir).await,
            Command::Import(Import::QueueLog(args)) => {
                import::run(args, &config, &cli.data_dir).await
            }
            Command::Import(Import::Cdr(args)) => {
                let records = import::Records::Cdr;
                import::run_records(records, args, &config, &cli.data_dir).await
            }
            Command::Import(Import::Cel(args)) => {
                let records = import::Records::Cel;
                import::run_records(records, args, &config, &cli.data_dir).await
            }
            Command::Import(Import::Calls(args)) => {
                import::calls::run(args, &config, &cli.data_dir).await
            }
            Command::Import(Import::People(args)) => {
                people::run(args, &config, &cli.data_dir).await
            }
            Command::Import(Import::Tickets(args)) => {
                ledger::import(args, &config, &cli.data_dir).await
            }
            Command::Import(Import::Months(args)) => {
                months::run(args, &config, &cli.data_dir).await
            }
            Command::Tickets(ledger::TicketsCommand::Export(args)) => {
                ledger::export(args, &config, &cli.data_dir).await
            }
            Command::Account(command) => account::run(command, &config, &cli.data_dir).await,
            Command::Backup(args) => {
                backup::take(&args, &config, cli.config.as_deref(), &cli.data_dir).await
            }
            Command::Restore(args) => backup::restore(&args, &config, &cli.data_dir).await,
            Command::Doctor(args) => {
                doctor::run(&args, &config, cli.config.as_deref(), &cli.data_dir).await
            }
            Command::Retention(args) => retention::run(&args, &config, &cli.data_dir).await,
            Command::Forget(command) => forget::run(command, &config, &cli.data_dir).await,
            Command::Kb(command) => kb::run(command, &config, &cli.data_dir).await,
            Command::Audit(command) => audit::run(&command, &config, &cli.data_dir).await,
            Command::Staffing(args) => staffing::run(&args),
            Command::ReadManual => read_manual::run(),
            Command::Config(_) => {
                for warning in config.warnings() {
                    print(&format!("注意: {warning}。\n"));
                }
                for shortage in config.shortages() {
                    print(&format!("注意: {shortage}\n"));
                }
                if let Some(fault) = config.certificate_fault() {
                    print(&format!("注意: {fault}\n"));
                }
                print("設定に誤りはありません。\n");
                if let Some(exposure) = exposure {
                    complain(&format!("注意: {exposure}"));
                }
                Ok(())
            }
        }
    });
    // Opening the search may take a minute beside calls; it stands being cut off as by a crash.
    runtime.shutdown_timeout(BACKGROUND_WITHIN);
    done
}
