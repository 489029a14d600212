//! The commands. Each makes an answer; printing it is the screen's business.

mod audit;
mod backfill;
mod completions;
mod config;
mod goal_edit;
mod goal_sheet;
mod goal_store;
mod goal_text;
mod goals;
mod log_line;
mod logs;
mod problems;
mod resolve;
mod sandbox;
mod status;
mod status_figures;
mod status_sheet;
mod threads_close;
mod threads_delete;
mod threads_edit;
mod threads_list;
mod threads_show;
mod threads_table;
mod threads_tree;
mod tree_drawing;

use crate::args::{Cli, Command, GoalsCommand, ThreadsArgs, ThreadsCommand};
use crate::config::{ConfigFile, Feature, Settings};
use crate::exit::{Code, Fault, fault, is_foreign, thread_of};
use crate::homes::Homes;
use crate::output::{Answer, Screen};
use crate::own_log::OwnLog;
use crate::telemetry;
use threads_close::Change;
use threads_edit::Edit;

/// Runs the command, prints its answer or its fault, and logs how it went.
pub(crate) fn run(cli: &Cli, screen: &Screen) -> Code {
    // One thread is enough: SQLite, the reading of rollouts and the looking for them have threads of their own.
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return refuse(&error.into(), screen, None),
    };
    let mut log = None;
    let answered = runtime.block_on(answer(cli, screen, &mut log));
    let printed = answered.and_then(|answer| Ok((screen.answer(&*answer)?, answer)));
    let code = match printed {
        Ok((code, answer)) => {
            if let Some(log) = &log {
                log.went(code, &*answer);
            }
            code
        }
        Err(error) => refuse(&error, screen, log.as_ref()),
    };
    if let Some(log) = log {
        runtime.block_on(log.end());
    }
    // A person who never answers a question must not keep the process alive.
    runtime.shutdown_background();
    code
}

/// Says and logs why a command could not do what it was asked.
fn refuse(error: &anyhow::Error, screen: &Screen, log: Option<&OwnLog>) -> Code {
    let fault = Fault::of(error, screen);
    screen.fault(&fault);
    // In a folder that belongs to another program nothing is left.
    if let Some(log) = log.filter(|_| !is_foreign(error)) {
        log.failed(&fault, thread_of(error));
    }
    Code::CouldNotRun
}

async fn answer(cli: &Cli, screen: &Screen, log: &mut Option<OwnLog>) -> anyhow::Result<Box<dyn Answer>> {
    if let Command::Completions { shell } = &cli.command {
        return Ok(Box::new(completions::Script::of(*shell)));
    }
    let homes = Homes::find(&cli.global)?;
    let file = ConfigFile::read(&homes.absolute().sqlite_home);
    match &cli.command {
        Command::Config(args) => return Ok(Box::new(config::Config::of(&args.command, file))),
        Command::Status => return Ok(Box::new(status::status(&homes, file, screen).await)),
        _ => {}
    }
    let settings = file.settings(screen)?;
    match &cli.command {
        Command::Goals(_) => file.need(Feature::Goals)?,
        Command::Logs(_) => file.need(Feature::Logs)?,
        _ => {}
    }
    need_some_home(&cli.command, &homes)?;
    *log = OwnLog::start(&homes, &settings, logged_name(&cli.command));
    telemetry::start();
    Ok(match &cli.command {
        Command::Backfill(args) => Box::new(backfill::backfill(&homes, args, screen).await?),
        Command::Audit(args) => Box::new(audit::audit(&homes, args, screen).await?),
        Command::Goals(args) => Box::new(goals::goals(&homes, &args.command, screen).await?),
        Command::Logs(args) => Box::new(logs::logs(&homes, args, &settings, screen).await?),
        Command::Threads(args) => threads(&homes, args, &settings, screen).await?,
        Command::Config(args) => Box::new(config::Config::of(&args.command, file)),
        Command::Status => Box::new(status::status(&homes, file, screen).await),
        Command::Completions { shell } => Box::new(completions::Script::of(*shell)),
    })
}

