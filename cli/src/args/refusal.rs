//! A command line that cannot be read, in our form of an error.

use std::error::Error;
use std::num::ParseIntError;

use clap::CommandFactory as _;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use threadkeep_app::message::typed;
use threadkeep_app::typo::nearest;
use threadkeep_app::{Fault, Message, command};

use super::Cli;

/// Commands that no typo may lead to.
const DESTRUCTIVE: [&str; 2] = ["delete", "clear"];

/// Puts what is wrong with the command line into our form of an error.
pub(crate) fn fault(error: &clap::Error) -> Fault {
    let message = match (error.kind(), text_of(error, ContextKind::InvalidArg)) {
        (ErrorKind::InvalidSubcommand, _) => {
            let word = text_of(error, ContextKind::InvalidSubcommand).unwrap_or_default();
            ("there is no command ", typed(&word)).into()
        }
        (ErrorKind::UnknownArgument, Some(word)) if word.starts_with('-') => {
            ("there is no option ", typed(&word)).into()
        }
        (ErrorKind::UnknownArgument, Some(word)) => ("one word too many: ", typed(&word)).into(),
        (ErrorKind::InvalidValue | ErrorKind::ValueValidation, Some(argument)) => {
            let argument = typed(name_of(&argument));
            match text_of(error, ContextKind::InvalidValue).filter(|value| !value.is_empty()) {
                Some(value) => (typed(&value), " is no value for ", argument).into(),
                None => (argument, " needs a value").into(),
            }
        }
        (ErrorKind::TooManyValues, Some(option)) => (typed(name_of(&option)), " takes no value").into(),
        (ErrorKind::ArgumentConflict, Some(argument)) => {
            let others = texts_of(error, ContextKind::PriorArg);
            let others = others.iter().map(|other| format!("`{}`", name_of(other))).collect::<Vec<_>>();
            (typed(name_of(&argument)), format!(" cannot be used with {}", others.join(" and "))).into()
        }
        (ErrorKind::MissingSubcommand, _) => "the command is missing".into(),
        (ErrorKind::MissingRequiredArgument, _) => {
            let missing = texts_of(error, ContextKind::InvalidArg);
            format!("{} {} missing", missing.join(" and "), if missing.len() == 1 { "is" } else { "are" })
                .into()
        }
        _ => Message::from(said(error)),
    };
    Fault::new(message, meant(error).unwrap_or_else(|| usage(error)))
}

/// Returns the way to type the command.
fn usage(error: &clap::Error) -> Message {
    let usage = error.get(ContextKind::Usage).map(|usage| usage.to_string().trim().to_owned());
    // clap names the program by its file.
    match usage.as_deref().and_then(|usage| usage.strip_prefix("Usage: ")?.split_once(' ')) {
        Some((_, usage)) => format!("usage: threadkeep {usage}").into(),
        None => "the same command with --help explains it".into(),
    }
}

/// Returns the option or argument without its value: `--cwd` of `--cwd <DIR>`, `NAME` of `[NAME]`.
fn name_of(argument: &str) -> &str {
    argument.split(' ').next().unwrap_or(argument).trim_matches(['[', ']', '<', '>', '.'])
}

/// Returns clap's own words. A missing argument is named below the first line.
fn said(error: &clap::Error) -> String {
    let text = error.to_string();
    let lines = text.lines().map(str::trim).take_while(|line| !line.is_empty());
    let said = lines.collect::<Vec<_>>().join(" ");
    said.strip_prefix("error: ").unwrap_or(&said).to_owned()
}

fn text_of(error: &clap::Error, kind: ContextKind) -> Option<String> {
    match error.get(kind)? {
        ContextValue::String(text) => Some(text.clone()),
        _ => None,
    }
}

fn texts_of(error: &clap::Error, kind: ContextKind) -> Vec<String> {
    match error.get(kind) {
        Some(ContextValue::Strings(texts)) => texts.clone(),
        Some(ContextValue::String(text)) => vec![text.clone()],
        _ => Vec::new(),
    }
}

/// Returns what was probably meant.
fn meant(error: &clap::Error) -> Option<Message> {
    match error.kind() {
        ErrorKind::InvalidSubcommand => {
            meant_command(&text_of(error, ContextKind::InvalidSubcommand)?, &commands_of(error))
        }
        ErrorKind::UnknownArgument => {
            if let Some(option) = text_of(error, ContextKind::SuggestedArg) {
                return Some(format!("`{option}` is an option").into());
            }
            let word = text_of(error, ContextKind::InvalidArg)?;
            if let Some(other) = command_with(&word, &commands_of(error)) {
                return Some((format!("`{word}` is an option of "), command(&other)).into());
            }
            // clap offers `--` where a word can stand.
            error.get(ContextKind::Suggested)?;
            Some(("as a name or an id, type it after two dashes: ", typed(&format!("-- {word}"))).into())
        }
        ErrorKind::TooManyValues => {
            let option = text_of(error, ContextKind::InvalidArg)?;
            Some(("type ", typed(name_of(&option)), " alone").into())
        }
        ErrorKind::InvalidValue => match error.get(ContextKind::ValidValue)? {
            ContextValue::Strings(values) if !values.is_empty() => {
                Some(format!("type one of {}", values.join(", ")).into())
            }
            _ => None,
        },
        ErrorKind::ValueValidation => Some(expected(error.source()?).into()),
        ErrorKind::ArgumentConflict if error.get(ContextKind::PriorArg).is_some() => {
            Some("leave out one of them".into())
        }
        _ => None,
    }
}

