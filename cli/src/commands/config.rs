//! `config show|path|schema`: the settings, their path, and their schema.

use async_trait::async_trait;
use serde_json::{Value, json};
use threadkeep_app::Observer as _;
use threadkeep_app::settings::{ConfigFile, Feature, Origin, Problem, Setting, Severity, schema};
use threadkeep_app::text::{clean, width};

use crate::args::ConfigCommand;
use crate::command::{Answered, Context, Needs, Run};
use crate::exit::Code;
use crate::output::color::{BOLD, DIM, GREEN, RED, YELLOW, paint};
use crate::output::{Answer, Screen};

/// The command.
pub(super) struct Config<'a>(pub(super) &'a ConfigCommand);

/// Answer of `config`.
enum Settings {
    Show(ConfigFile),
    Path(ConfigFile),
    Schema(Value),
}

#[async_trait(?Send)]
impl Run for Config<'_> {
    fn needs(&self) -> Needs {
        Needs::Dirs
    }

    async fn run(&self, Context { config, .. }: &Context<'_>) -> Answered {
        Ok(Box::new(match self.0 {
            ConfigCommand::Show => Settings::Show(config.clone()),
            ConfigCommand::Path => Settings::Path(config.clone()),
            ConfigCommand::Schema => Settings::Schema(schema()),
        }))
    }
}

impl Answer for Settings {
    fn json(&self) -> Value {
        match self {
            Settings::Show(file) => json!({
                "path": file.path.display().to_string(),
                "exists": file.exists,
                "settings": file.settings.iter().map(|setting| json_of(setting, file)).collect::<Vec<_>>(),
                "problems": file.problems.iter().map(Problem::json).collect::<Vec<_>>(),
            }),
            Settings::Path(file) => json!({ "path": file.path.display().to_string(), "exists": file.exists }),
            Settings::Schema(schema) => schema.clone(),
        }
    }

    fn text(&self, screen: &Screen) -> String {
        match self {
            Settings::Show(file) => show(file, screen),
            Settings::Path(file) => {
                // The path stands alone, so that it can be given to another command.
                if !file.exists && !screen.quiet {
                    screen.note(&"no config.toml; all defaults apply".into());
                }
                format!("{}\n", clean(&file.path.display().to_string()))
            }
            Settings::Schema(schema) => format!("{schema:#}\n"),
        }
    }

    fn code(&self) -> Code {
        match self {
            Settings::Show(file) if file.errors().next().is_some() => Code::Problems,
            _ => Code::Fine,
        }
    }
}

/// Returns why the settings of a section have no effect.
fn not_in_effect(section: &str, file: &ConfigFile) -> Option<&'static str> {
    match section {
        "logs" if file.is_off(Feature::Logs) => Some("not in effect: features.logs is false"),
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

/// Renders the settings as they could stand in the file, each with its source, and the problems of
/// the file.
fn show(file: &ConfigFile, screen: &Screen) -> String {
    let missing = if file.exists { "" } else { ": no such file, all defaults apply" };
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
    text + &problems(file, screen)
}

fn problems(file: &ConfigFile, screen: &Screen) -> String {
    let mut text = String::new();
    for problem in &file.problems {
        let (style, word) = match problem.severity {
            Severity::Error => (RED, "error"),
            Severity::Warning => (YELLOW, "warning"),
        };
        let said = screen.render(problem.located(&file.path));
        text.push_str(&format!("\n{} {said}\n", paint(style, &format!("{word}:"))));
        if let Some(hint) = &problem.hint {
            text.push_str(&format!("  {} {}\n", paint(BOLD, "hint:"), hint.render(&screen.given)));
        }
    }
    if file.errors().next().is_some() {
        text.push_str(
            "\nUntil this is corrected, only agents, completions, config, doctor, feedback, kept, repair and \
             status run.\n",
        );
    }
    text
}
