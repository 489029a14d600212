//! Several homes: a command that only reads answers for each of them.

use serde_json::{Value, json};
use threadkeep_app::dirs::Dirs;
use threadkeep_app::message::private;
use threadkeep_app::settings::ConfigFile;
use threadkeep_app::text::clean;
use threadkeep_app::{Fault, FaultKind, Message};

use crate::command::{Answered, Context, ForHomes, Needs, Run};
use crate::exit::Code;
use crate::output::color::{BOLD, paint};
use crate::output::{Answer, Screen};

/// Answers for homes, each with the screen of its home.
#[derive(Default)]
struct Homes {
    answers: Vec<(Screen, Box<dyn Answer>)>,
    failed: bool,
}

/// Checks that a command can run for all homes that were given.
///
/// # Errors
///
/// Fails if it changes something, or if the homes would share their databases.
pub(super) fn check(command: &dyn Run, screen: &Screen) -> Result<(), Fault> {
    let is_shared =
        || screen.given.sqlite_home.is_some() || std::env::var_os("THREADKEEP_SQLITE_HOME").is_some();
    match command.for_homes() {
        _ if screen.homes.len() < 2 => Ok(()),
        ForHomes::One => {
            Err(Fault::new("this command works on one home at a time", "leave out all but one --home"))
        }
        _ if is_shared() => Err(Fault::new(
            "several homes cannot share one folder for the databases",
            "leave out --sqlite-home, and unset THREADKEEP_SQLITE_HOME",
        )),
        _ => Ok(()),
    }
}

/// Makes the context of a command on the screen's home.
pub(super) fn context(needs: Needs, screen: &Screen) -> Result<Context<'_>, Fault> {
    let dirs = Dirs::find(&screen.given)?;
    let config = ConfigFile::read(&dirs.absolute().sqlite_home);
    let settings = if needs == Needs::Settings { config.settings(screen)? } else { Default::default() };
    Ok(Context { dirs, config, settings, screen })
}

/// Returns the directories of all homes that were given.
pub(super) fn all_dirs(context: &Context<'_>) -> Result<Vec<Dirs>, Fault> {
    match &context.screen.homes[..] {
        [] | [_] => Ok(vec![context.dirs.clone()]),
        several => several.iter().map(|home| Dirs::find(&context.screen.of_home(home).given)).collect(),
    }
}

/// Runs a command for each home. A thread has to be in one of them alone.
pub(super) async fn each(command: &dyn Run, screen: &Screen) -> Answered {
    let mut homes = Homes::default();
    let mut faults = Vec::new();
    let parts = command.parts();
    let parts = if parts.is_empty() { vec![command] } else { parts.iter().map(|part| &**part).collect() };
    for part in parts {
        let (mut unknown, before) = (None, homes.answers.len());
        for home in &screen.homes {
            let screen = screen.of_home(home);
            let answered = match context(part.needs(), &screen) {
                Ok(context) => super::run_past_damage(part, &context).await,
                Err(fault) => Err(fault),
            };
            match answered {
                Ok(answer) => homes.answers.push((screen, answer)),
                Err(fault) if fault.kind == FaultKind::UnknownThread => {
                    unknown.get_or_insert(of_home(&screen, fault));
                }
                Err(fault) => faults.push(of_home(&screen, fault)),
            }
        }
        faults.extend(unknown.filter(|_| homes.answers.len() == before));
    }
    homes.failed = !faults.is_empty();
    let last = if homes.answers.is_empty() { faults.pop() } else { None };
    faults.iter().for_each(|fault| screen.fault(fault));
    last.map_or_else(|| Ok(Box::new(homes) as Box<dyn Answer>), Err)
}

/// Runs something with the first of the homes that knows the thread in question.
pub(super) async fn one_of<T>(
    context: &Context<'_>,
    run: impl AsyncFn(&Context<'_>) -> Result<T, Fault>,
) -> Result<T, Fault> {
    if context.screen.homes.len() < 2 {
        return run(context).await;
    }
    let mut unknown = None;
    for home in &context.screen.homes {
        let screen = context.screen.of_home(home);
        match run(&self::context(Needs::Settings, &screen)?).await {
            Err(fault) if fault.kind == FaultKind::UnknownThread => {
                unknown.get_or_insert(of_home(&screen, fault));
            }
            Err(fault) => return Err(of_home(&screen, fault)),
            found => return found,
        }
    }
    Err(unknown.expect("there are several homes"))
}

/// Puts a fault into words for its home: its commands name that home.
fn of_home(screen: &Screen, mut fault: Fault) -> Fault {
    let of_home = |message: Message| -> Message { (private(screen.render(message)), "").into() };
    fault.hint = fault.hint.map(&of_home);
    fault.message = of_home(fault.message);
    fault
}

impl Homes {
    /// Joins texts, each under the name of its home.
    fn joined(&self, text: impl Fn(&Screen, &dyn Answer) -> String) -> String {
        let named = |(screen, answer): &(Screen, Box<dyn Answer>)| {
            let text = text(screen, &**answer);
            let home = screen.homes.first().map(|home| clean(&home.to_string_lossy()).into_owned());
            if text.is_empty() { text } else { format!("{}\n{text}", paint(BOLD, &home.unwrap_or_default())) }
        };
        let texts = self.answers.iter().map(named).filter(|text| !text.is_empty());
        texts.collect::<Vec<_>>().join("\n")
    }
}

impl Answer for Homes {
    fn json(&self) -> Value {
        let homes = self.answers.iter().map(|(screen, answer)| {
            let mut document = answer.json();
            document["home"] = json!(screen.homes.first());
            document
        });
        json!({ "homes": homes.collect::<Vec<_>>() })
    }

    fn text(&self, _screen: &Screen) -> String {
        self.joined(|screen, answer| {
            let has_aside = !screen.quiet && !screen.is_plain();
            answer.text(screen) + &if has_aside { answer.aside(screen) } else { String::new() }
        })
    }

    fn aside(&self, screen: &Screen) -> String {
        if screen.is_plain() { self.joined(|screen, answer| answer.aside(screen)) } else { String::new() }
    }

    fn code(&self) -> Code {
        let worst = self.answers.iter().map(|(_, answer)| answer.code()).max().unwrap_or(Code::Fine);
        if self.failed { Code::CouldNotRun } else { worst }
    }
}
