//! A temporary home, the binary run on it, and what it said.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;
use threadkeep_sqlite::OpenOptions;
use threadkeep_state::{STATE_DB, StateOptions, StateRuntime};
use threadkeep_state_logs::{LogOptions, LogStore, LogWriter};
use tracing_subscriber::layer::SubscriberExt as _;

pub(crate) type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// A folder with an agent home in it, and a user whose own home is empty.
pub(crate) struct Fixture {
    folder: TempDir,
}

/// Output and exit code of a run.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Fixture {
    /// A folder without a home.
    pub(crate) fn empty() -> Result<Fixture> {
        let folder = TempDir::new()?;
        fs::create_dir(folder.path().join("user"))?;
        Ok(Fixture { folder })
    }

    /// A copy of the bundled home. Its times are moved to 2019, where a list shows a date and no
    /// span of time.
    pub(crate) fn bundled() -> Result<Fixture> {
        let fixture = Fixture::empty()?;
        let bundled = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/home");
        copy(&bundled, &fixture.home(), &|text| text.replace("2026-11-22T", "2019-11-22T"))?;
        Ok(fixture)
    }

    /// A copy of the bundled home, as it was recorded.
    pub(crate) fn recorded() -> Result<Fixture> {
        let fixture = Fixture::empty()?;
        let bundled = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/home");
        copy(&bundled, &fixture.home(), &|text| text)?;
        Ok(fixture)
    }

    /// A home of `count` rollouts with ids of their own, made of the bundled ones in turn.
    pub(crate) fn of_many(count: usize) -> Result<Fixture> {
        let bundled = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/home/sessions");
        let mut templates = Vec::new();
        for path in files(&bundled)? {
            let text = fs::read_to_string(&path)?;
            let name = path.file_stem().and_then(|name| name.to_str()).ok_or("a rollout has a name")?;
            templates.push((name[name.len() - 36..].to_owned(), text));
        }
        templates.sort();
        let fixture = Fixture::empty()?;
        fs::create_dir_all(fixture.home())?;
        fs::write(fixture.home().join("config.toml"), "model_provider = \"mock\"\n")?;
        for n in 0..count {
            let (old, text) = &templates[n % templates.len()];
            let id = format!("01a20400-{:04x}-7000-8000-{n:012x}", n % 0x1_0000);
            let folder = fixture.home().join(format!("sessions/2026/11/{:02}", n % 28 + 1));
            fs::create_dir_all(&folder)?;
            let name = format!("rollout-2026-11-{:02}T10-00-00-{id}.jsonl", n % 28 + 1);
            fs::write(folder.join(name), text.replace(old.as_str(), &id))?;
        }
        Ok(fixture)
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn home(&self) -> PathBuf {
        self.path().join("home")
    }

    pub(crate) fn sqlite_home(&self) -> PathBuf {
        self.home().join("threadkeep")
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.sqlite_home().join(STATE_DB.file_name)
    }

    /// Where a rollout is whose name ends in this.
    pub(crate) fn rollout(&self, end: &str) -> Result<PathBuf> {
        let found = files(&self.home())?.into_iter().find(|path| path.to_string_lossy().ends_with(end));
        Ok(found.ok_or("there is no such rollout")?)
    }

    /// The binary on this home, with nothing of the machine in its environment.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        self.command_of(Path::new(env!("CARGO_BIN_EXE_threadkeep")), arguments)
    }

    pub(crate) fn command_of(&self, program: &Path, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        command.env_clear().env("HOME", self.path().join("user")).env("TZ", "UTC").env("COLUMNS", "100");
        command.env("TMPDIR", std::env::temp_dir()).env("CODEX_HOME", self.home());
        command.current_dir(self.path()).args(arguments);
        command
    }

    /// Runs the binary; its words have `[tmp]` for this fixture's folder.
    pub(crate) fn run(&self, arguments: &[&str]) -> Result<Said> {
        self.say(self.command(arguments).output()?)
    }

    pub(crate) fn say(&self, output: Output) -> Result<Said> {
        let folder = self.path().to_str().ok_or("a temporary folder has a name")?;
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).map(|text| text.replace(folder, "[tmp]"));
        Ok(Said { code: output.status.code(), stdout: text(output.stdout)?, stderr: text(output.stderr)? })
    }

    /// Runs a command with `--json` that has to succeed, and parses what it says.
    pub(crate) fn json(&self, arguments: &[&str]) -> Result<Value> {
        let said = self.run(&[&["--json"], arguments].concat())?;
        assert_eq!((said.code, said.stderr.as_str()), (Some(0), ""), "{arguments:?}: {}", said.stdout);
        Ok(serde_json::from_str(&said.stdout)?)
    }

    /// Logs as an agent would: whatever is traced meanwhile.
    pub(crate) async fn log(&self, what: impl FnOnce()) -> Result {
        fs::create_dir_all(self.sqlite_home())?;
        let store = LogStore::new(&self.sqlite_home(), &OpenOptions::new());
        let options = LogOptions { filter: "it=trace,agent=trace".parse()?, ..LogOptions::default() };
        let (layer, writer) = LogWriter::start(&store, options)?;
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), what);
        writer.close().await?;
        Ok(store.close().await?)
    }

    /// The rows that `logs` gives, each of its lines being a JSON object and stderr empty.
    pub(crate) fn rows(&self, arguments: &[&str]) -> Result<Vec<Value>> {
        let said = self.run(&[&["--json", "logs"], arguments].concat())?;
        assert_eq!((said.code, said.stderr.as_str()), (Some(0), ""), "{arguments:?}: {}", said.stdout);
        Ok(said.stdout.lines().map(serde_json::from_str).collect::<serde_json::Result<_>>()?)
    }

    /// Opens the index with the library.
    pub(crate) async fn state(&self) -> Result<StateRuntime> {
        fs::create_dir_all(self.sqlite_home())?;
        Ok(StateRuntime::open(&StateOptions::new(self.sqlite_home())).await?)
    }
}

impl Said {
    /// Exit code, stdout and stderr, for a snapshot.
    pub(crate) fn all(&self) -> String {
        let code = self.code.map_or_else(|| "killed".to_owned(), |code| format!("exit {code}"));
        let part = |name: &str, text: &str| {
            if text.is_empty() { String::new() } else { format!("\n--- {name}\n{}", text.trim_end()) }
        };
        format!("{code}{}{}", part("stdout", &self.stdout), part("stderr", &self.stderr))
    }
}

/// All files under a folder, sorted.
pub(crate) fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() { found.extend(files(&path)?) } else { found.push(path) }
    }
    found.sort();
    Ok(found)
}

/// Every file under a folder with its content, to find any change.
pub(crate) fn contents(folder: &Path) -> io::Result<Vec<(PathBuf, Vec<u8>)>> {
    files(folder)?.into_iter().map(|path| Ok((path.clone(), fs::read(path)?))).collect()
}

/// Copies a folder, with a change of each text in it.
pub(crate) fn copy(from: &Path, to: &Path, change: &dyn Fn(String) -> String) -> Result {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            // A home that was tried by hand has databases in it.
            if entry.file_name() != "threadkeep" {
                copy(&entry.path(), &target, change)?;
            }
        } else {
            let bytes = match String::from_utf8(fs::read(entry.path())?) {
                Ok(text) => change(text).into_bytes(),
                Err(binary) => binary.into_bytes(),
            };
            fs::write(target, bytes)?;
        }
    }
    Ok(())
}
