//! The file of settings: what it sets, its problems, and the settings in effect.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::Value;
use threadkeep_rollout::untouched;

use super::check::{Checked, Set, check};
use super::filter;
use super::problem::{Problem, Severity};
use super::schema::{leaves, schema};
use super::values::Settings;
use crate::fault::Fault;
use crate::message::command;
use crate::messages::of_io;
use crate::observer::Observer;

/// Name of the file in the SQLite home.
const NAME: &str = "config.toml";
/// No settings are as long as this; a file that is was not meant as one.
const MOST_BYTES: u64 = 1024 * 1024;

/// The file of settings as it was found.
#[derive(Clone, Debug)]
pub struct ConfigFile {
    /// Path, whether or not the file exists.
    pub path: PathBuf,
    /// True if the file exists.
    pub exists: bool,
    /// Problems, in the order of the file.
    pub problems: Vec<Problem>,
    /// All settings.
    pub settings: Vec<Setting>,
}

/// One setting, and where its value comes from.
#[derive(Clone, Debug)]
pub struct Setting {
    /// Section, such as `logs`.
    pub section: String,
    /// Key in its section.
    pub key: String,
    /// Value in effect.
    pub value: Value,
    /// Value without a file.
    pub default: Value,
    /// Source of the value.
    pub origin: Origin,
}

/// Source of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Nothing sets it.
    Default,
    /// The file.
    File {
        /// Line, from 1.
        line: usize,
    },
    /// This environment variable.
    Environment(&'static str),
}

/// A part of the tool that can be switched off as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Feature {
    /// Goals of threads.
    Goals,
    /// Logs.
    Logs,
    /// Making memories of threads.
    Memories,
}

impl ConfigFile {
    /// Reads the file of a SQLite home.
    pub fn read(sqlite_home: &Path) -> ConfigFile {
        let path = sqlite_home.join(NAME);
        let schema = schema();
        let (exists, checked) = match read(&path) {
            Ok(None) => (false, Checked::default()),
            Ok(Some(bytes)) => (true, check_bytes(bytes, &schema)),
            Err(error) => {
                let hint = "make it a file that this user may read, or move it away for the defaults";
                let problem = Problem::error(None, format!("cannot be read: {}", of_io(&error)), hint);
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

    /// Iterates over the problems that keep commands from running.
    pub fn errors(&self) -> impl Iterator<Item = &Problem> {
        self.problems.iter().filter(|problem| problem.severity == Severity::Error)
    }

    /// Returns the settings, and notes what is doubtful in the file.
    ///
    /// # Errors
    ///
    /// Fails if the file has an error.
    pub fn settings(&self, observer: &dyn Observer) -> Result<Settings, Fault> {
        let mut errors = self.errors();
        if let Some(first) = errors.next() {
            let hint = first.hint.clone().unwrap_or_default();
            let hint = match errors.count() {
                0 => hint,
                more => hint.append(("; ", command("config show"), format!(" shows this and {more} more"))),
            };
            return Err(Fault::new(first.located(&self.path), hint));
        }
        for warning in &self.problems {
            observer.note(&warning.located(&self.path));
        }
        let unreadable = |error: serde_json::Error| Fault::plain(&error);
        let mut settings = serde_json::to_value(Settings::default()).map_err(unreadable)?;
        for Setting { section, key, value, .. } in &self.settings {
            settings[section][key] = value.clone();
        }
        serde_json::from_value(settings).map_err(unreadable)
    }

    /// Returns true if a feature is switched off.
    pub fn is_off(&self, feature: Feature) -> bool {
        self.switched_off(feature).is_some()
    }

    /// Finds the setting that switches a feature off.
    fn switched_off(&self, feature: Feature) -> Option<&Setting> {
        let of_feature = |set: &&Setting| set.section == "features" && set.key == feature.key();
        self.settings.iter().find(of_feature).filter(|set| set.value == false)
    }

    /// Checks that a feature is switched on.
    ///
    /// # Errors
    ///
    /// Fails if it is off, and says where that is set.
    pub fn need(&self, feature: Feature) -> Result<(), Fault> {
        let Some(off) = self.switched_off(feature) else { return Ok(()) };
        let key = feature.key();
        if off.origin == Origin::Default {
            return Err(Fault::new(
                format!("{key} are switched off, as they are by default"),
                format!("write `{key} = true` in the section [features] of {}", self.path.display()),
            ));
        }
        let line = if let Origin::File { line } = off.origin { format!(":{line}") } else { String::new() };
        Err(Fault::new(
            format!("{key} are switched off: features.{key} is false in {}{line}", self.path.display()),
            "set it to true to switch them on; nothing was deleted",
        ))
    }
}

impl Feature {
    /// Returns the feature that a database is for; the index is not a feature.
    pub fn of_database(label: &str) -> Option<Feature> {
        [Feature::Goals, Feature::Logs].into_iter().find(|feature| feature.key() == label)
    }

    /// Returns its key in the section `[features]`, which is also the label of its database, if it
    /// has one.
    pub fn key(self) -> &'static str {
        match self {
            Feature::Goals => "goals",
            Feature::Logs => "logs",
            Feature::Memories => "memories",
        }
    }
}

/// Reads the file; nothing when there is none.
fn read(path: &Path) -> io::Result<Option<Vec<u8>>> {
    // Asked before it is opened: opening a pipe would wait for a writer.
    match fs::metadata(path) {
        Ok(metadata) if !metadata.is_file() => return Err(io::Error::other("it is not a file")),
        Ok(metadata) if metadata.len() > MOST_BYTES => {
            return Err(io::Error::other("it is longer than 1 MB"));
        }
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound && path.symlink_metadata().is_err() => {
            return Ok(None);
        }
        // The SQLite home is not a folder, or unreadable: commands that need it report that.
        Err(error)
            if matches!(error.kind(), io::ErrorKind::NotADirectory | io::ErrorKind::PermissionDenied) =>
        {
            return Ok(None);
        }
        Err(error) => return Err(error),
    }
    untouched::read(path, MOST_BYTES).map(Some)
}

fn check_bytes(bytes: Vec<u8>, schema: &Value) -> Checked {
    match String::from_utf8(bytes) {
        Ok(text) => check(&text, schema),
        Err(error) => {
            let line =
                error.as_bytes()[..error.utf8_error().valid_up_to()].iter().filter(|b| **b == b'\n').count();
            let message = format!("is not UTF-8 text: line {} has other bytes in it", line + 1);
            let hint = "save it as UTF-8";
            Checked { set: Vec::new(), problems: vec![Problem::error(None, message, hint)] }
        }
    }
}

/// Lays what the file sets over the defaults.
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
        let message = format!("{} overrides `logs.filter` and is not a filter: {why}", filter::VARIABLE);
        Problem::of_variable(message, format!("set it to {}, or unset it", filter::EXAMPLE))
    })?;
    for setting in settings.iter_mut().filter(|setting| setting.section == "logs" && setting.key == "filter")
    {
        setting.value = filter.as_ref().into();
        setting.origin = Origin::Environment(filter::VARIABLE);
    }
    Ok(())
}