/// Returns the values that would do, from the reason why one does not.
fn expected(reason: &(dyn Error + 'static)) -> String {
    let said = reason.to_string();
    if reason.is::<ParseIntError>() {
        return "give a whole number".to_owned();
    }
    if reason.is::<uuid::Error>() {
        return "give a whole id".to_owned();
    }
    match said.split_once(" is not in ").and_then(|(_, range)| range.split_once("..")) {
        Some((least, most)) if most.len() < u32::MAX.to_string().len() => {
            format!("give a number from {least} to {}", most.trim_start_matches('='))
        }
        // The type's greatest number means nothing to a person.
        Some((least, _)) => format!("give a number from {least}"),
        None => said,
    }
}

/// Returns the commands that the command line has, from the top: `agents add`.
fn commands_of(error: &clap::Error) -> Vec<String> {
    let usage = error.get(ContextKind::Usage).map(ToString::to_string).unwrap_or_default();
    let words = usage.trim().trim_start_matches("Usage: ").split_whitespace().skip(1);
    words.take_while(|word| word.starts_with(|c: char| c.is_ascii_lowercase())).map(str::to_owned).collect()
}

/// Returns the command next to another that has an option.
fn command_with(option: &str, commands: &[String]) -> Option<String> {
    let name = option.strip_prefix("--")?.split('=').next()?;
    let [group, used] = commands else { return None };
    let cli = Cli::command();
    let mut others = cli.find_subcommand(group)?.get_subcommands().filter(|other| other.get_name() != used);
    let other = others.find(|other| other.get_arguments().any(|arg| arg.get_long() == Some(name)))?;
    Some(format!("{group} {}", other.get_name()))
}

/// Returns what was probably meant by a command that does not exist. Never its opposite, nor a
/// command that destroys something.
fn meant_command(word: &str, commands: &[String]) -> Option<Message> {
    let group = commands.first().map_or("", String::as_str);
    Some(match word {
        "list" | "ls" | "show" if group == "agents" => (command("agents"), " lists the agents").into(),
        "rm" | "delete" | "forget" | "clear" if group == "agents" => {
            (command("agents --help"), " lists the commands for agents").into()
        }
        "list" | "ls" | "sessions" | "session" => (command("threads"), " lists threads").into(),
        "show" => (command("threads show"), " shows a thread, ", command("goals get"), " its goal").into(),
        "find" | "grep" | "history" => (command("search WORDS"), " finds what was said in threads").into(),
        "cost" | "costs" | "tokens" | "stats" => (command("usage"), " adds up the tokens").into(),
        "resume" | "continue" | "open" => (
            "`codex resume ID` continues a conversation; ",
            command("threads reopen ID"),
            " reopens a closed thread",
        )
            .into(),
        "undelete" | "recover" => (command("threads restore ID"), " restores a deleted thread").into(),
        "remove" | "rm" | "delete" | "unset" | "clear" => {
            let (threads, goals) = (command("threads --help"), command("goals --help"));
            (threads, " and ", goals, " list the commands for threads and for goals").into()
        }
        "version" => (command("--version"), " prints the version").into(),
        word => return nearest_command(word, group),
    })
}

fn nearest_command(word: &str, group: &str) -> Option<Message> {
    let cli = Cli::command();
    let below = |name: &'static str| {
        let commands = cli.find_subcommand(name).into_iter().flat_map(clap::Command::get_subcommands);
        commands.map(move |command| (format!("{name} {}", command.get_name()), command.get_name().to_owned()))
    };
    let top =
        cli.get_subcommands().map(|command| (command.get_name().to_owned(), command.get_name().to_owned()));
    let all: Vec<(String, String)> =
        top.chain(["threads", "goals", "config", "agents"].into_iter().flat_map(below)).collect();
    if let Some((exact, _)) = all.iter().find(|(_, name)| name == word) {
        return Some((command(exact), " is the command").into());
    }
    let is_harmless = |name: &str| {
        !DESTRUCTIVE.contains(&name)
            && name.starts_with("un") == word.starts_with("un")
            && !is_hidden(&cli, name)
    };
    let is_of_group = |whole: &str| whole.strip_prefix(group).is_some_and(|rest| rest.starts_with(' '));
    let (near_group, others): (Vec<_>, Vec<_>) =
        all.iter().filter(|(_, name)| is_harmless(name)).partition(|(whole, _)| is_of_group(whole));
    let near = |known: Vec<&(String, String)>| {
        let near = nearest(word, known.iter().map(|(_, name)| name.as_str()))?;
        known.iter().find(|(_, name)| name == near).map(|(whole, _)| whole.clone())
    };
    let whole = near(near_group).or_else(|| near(others))?;
    Some(("did you mean ", command(&whole), "?").into())
}

fn is_hidden(cli: &clap::Command, name: &str) -> bool {
    cli.find_subcommand(name).is_some_and(clap::Command::is_hide_set)
}
