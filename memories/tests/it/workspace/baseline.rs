//! The baseline: one commit of ours, or a clear answer why not.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use threadkeep_memories::{Baseline, Workspace, WorkspaceError};

use super::{TestResult, Trial, git, set_mode};

#[test]
fn opening_makes_a_private_folder() -> TestResult {
    let temp = tempfile::tempdir()?;
    let root = temp.path().join("home/memories");
    Workspace::open(&root)?;
    let mode = |path: &Path| fs::metadata(path).map(|found| found.permissions().mode() & 0o777);
    assert_eq!(mode(&root)?, 0o700);
    set_mode(&root, 0o755)?;
    let workspace = Workspace::open(&root)?;
    assert_eq!(mode(&root)?, 0o700);
    assert_eq!(workspace.baseline()?, Baseline::Missing);
    let file = temp.path().join("file");
    fs::write(&file, "")?;
    assert!(matches!(Workspace::open(&file), Err(WorkspaceError::NotAFolder(_))));
    Ok(())
}

#[test]
fn the_first_baseline_is_empty() -> TestResult {
    let temp = tempfile::tempdir()?;
    let workspace = Workspace::open(temp.path())?;
    fs::write(temp.path().join("a.md"), "a\n")?;
    assert!(matches!(workspace.diff(), Err(WorkspaceError::NoBaseline(_))));
    workspace.init()?;
    assert_eq!(workspace.baseline()?, Baseline::Ours);
    assert_eq!(workspace.diff()?.changes.len(), 1);
    assert_eq!(git(temp.path(), &["ls-tree", "-r", "HEAD"])?, "");
    // Another call keeps it.
    let head = git(temp.path(), &["rev-parse", "HEAD"])?;
    workspace.init()?;
    assert_eq!(git(temp.path(), &["rev-parse", "HEAD"])?, head);
    Ok(())
}

#[test]
fn git_reads_the_baseline_and_finds_no_fault() -> TestResult {
    let trial = Trial::with(&[("a.md", "a\n"), ("sub/b.md", "b\n"), ("sub.md", "sorts between\n")])?;
    trial.link("a.md", "link")?;
    trial.write("run.sh", "#!/bin/sh\n")?;
    set_mode(&trial.path("run.sh"), 0o755)?;
    fs::create_dir_all(trial.path("empty/folder"))?;
    for round in 0..3 {
        trial.write("a.md", format!("round {round}\n"))?;
        trial.commit()?;
    }
    assert_eq!(git(trial.root(), &["fsck", "--strict", "--full"])?, "");
    assert_eq!(git(trial.root(), &["rev-list", "--all", "--count"])?, "1\n");
    let names = git(trial.root(), &["ls-tree", "-r", "-t", "--name-only", "HEAD"])?;
    assert_eq!(names, "a.md\nempty\nempty/folder\nlink\nrun.sh\nsub.md\nsub\nsub/b.md\n");
    assert_eq!(git(trial.root(), &["show", "HEAD:a.md"])?, "round 2\n");
    // What git would commit is the same tree, except for empty folders.
    fs::remove_dir_all(trial.path("empty"))?;
    trial.commit()?;
    let ours = git(trial.root(), &["rev-parse", "HEAD^{tree}"])?;
    git(trial.root(), &["add", "-A"])?;
    assert_eq!(git(trial.root(), &["write-tree"])?, ours);
    Ok(())
}

#[test]
fn large_and_incompressible_files_come_back_whole() -> TestResult {
    let trial = Trial::new()?;
    let mut state = 1_u64;
    let noise: Vec<u8> = std::iter::repeat_with(|| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 56) as u8
    })
    .take(1 << 20)
    .collect();
    trial.write("noise.bin", &noise)?;
    trial.write("zeros.bin", vec![0; 3 << 20])?;
    trial.write("empty", "")?;
    trial.commit()?;
    git(trial.root(), &["fsck", "--strict"])?;
    assert!(trial.workspace.diff()?.is_empty());
    git(trial.root(), &["reset", "-q", "--hard"])?;
    assert_eq!(fs::read(trial.path("noise.bin"))?, noise);
    Ok(())
}

#[test]
fn packing_by_git_keeps_the_baseline_ours() -> TestResult {
    let trial = Trial::with(&[("a.md", "a\n"), ("b.md", "b\n")])?;
    git(trial.root(), &["gc", "-q"])?;
    assert!(!trial.path(".git/refs/heads/main").exists());
    assert_eq!(trial.workspace.baseline()?, Baseline::Ours);
    trial.write("b.md", "B\n")?;
    assert_eq!(trial.changes()?, ["M b.md"]);
    Ok(())
}

/// Expects a refusal that leaves `.git` as it is.
fn is_foreign(root: &Path, wanted: &str) -> TestResult {
    let workspace = Workspace::open(root)?;
    let content = tempfile::tempdir()?;
    assert_eq!(workspace.baseline()?, Baseline::Foreign);
    let results = [workspace.init(), workspace.commit(content.path()), workspace.diff().map(drop)];
    for result in results {
        let Err(error @ WorkspaceError::ForeignBaseline { .. }) = result else {
            return Err(format!("{result:?}").into());
        };
        assert!(error.to_string().contains(wanted), "{error}");
    }
    assert!(!root.join(".threadkeep").exists());
    Ok(())
}

