//! The workspace in a temporary folder, and what its tests share.

mod baseline;
mod changes;
mod damage;
mod hiding;
mod kill;
mod leftovers;
mod markdown;
mod publish;
mod refused;
mod text;

use std::error::Error;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;
use threadkeep_memories::{Change, ChangeKind, Published, Snapshot, Workspace, WorkspaceDiff};

type TestResult = Result<(), Box<dyn Error>>;

/// A workspace and a place for copies of it.
struct Trial {
    temp: TempDir,
    workspace: Workspace,
}

impl Trial {
    /// Makes an empty workspace with a baseline.
    fn new() -> Result<Self, Box<dyn Error>> {
        Self::with(&[])
    }

    /// Makes a workspace whose baseline has some files.
    fn with(files: &[(&str, &str)]) -> Result<Self, Box<dyn Error>> {
        let temp = tempfile::tempdir()?;
        let trial = Self { workspace: Workspace::open(&temp.path().join("root"))?, temp };
        for (path, content) in files {
            trial.write(path, content)?;
        }
        trial.commit()?;
        Ok(trial)
    }

    fn root(&self) -> &Path {
        self.workspace.root()
    }

    fn path(&self, path: &str) -> PathBuf {
        self.root().join(path)
    }

    fn write(&self, path: &str, content: impl AsRef<[u8]>) -> TestResult {
        write(self.root(), path, content)
    }

    fn read(&self, path: &str) -> Result<String, Box<dyn Error>> {
        Ok(fs::read_to_string(self.path(path))?)
    }

    fn remove(&self, path: &str) -> TestResult {
        Ok(fs::remove_file(self.path(path))?)
    }

    fn link(&self, target: &str, path: &str) -> TestResult {
        Ok(symlink(target, self.path(path))?)
    }

    /// Makes the present content the baseline.
    fn commit(&self) -> TestResult {
        Ok(self.workspace.commit(self.root())?)
    }

    /// Returns the changes, one a line.
    fn changes(&self) -> Result<Vec<String>, Box<dyn Error>> {
        Ok(changes(&self.workspace.diff()?))
    }

    fn unified(&self) -> Result<String, Box<dyn Error>> {
        Ok(String::from_utf8(self.workspace.diff()?.unified().to_vec())?)
    }

    /// Copies the workspace for an agent.
    fn stage(&self) -> Result<Staged, Box<dyn Error>> {
        let folder = tempfile::tempdir_in(&self.temp)?.keep();
        Ok(Staged { given: self.workspace.stage(&folder)?, folder })
    }

    fn publish(&self, staged: &Staged) -> Result<Published, Box<dyn Error>> {
        Ok(self.workspace.publish(&staged.folder, &staged.given, str::to_owned)?)
    }
}

/// A copy for an agent.
struct Staged {
    folder: PathBuf,
    given: Snapshot,
}

impl Staged {
    fn write(&self, path: &str, content: impl AsRef<[u8]>) -> TestResult {
        write(&self.folder, path, content)
    }

    fn remove(&self, path: &str) -> TestResult {
        Ok(fs::remove_file(self.folder.join(path))?)
    }
}

fn write(root: &Path, path: &str, content: impl AsRef<[u8]>) -> TestResult {
    let path = root.join(path);
    fs::create_dir_all(path.parent().ok_or("a path without a folder")?)?;
    Ok(fs::write(path, content)?)
}

fn set_mode(path: &Path, mode: u32) -> TestResult {
    Ok(fs::set_permissions(path, fs::Permissions::from_mode(mode))?)
}

fn changes(diff: &WorkspaceDiff) -> Vec<String> {
    diff.changes.iter().map(line).collect()
}

fn line(change: &Change) -> String {
    let path = change.path.display();
    match &change.kind {
        ChangeKind::Added => format!("A {path}"),
        ChangeKind::Modified => format!("M {path}"),
        ChangeKind::Deleted => format!("D {path}"),
        ChangeKind::ModeChanged => format!("mode {path}"),
        ChangeKind::TypeChanged => format!("type {path}"),
        ChangeKind::Renamed { from } => format!("R {} -> {path}", from.display()),
        other => format!("{other:?} {path}"),
    }
}

fn refused(list: &[threadkeep_memories::Refused]) -> Vec<String> {
    list.iter().map(|refused| format!("{}: {}", refused.path.display(), refused.reason.as_str())).collect()
}

/// Runs git without the user's settings. Returns its output.
fn git(folder: &Path, arguments: &[&str]) -> Result<String, Box<dyn Error>> {
    run(isolated("git").current_dir(folder).args(arguments))
}

/// A command without the user's git settings.
fn isolated(program: &str) -> Command {
    let mut command = Command::new(program);
    for name in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_CONFIG_COUNT"] {
        command.env_remove(name);
    }
    command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
    for who in ["AUTHOR", "COMMITTER"] {
        command.env(format!("GIT_{who}_NAME"), "User").env(format!("GIT_{who}_EMAIL"), "user@example.com");
    }
    command
}

fn run(command: &mut Command) -> Result<String, Box<dyn Error>> {
    let output = command.output()?;
    if !output.status.success() {
        let [stdout, stderr] = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text));
        return Err(format!("{command:?}: {}: {stdout}{stderr}", output.status).into());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn is_installed(program: &str) -> bool {
    Command::new(program).arg("--version").output().is_ok()
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}