/// What a command is called in the log; nothing for one that only reads, which leaves no trace.
fn logged_name(command: &Command) -> Option<&'static str> {
    Some(match command {
        Command::Backfill(_) => "backfill",
        Command::Audit(args) if args.repair => "audit --repair",
        Command::Threads(args) => match args.command.as_ref()? {
            ThreadsCommand::Rename { .. } => "threads rename",
            ThreadsCommand::Archive { .. } => "threads archive",
            ThreadsCommand::Unarchive { .. } => "threads unarchive",
            ThreadsCommand::Memory { .. } => "threads memory",
            ThreadsCommand::Close { .. } => "threads close",
            ThreadsCommand::Resume { .. } => "threads resume",
            ThreadsCommand::Delete { .. } => "threads delete",
            ThreadsCommand::Show { .. } | ThreadsCommand::Tree(_) => return None,
        },
        Command::Goals(args) => match &args.command {
            GoalsCommand::Set(_) => "goals set",
            GoalsCommand::Pause { .. } => "goals pause",
            GoalsCommand::Resume { .. } => "goals resume",
            GoalsCommand::Complete { .. } => "goals complete",
            GoalsCommand::Clear { .. } => "goals clear",
            GoalsCommand::Account(_) => "goals account",
            GoalsCommand::List { .. } | GoalsCommand::Get { .. } => return None,
        },
        _ => return None,
    })
}

async fn threads(
    homes: &Homes,
    args: &ThreadsArgs,
    settings: &Settings,
    screen: &Screen,
) -> anyhow::Result<Box<dyn Answer>> {
    Ok(match &args.command {
        None => Box::new(threads_list::list(homes, &args.list, settings, screen).await?),
        Some(ThreadsCommand::Show { id, no_refresh }) => {
            Box::new(threads_show::show(homes, id, *no_refresh, settings, screen).await?)
        }
        Some(ThreadsCommand::Tree(args)) => Box::new(threads_tree::tree(homes, args, screen).await?),
        Some(ThreadsCommand::Close { id }) => {
            Box::new(threads_close::change(homes, Change::Close, id, screen).await?)
        }
        Some(ThreadsCommand::Resume { id }) => {
            Box::new(threads_close::change(homes, Change::Resume, id, screen).await?)
        }
        Some(ThreadsCommand::Rename { id, name, .. }) => {
            let edit = Edit::Rename(name.as_deref());
            Box::new(threads_edit::edit(homes, id, edit, settings, screen).await?)
        }
        Some(ThreadsCommand::Archive { id }) => {
            Box::new(threads_edit::edit(homes, id, Edit::Archive, settings, screen).await?)
        }
        Some(ThreadsCommand::Unarchive { id }) => {
            Box::new(threads_edit::edit(homes, id, Edit::Unarchive, settings, screen).await?)
        }
        Some(ThreadsCommand::Memory { id, mode }) => {
            Box::new(threads_edit::edit(homes, id, Edit::Memory(*mode), settings, screen).await?)
        }
        Some(ThreadsCommand::Delete { id, yes }) => {
            Box::new(threads_delete::delete(homes, id, *yes, screen).await?)
        }
    })
}

/// Refuses to look for goals and logs, or to make any, in a home that is not there: it was mistyped. Databases that were named
/// by themselves are made wherever that is.
fn need_some_home(command: &Command, homes: &Homes) -> anyhow::Result<()> {
    let needs_no_threads = match command {
        Command::Goals(args) => {
            let only_reads = matches!(args.command, GoalsCommand::List { .. } | GoalsCommand::Get { .. });
            only_reads || homes.sqlite_home.starts_with(&homes.home)
        }
        Command::Logs(_) => true,
        _ => false,
    };
    if needs_no_threads && !homes.sqlite_home.is_dir() {
        homes.agent_home()?;
    }
    Ok(())
}

fn no_index(homes: &Homes) -> anyhow::Error {
    fault(
        format!("there is no index in {}", homes.sqlite_home.display()),
        "`threadkeep backfill` makes it from the rollouts",
    )
}
