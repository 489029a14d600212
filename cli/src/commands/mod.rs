//! The commands. Each makes an answer; the screen prints it.

mod agents;
mod app_server;
mod audit;
mod backfill;
mod candidates;
mod complete_values;
mod completion_scripts;
mod completions;
mod config;
mod device_key;
mod doctor;
mod feedback;
mod goals;
mod homes;
mod keep;
mod logs;
mod machine;
mod memories;
mod problems;
mod repair;
mod resolve;
mod rpc;
mod search;
mod several;
mod snapshot;
mod status;
mod threads;
#[cfg_attr(not(feature = "sentry"), path = "no_upload.rs")]
mod upload;
mod usage;
mod word;

use threadkeep_app::dirs::Dirs;
use threadkeep_app::observer::Observer as _;
use threadkeep_app::own_log::OwnLog;
use threadkeep_app::settings::{ConfigFile, Settings, Snapshots};
use threadkeep_app::telemetry::Telemetry;
use threadkeep_app::{Fault, FaultKind, agents as other_agents, opening, recovered, telemetry};

use crate::args::Command;
use crate::command::{Answered, Context, ForHomes, Needs, Run};
use crate::exit::Code;
use crate::output::Screen;

/// Runs the command, prints its answer or its fault, and logs how it ended.
pub(crate) fn run(command: &Command, screen: &Screen) -> Code {
    // One thread is enough: SQLite, and the search for rollouts and their reading, have threads of
    // their own.
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return refuse(&error.into(), screen, None),
    };
    let mut after = After::default();
    let answered = runtime.block_on(answer(command, screen, &mut after));
    let After { log, snapshots, telemetry, changed } = after;
    note_recoveries(screen);
    let code = match answered {
        Ok(answer) => {
            let mut code = screen.answer(&*answer).unwrap_or_else(|fault| {
                screen.fault(&fault);
                Code::CouldNotRun
            });
            // The answer may be all that is known of the change.
            if let Some(dirs) = changed
                && let Err(fault) = runtime.block_on(other_agents::check_unmoved(&dirs, &screen.given))
            {
                screen.fault(&fault);
                code = Code::CouldNotRun;
            }
            if let Some(log) = &log {
                log.done(code as u8, &answer.done(), answer.thread());
            }
            code
        }
        Err(fault) => refuse(&fault, screen, log.as_ref()),
    };
    if let Some(log) = log {
        runtime.block_on(log.end());
        // The log itself may have been damaged.
        note_recoveries(screen);
    }
    // Last, so that nothing has to wait for it.
    if let Some((dirs, settings)) = snapshots.filter(|_| code != Code::CouldNotRun) {
        runtime.block_on(snapshot::daily(&dirs, &settings, screen));
    }
    telemetry.end();
    // A question that is never answered must not keep the process alive.
    runtime.shutdown_background();
    code
}

/// Notes which databases were made again.
fn note_recoveries(screen: &Screen) {
    for note in recovered::take() {
        screen.note(&note);
    }
}

/// Prints and logs why a command could not run.
fn refuse(fault: &Fault, screen: &Screen, log: Option<&OwnLog>) -> Code {
    screen.fault(fault);
    // Nothing is written to a folder that belongs to another program.
    if let Some(log) = log.filter(|_| fault.kind != FaultKind::Foreign) {
        log.failed(Code::CouldNotRun as u8, fault);
    }
    Code::CouldNotRun
}

/// Parts of a run that end after the command.
#[derive(Default)]
struct After {
    log: Option<OwnLog>,
    /// Directories for which the daily snapshots are due.
    snapshots: Option<(Dirs, Snapshots)>,
    telemetry: Telemetry,
    /// Directories in which the command has changed something.
    changed: Option<Dirs>,
}

/// Runs the command. Starts what ends after it.
async fn answer(command: &Command, screen: &Screen, after: &mut After) -> Answered {
    let command = of(command);
    homes::check(&*command, screen)?;
    let is_for_each = screen.homes.len() > 1 && command.for_homes() == ForHomes::Each;
    let dirs = match Dirs::find(&screen.given) {
        Err(_) if command.needs() == Needs::Nothing => Dirs::default(),
        found => found?,
    };
    let config = ConfigFile::read(&dirs.absolute().sqlite_home);
    if is_for_each && command.needs() == Needs::Dirs {
        return homes::each(&*command, screen).await;
    }
    if command.needs() != Needs::Settings {
        return command.run(&Context { dirs, config, settings: Settings::default(), screen }).await;
    }
    let settings = config.settings(screen)?;
    command.feature().map_or(Ok(()), |feature| config.need(feature))?;
    if command.needs_some_home(&dirs) && !dirs.sqlite_home.is_dir() {
        dirs.agent_home()?;
    }
    after.log = OwnLog::start(&dirs, &settings, command.logged());
    after.telemetry = telemetry::start(command.owner());
    if command.logged().is_some() && settings.snapshots.daily {
        after.snapshots = Some((dirs.clone(), settings.snapshots.clone()));
    }
    if is_for_each {
        return homes::each(&*command, screen).await;
    }
    let context = Context { dirs, config, settings, screen };
    let answer = run_past_damage(&*command, &context).await?;
    if command.logged().is_some() && answer.changed() {
        after.changed = Some(context.dirs);
    }
    Ok(answer)
}

/// Runs the command, and runs it once more after it has met damage that could be repaired. A large
/// database that was closed cleanly is not checked before that.
async fn run_past_damage(command: &dyn Run, context: &Context<'_>) -> Answered {
    match command.run(context).await {
        Err(fault) if fault.kind == FaultKind::Damaged && opening::recover(&context.dirs).await => {
            command.run(context).await
        }
        answered => answered,
    }
}

fn of(command: &Command) -> Box<dyn Run + '_> {
    match command {
        Command::Backfill(args) => Box::new(backfill::Backfill(args)),
        Command::Audit(args) => Box::new(audit::Audit(args)),
        Command::Agents(args) => agents::of(args),
        Command::Keep(args) => Box::new(keep::Keep(args)),
        Command::Kept(args) => keep::of(args),
        Command::Goals(args) => goals::of(&args.command),
        Command::Memories(args) => memories::of(args),
        Command::DeviceKey(args) => device_key::of(args),
        Command::Logs(args) => Box::new(logs::Logs(args)),
        Command::Threads(args) => threads::of(args),
        Command::Search(args) => Box::new(search::Search(args)),
        Command::Usage(args) => Box::new(usage::Usage(args)),
        Command::Config(args) => Box::new(config::Config(&args.command)),
        Command::Feedback(args) => Box::new(feedback::Feedback(args)),
        Command::Status => Box::new(status::Status),
        Command::Doctor(args) => Box::new(doctor::Doctor(args)),
        Command::Repair(args) => Box::new(repair::Repair(args)),
        Command::Snapshot => Box::new(snapshot::Snapshot),
        Command::AppServer(args) => app_server::of(args),
        Command::Rpc(args) => Box::new(rpc::Rpc(args)),
        Command::Completions { shell } => Box::new(completions::Completions(*shell)),
        Command::CompleteValues { kind, described } => {
            Box::new(complete_values::CompleteValues { kind: *kind, described: *described })
        }
    }
}
