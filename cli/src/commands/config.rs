//! `config show|path|schema`: the settings, where they are, and what can be set.

use serde_json::{Value, json};

use crate::args::ConfigCommand;
use crate::config::{ConfigFile, Feature, NOT_IN_EFFECT, Origin, Problem, Setting, Severity, schema};
use crate::exit::Code;
use crate::output::color::{BOLD, DIM, GREEN, RED, YELLOW, paint};
use crate::output::text::{clean, width};
use crate::output::{Answer, Screen};

/// What `config` answers.
pub(super) enum Config {
    Show(ConfigFile),
    Path(ConfigFile),
    Schema(Value),
}

impl Config {
    pub(super) fn of(command: &ConfigCommand, file: ConfigFile) -> Config {
        match command {
            ConfigCommand::Show => Config::Show(file),
            ConfigCommand::Path => Config::Path(file),
            ConfigCommand::Schema => Config::Schema(schema()),
        }
    }
}

impl Answer for Config {
    fn json(&self) -> Value {
        match self {
            Config::Show(file) => json!({
                "path": file.path.display().to_string(),
                "exists": file.exists,
                "settings": file.settings.iter().map(|setting| json_of(setting, file)).collect::<Vec<_>>(),
                "problems": file.problems.iter().map(Problem::json).collect::<Vec<_>>(),
            }),
            Config::Path(file) => json!({ "path": file.path.display().to_string(), "exists": file.exists }),
            Config::Schema(schema) => schema.clone(),
        }
    }

    fn text(&self, screen: &Screen) -> String {
        match self {
            Config::Show(file) => show(file),
            Config::Path(file) => {
                // Nothing beside it, so that it can be given to another command.
                if !file.exists && !screen.quiet {
                    screen.note("it is not there: everything is as by default");
                }
                format!("{}\n", clean(&file.path.display().to_string()))
            }
            Config::Schema(schema) => format!("{schema:#}\n"),
        }
    }

    fn code(&self) -> Code {
        match self {
            Config::Show(file) if file.errors().next().is_some() => Code::Problems,
            _ => Code::Fine,
        }
    }
}

/// Why nothing heeds the settings of a section, whatever they are.
fn not_in_effect(section: &str, file: &ConfigFile) -> Option<&'static str> {
    match section {
        "logs" if file.is_off(Feature::Logs) => Some("not in effect: features.logs is false"),
        section if NOT_IN_EFFECT.contains(&section) => {
            Some("not in effect yet: the memory pipeline is not built")
        }
        _ => None,
    }
}

fn json_of(setting: &Setting, file: &ConfigFile) -> Value {
    let (source, line) = match setting.origin {
        Origin::Default => ("default", None),
        Origin::File { line } => ("file", Some(line)),
        Origin::Environment(_) => ("environment", None),
    };
    json!({
        "key": format!("{}.{}", setting.section, setting.key),
        "value": setting.value,
        "default": setting.default,
        "source": source,
        "line": line,
        "in_effect": not_in_effect(&setting.section, file).is_none(),
    })
}

/// The settings as they could stand in the file, each with where it comes from; and what is wrong in the file.
fn show(file: &ConfigFile) -> String {
    let missing = if file.exists { "" } else { ": not there, everything is as by default" };
    let path = clean(&file.path.display().to_string()).into_owned();
    let mut text = paint(DIM, &format!("# {path}{missing}")) + "\n";
    let line = |setting: &Setting| format!("{} = {}", setting.key, clean(&setting.value.to_string()));
    let room = file.settings.iter().map(|setting| width(&line(setting))).max().unwrap_or(0);
    for section in file.settings.chunk_by(|one, other| one.section == other.section) {
        let name = section.first().map(|setting| setting.section.as_str()).unwrap_or_default();
        let remark = not_in_effect(name, file).map(|why| format!("  # {why}")).unwrap_or_default();
        text.push_str(&format!("\n{}{}\n", paint(BOLD, &format!("[{name}]")), paint(DIM, &remark)));
        for setting in section {
            let origin = match setting.origin {
                Origin::Default => paint(DIM, "# default"),
                Origin::File { line } => paint(GREEN, &format!("# line {line}")),
                Origin::Environment(variable) => paint(GREEN, &format!("# {variable}")),
            };
            let line = line(setting);
            let gap = " ".repeat(room - width(&line) + 2);
            text.push_str(&format!("{line}{gap}{origin}\n"));
        }
    }
    text + &problems(file)
}

fn problems(file: &ConfigFile) -> String {
    let mut text = String::new();
    for problem in &file.problems {
        let (style, word) = match problem.severity {
            Severity::Error => (RED, "error"),
            Severity::Warning => (YELLOW, "warning"),
        };
        let said = clean(&problem.located(&file.path)).into_owned();
        text.push_str(&format!("\n{} {said}\n", paint(style, &format!("{word}:"))));
        if let Some(hint) = &problem.hint {
            text.push_str(&format!("  {} {}\n", paint(BOLD, "hint:"), clean(hint)));
        }
    }
    if file.errors().next().is_some() {
        text.push_str("\nUntil this is mended, only config, status and completions run.\n");
    }
    text
}
