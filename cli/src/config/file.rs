//! The file of settings: what it sets, what is wrong with it, and what holds in the end.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::check::{Checked, Set, check};
use super::filter;
use super::problem::{Problem, Severity};
use super::schema::{leaves, schema};
use super::settings::Settings;
use crate::exit::{fault, plain};
use crate::output::Screen;

/// The name of the file in the SQLite home.
const NAME: &str = "config.toml";
/// No settings are as long as this; a file that is was not meant as one.
const MOST_BYTES: u64 = 1024 * 1024;

/// The file of settings as it was found.
#[derive(Debug)]
pub(crate) struct ConfigFile {
    pub(crate) path: PathBuf,
    pub(crate) exists: bool,
    pub(crate) problems: Vec<Problem>,
    /// Every setting there is.
    pub(crate) settings: Vec<Setting>,
}

/// One setting, and where its value comes from.
#[derive(Clone, Debug)]
pub(crate) struct Setting {
    pub(crate) section: String,
    pub(crate) key: String,
    pub(crate) value: Value,
    pub(crate) default: Value,
    pub(crate) origin: Origin,
}

/// Where a value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// Nobody has set it.
    Default,
    /// This line of the file.
    File { line: usize },
    /// This environment variable.
    Environment(&'static str),
}

/// A part of the tool that can be switched off as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Feature {
    Goals,
    Logs,
}

impl ConfigFile {
    /// Reads the file of a SQLite home.
    pub(crate) fn read(sqlite_home: &Path) -> ConfigFile {
        let path = sqlite_home.join(NAME);
        let schema = schema();
        let (exists, checked) = match read(&path) {
            Ok(None) => (false, Checked::default()),
            Ok(Some(bytes)) => (true, check_bytes(bytes, &schema)),
            Err(error) => {
                let hint =
                    "make it a file that this user may read, or move it away for the defaults".to_owned();
                let problem = Problem::error(None, format!("cannot be read: {}", plain(&error)), hint);
                (true, Checked { set: Vec::new(), problems: vec![problem] })
            }
        };
        let Checked { set, mut problems } = checked;
        let mut settings = all(&schema, &set);
        if let Err(problem) = override_filter(&mut settings) {
            problems.push(problem);
        }
        ConfigFile { path, exists, problems, settings }
    }

    /// The problems that keep commands from running.
    pub(crate) fn errors(&self) -> impl Iterator<Item = &Problem> {
        self.problems.iter().filter(|problem| problem.severity == Severity::Error)
    }

    /// Tells what is doubtful in the file, and gives the settings, unless something is wrong in it.
    pub(crate) fn settings(&self, screen: &Screen) -> anyhow::Result<Settings> {
        let mut errors = self.errors();
        if let Some(first) = errors.next() {
            let more = match errors.count() {
                0 => String::new(),
                more => format!("; `threadkeep config show` shows this and {more} more"),
            };
            let hint = format!("{}{more}", first.hint.as_deref().unwrap_or_default());
            return Err(fault(first.located(&self.path), hint));
        }
        for warning in &self.problems {
            screen.note(&warning.located(&self.path));
        }
        let mut settings = serde_json::to_value(Settings::default())?;
        for Setting { section, key, value, .. } in &self.settings {
            settings[section][key] = value.clone();
        }
        Ok(serde_json::from_value(settings)?)
    }
}

impl Feature {
    /// The feature that a database is for; the index is no feature.
    pub(crate) fn of_database(label: &str) -> Option<Feature> {
        [Feature::Goals, Feature::Logs].into_iter().find(|feature| feature.key() == label)
    }

    /// Its key in the section `[features]`, which is the label of its database too.
    pub(crate) fn key(self) -> &'static str {
        match self {
            Feature::Goals => "goals",
            Feature::Logs => "logs",
        }
    }
}

impl ConfigFile {
    /// Whether a feature is switched off.
    pub(crate) fn is_off(&self, feature: Feature) -> bool {
        self.switched_off(feature).is_some()
    }

    /// The setting that switches a feature off, where one does.
    fn switched_off(&self, feature: Feature) -> Option<&Setting> {
        let of_feature = |set: &&Setting| set.section == "features" && set.key == feature.key();
        self.settings.iter().find(of_feature).filter(|set| set.value == false)
    }

    /// Refuses to go on where a feature is switched off, and says where that is.
    pub(crate) fn need(&self, feature: Feature) -> anyhow::Result<()> {
        let Some(off) = self.switched_off(feature) else { return Ok(()) };
        let key = feature.key();
        let line = if let Origin::File { line } = off.origin { format!(":{line}") } else { String::new() };
        Err(fault(
            format!("{key} are switched off: features.{key} is false in {}{line}", self.path.display()),
            "set it to true to have them back; nothing was deleted",
        ))
    }
}

/// The bytes of the file; nothing when there is none.
fn read(path: &Path) -> io::Result<Option<Vec<u8>>> {
    // Asked before it is opened: opening a pipe would wait for someone who writes into it.
    match fs::metadata(path) {
        Ok(metadata) if !metadata.is_file() => return Err(io::Error::other("it is not a file")),
        Ok(metadata) if metadata.len() > MOST_BYTES => {
            return Err(io::Error::other("it is longer than 1 MB"));
        }
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound && path.symlink_metadata().is_err() => {
            return Ok(None);
        }
        // The SQLite home is no folder, or none to look into: that is for those to tell who need it.
        Err(error)
            if matches!(error.kind(), io::ErrorKind::NotADirectory | io::ErrorKind::PermissionDenied) =>
        {
            return Ok(None);
        }
        Err(error) => return Err(error),
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(MOST_BYTES).read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}

fn check_bytes(bytes: Vec<u8>, schema: &Value) -> Checked {
    match String::from_utf8(bytes) {
        Ok(text) => check(&text, schema),
        Err(error) => {
            let line =
                error.as_bytes()[..error.utf8_error().valid_up_to()].iter().filter(|b| **b == b'\n').count();
            let message = format!("is not UTF-8 text: line {} has other bytes in it", line + 1);
            let hint = "save it as UTF-8".to_owned();
            Checked { set: Vec::new(), problems: vec![Problem::error(None, message, hint)] }
        }
    }
}

/// The defaults, with what the file sets laid over them.
fn all(schema: &Value, set: &[Set]) -> Vec<Setting> {
    let of = |(section, key): (&str, &str)| {
        let default = schema["properties"][section]["properties"][key]["default"].clone();
        let set = set.iter().find(|set| set.section == section && set.key == key);
        let (value, origin) = match set {
            Some(set) => (set.value.clone(), Origin::File { line: set.place.line }),
            None => (default.clone(), Origin::Default),
        };
        Setting { section: section.to_owned(), key: key.to_owned(), value, default, origin }
    };
    leaves(schema).map(of).collect()
}

/// Lets the environment have the last word about what is logged.
fn override_filter(settings: &mut [Setting]) -> Result<(), Problem> {
    let Some(filter) = std::env::var_os(filter::VARIABLE).filter(|filter| !filter.is_empty()) else {
        return Ok(());
    };
    let filter = filter.to_string_lossy();
    filter::check(&filter).map_err(|why| {
        let message = format!("{} overrides `logs.filter`, and is no filter: {why}", filter::VARIABLE);
        Problem::of_variable(message, format!("set it to {}, or unset it", filter::EXAMPLE))
    })?;
    for setting in settings.iter_mut().filter(|setting| setting.section == "logs" && setting.key == "filter")
    {
        setting.value = filter.as_ref().into();
        setting.origin = Origin::Environment(filter::VARIABLE);
    }
    Ok(())
}
