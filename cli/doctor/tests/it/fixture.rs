//! A home in a temporary folder, and a machine around it.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use threadkeep_app::dirs::{Dirs, Given};
use threadkeep_doctor::{Context, Machine, Options, Report, examine};

pub(crate) type Result<T = (), E = Box<dyn std::error::Error>> = std::result::Result<T, E>;

/// A user's home directory with an agent's home in it.
pub(crate) struct Fixture {
    folder: tempfile::TempDir,
    pub(crate) machine: Machine,
    pub(crate) options: Options,
}

impl Fixture {
    /// Makes an empty agent home.
    pub(crate) fn new() -> Result<Fixture> {
        let folder = tempfile::tempdir()?;
        let user_home = folder.path().join("home/ada");
        std::fs::create_dir_all(user_home.join(".codex/sessions"))?;
        let variables = [("USER", "ada"), ("PATH", "/usr/bin:/bin"), ("TERM", "xterm-256color")];
        let machine = Machine {
            variables: variables.map(|(name, value)| (name.into(), value.into())).into(),
            cwd: user_home.clone(),
            executable: PathBuf::from("/usr/bin/threadkeep"),
            user_home: Some(user_home),
            host: "engine".to_owned(),
            ..Machine::default()
        };
        Ok(Fixture { folder, machine, options: Options { offline: true, ..Options::default() } })
    }

    /// Returns the agent's home.
    pub(crate) fn home(&self) -> PathBuf {
        self.folder.path().join("home/ada/.codex")
    }

    /// Writes a file of the agent's home.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> Result<PathBuf> {
        let path = self.home().join(name);
        std::fs::create_dir_all(path.parent().ok_or("no folder")?)?;
        std::fs::write(&path, content)?;
        Ok(path)
    }

    /// Sets an environment variable.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.machine.variables.insert(name.into(), value.into());
    }

    /// Runs the checks that `options` ask for.
    pub(crate) fn report(&self) -> Result<Report> {
        let given = Given { home: Some(self.home()), sqlite_home: None };
        let dirs = Dirs::find(&given)?;
        let context =
            Context::new(&dirs, &given, self.options.clone(), self.machine.clone(), Timestamp::now());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let report = runtime.block_on(examine(context));
        runtime.shutdown_background();
        Ok(report)
    }

    /// Runs one check, and returns its part of the report.
    pub(crate) fn check(&mut self, id: &str) -> Result<serde_json::Value> {
        self.options.only = vec![id.to_owned()];
        let document = self.report()?.document();
        Ok(document["checks"][id].clone())
    }

    /// Returns the temporary folder around everything.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }
}