#[test]
fn a_repository_of_others_is_refused_and_left_alone() -> TestResult {
    let temp = tempfile::tempdir()?;
    git(temp.path(), &["init", "-q", "-b", "main"])?;
    is_foreign(temp.path(), "main")?;
    git(temp.path(), &["commit", "-q", "--allow-empty", "-m", "Baseline of the memories"])?;
    is_foreign(temp.path(), "another author or message")?;
    assert_eq!(git(temp.path(), &["log", "--format=%an"])?, "User\n");
    Ok(())
}

#[test]
fn commits_and_branches_of_the_user_are_never_dropped() -> TestResult {
    let trial = Trial::with(&[("a.md", "a\n")])?;
    git(trial.root(), &["branch", "mine"])?;
    is_foreign(trial.root(), "branches or tags")?;
    git(trial.root(), &["branch", "-D", "mine"])?;
    assert_eq!(trial.workspace.baseline()?, Baseline::Ours);
    let ours = ["-c", "user.name=Threadkeep", "-c", "user.email=threadkeep@localhost"];
    let commit = ["commit", "-q", "--allow-empty", "-m", "Baseline of the memories"];
    let mut command = std::process::Command::new("git");
    let status = command.current_dir(trial.root()).args(ours).args(commit).env_clear();
    assert!(status.env("PATH", std::env::var_os("PATH").unwrap_or_default()).status()?.success());
    is_foreign(trial.root(), "more than one commit")
}

#[test]
fn a_git_that_is_a_file_or_a_link_is_refused() -> TestResult {
    let elsewhere = Trial::new()?;
    let temp = tempfile::tempdir()?;
    let git = temp.path().join(".git");
    fs::write(&git, format!("gitdir: {}\n", elsewhere.path(".git").display()))?;
    is_foreign(temp.path(), "not a folder")?;
    fs::remove_file(&git)?;
    symlink(elsewhere.path(".git"), &git)?;
    is_foreign(temp.path(), "not a folder")?;
    assert!(fs::symlink_metadata(&git)?.is_symlink());
    fs::remove_file(&git)?;
    fs::create_dir(&git)?;
    fs::write(git.join("notes"), "mine\n")?;
    is_foreign(temp.path(), "objects")
}

#[test]
fn an_empty_git_folder_counts_as_none() -> TestResult {
    let temp = tempfile::tempdir()?;
    fs::create_dir(temp.path().join(".git"))?;
    let workspace = Workspace::open(temp.path())?;
    assert_eq!(workspace.baseline()?, Baseline::Missing);
    workspace.init()?;
    assert_eq!(workspace.baseline()?, Baseline::Ours);
    Ok(())
}

#[test]
fn a_broken_baseline_of_ours_is_set_aside_and_made_again() -> TestResult {
    type Damage = fn(&Path) -> std::io::Result<()>;
    let damages: [(&str, Damage); 7] = [
        ("empty HEAD", |git| fs::write(git.join("HEAD"), "")),
        ("no HEAD", |git| fs::remove_file(git.join("HEAD"))),
        ("empty ref", |git| fs::write(git.join("refs/heads/main"), "")),
        ("ref to nothing", |git| fs::write(git.join("refs/heads/main"), format!("{:040}\n", 1))),
        ("no objects", |git| fs::remove_dir_all(git.join("objects"))),
        ("no packs", |git| fs::remove_dir_all(git.join("objects/pack"))),
        ("short pack", |git| {
            for file in fs::read_dir(git.join("objects/pack"))? {
                let path = file?.path();
                fs::set_permissions(&path, fs::Permissions::from_mode(0o600))?;
                fs::File::options().write(true).open(&path)?.set_len(20)?;
            }
            Ok(())
        }),
    ];
    for (name, damage) in damages {
        let trial = Trial::with(&[("a.md", "a\n")])?;
        damage(&trial.path(".git"))?;
        assert_eq!(trial.workspace.baseline()?, Baseline::Broken, "{name}");
        assert!(matches!(trial.workspace.diff(), Err(WorkspaceError::BrokenBaseline { .. })), "{name}");
        trial.workspace.init()?;
        assert_eq!(trial.changes()?, ["A a.md"], "{name}");
        assert!(trial.path(".threadkeep/broken/description").exists(), "{name}");
        // Its folder is no content, and a second one takes its place.
        damage(&trial.path(".git"))?;
        trial.workspace.init()?;
        trial.commit()?;
        assert!(trial.workspace.diff()?.is_empty(), "{name}");
    }
    Ok(())
}

#[test]
fn a_missing_blob_makes_the_baseline_broken() -> TestResult {
    let trial = Trial::with(&[("a.md", "a\n")])?;
    // Loose objects, so that one can be removed.
    let pack = fs::read_dir(trial.path(".git/objects/pack"))?
        .filter_map(Result::ok)
        .find(|file| file.path().extension().is_some_and(|end| end == "pack"))
        .ok_or("no pack")?;
    let aside = trial.temp.path().join("pack");
    fs::copy(pack.path(), &aside)?;
    fs::remove_dir_all(trial.path(".git/objects/pack"))?;
    let mut command = super::isolated("git");
    command.current_dir(trial.root()).args(["unpack-objects", "-q"]).stdin(fs::File::open(&aside)?);
    super::run(&mut command)?;
    assert_eq!(trial.workspace.baseline()?, Baseline::Ours);
    let blob = git(trial.root(), &["rev-parse", "HEAD:a.md"])?;
    fs::remove_file(trial.path(&format!(".git/objects/{}/{}", &blob[..2], blob[2..].trim())))?;
    assert_eq!(trial.workspace.baseline()?, Baseline::Broken);
    Ok(())
}
