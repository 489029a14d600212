//! Nothing that git would obey hides a file or an edit.

use std::fs;
use std::process::Command;

use super::{TestResult, Trial, changes, git, run};
use threadkeep_memories::Workspace;

/// Variable with the root for [`child`].
const ROOT: &str = "WORKSPACE_TEST_ROOT";

#[test]
fn gitignore_hides_no_file() -> TestResult {
    let trial = Trial::with(&[("a.md", "a\n")])?;
    trial.write(".gitignore", "*\n")?;
    trial.write("sub/.gitignore", "*\n")?;
    trial.write("sub/new.md", "n\n")?;
    trial.write("a.md", "A\n")?;
    assert_eq!(trial.changes()?, ["A .gitignore", "M a.md", "A sub/.gitignore", "A sub/new.md"]);
    trial.commit()?;
    assert!(trial.workspace.diff()?.is_empty());
    Ok(())
}

#[test]
fn gitattributes_hide_no_edit() -> TestResult {
    let trial = Trial::new()?;
    trial.write(
        ".gitattributes",
        "* text=auto eol=lf ident\n*.bin -diff\n*.u working-tree-encoding=UTF-16LE-BOM\n",
    )?;
    trial.write("crlf.md", "a\r\nb\r\n")?;
    trial.write("lf.md", "a\nb\n")?;
    trial.write("id.md", "$Id$\n")?;
    trial.write("x.bin", "text\n")?;
    trial.write("x.u", "text\n")?;
    trial.commit()?;
    assert!(trial.workspace.diff()?.is_empty());
    trial.write("crlf.md", "a\nb\n")?;
    trial.write("lf.md", "a\r\nb\r\n")?;
    trial.write("id.md", "$Id: edited$\n")?;
    trial.write("x.bin", "edited\n")?;
    trial.write("x.u", "edited\n")?;
    assert_eq!(trial.changes()?, ["M crlf.md", "M id.md", "M lf.md", "M x.bin", "M x.u"]);
    assert!(trial.unified()?.contains("+edited\n"));
    Ok(())
}

#[test]
fn a_nested_repository_hides_no_file() -> TestResult {
    let trial = Trial::new()?;
    trial.write("extensions/foo/instructions.md", "i\n")?;
    git(&trial.path("extensions/foo"), &["init", "-q"])?;
    git(&trial.path("extensions/foo"), &["add", "."])?;
    git(&trial.path("extensions/foo"), &["commit", "-q", "-m", "theirs"])?;
    trial.write("bar/a.md", "a\n")?;
    trial.write("bar/.git", "gitdir: nowhere\n")?;
    trial.write("bare/HEAD", "ref: refs/heads/main\n")?;
    fs::create_dir_all(trial.path("bare/objects"))?;
    fs::create_dir_all(trial.path("bare/refs"))?;
    let diff = trial.workspace.diff()?;
    assert_eq!(
        changes(&diff),
        ["A bar/a.md", "A bare/HEAD", "A bare/objects/", "A bare/refs/", "A extensions/foo/instructions.md"]
    );
    assert_eq!(diff.refused.len(), 2);
    trial.commit()?;
    trial.write("extensions/foo/instructions.md", "edited\n")?;
    assert_eq!(trial.changes()?, ["M extensions/foo/instructions.md"]);
    Ok(())
}

#[test]
fn the_repositorys_own_settings_hide_nothing() -> TestResult {
    let trial = Trial::with(&[("a.md", "a\n")])?;
    trial.write(".git/info/exclude", "*\n")?;
    trial.write(".git/info/attributes", "* filter=evil -diff\n")?;
    let ran = trial.path("ran");
    trial.write(
        ".git/config",
        format!(
            "[core]\n\trepositoryformatversion = 0\n\tworktree = /nowhere\n\tautocrlf = input\n\tfilemode = false\n\
             \texcludesFile = /nowhere\n\tbigFileThreshold = 1\n[filter \"evil\"]\n\tclean = touch {0}; cat\n\
             \tprocess = touch {0}\n\trequired = true\n[diff]\n\trenames = false\n",
            ran.display()
        ),
    )?;
    trial.write(".git/hooks/post-index-change", format!("#!/bin/sh\ntouch {}\n", ran.display()))?;
    trial.write("a.md", "a\r\n")?;
    trial.write("new.md", "n\n")?;
    assert_eq!(trial.changes()?, ["M a.md", "A new.md"]);
    // A commit brings none of it along.
    trial.commit()?;
    assert!(!ran.exists());
    assert!(!trial.path(".git/info").exists() && !trial.path(".git/hooks").exists());
    assert!(!fs::read_to_string(trial.path(".git/config"))?.contains("evil"));
    assert_eq!(git(trial.root(), &["rev-list", "--all", "--count"])?, "1\n");
    Ok(())
}

#[test]
fn damaged_settings_do_no_harm() -> TestResult {
    let trial = Trial::with(&[("a.md", "a\n")])?;
    trial.write(".git/config", "[core")?;
    trial.write("b.md", "b\n")?;
    assert_eq!(trial.changes()?, ["A b.md"]);
    Ok(())
}

/// Works as a process that other tests start. Does nothing on its own.
#[test]
fn child() -> TestResult {
    if let Some(root) = std::env::var_os(ROOT) {
        let workspace = Workspace::open(root.as_ref())?;
        println!("changes: {}", changes(&workspace.diff()?).join(", "));
        workspace.commit(workspace.root())?;
        println!("after: {}", changes(&workspace.diff()?).join(", "));
    }
    Ok(())
}

#[test]
fn no_variable_of_git_is_obeyed() -> TestResult {
    let elsewhere = tempfile::tempdir()?;
    git(elsewhere.path(), &["init", "-q"])?;
    let home = elsewhere.path().join("home");
    fs::create_dir_all(home.join(".config/git"))?;
    fs::write(home.join(".config/git/ignore"), "*\n")?;
    fs::write(
        home.join(".gitconfig"),
        "[core]\n\tautocrlf = input\n\texcludesFile = ~/.config/git/ignore\n",
    )?;
    let git_dir = elsewhere.path().join(".git");
    let variables = [
        ("GIT_DIR", git_dir.clone()),
        ("GIT_WORK_TREE", elsewhere.path().to_owned()),
        ("GIT_OBJECT_DIRECTORY", git_dir.join("objects")),
        ("GIT_INDEX_FILE", git_dir.join("index")),
        ("GIT_NAMESPACE", "theirs".into()),
        ("GIT_REPLACE_REF_BASE", "refs/theirs".into()),
        ("GIT_AUTHOR_NAME", "Theirs".into()),
        ("GIT_COMMITTER_DATE", "garbage".into()),
        ("GIT_DEFAULT_HASH", "sha256".into()),
        ("GIT_CONFIG_COUNT", "1".into()),
        ("GIT_CONFIG_KEY_0", "core.autocrlf".into()),
        ("GIT_CONFIG_VALUE_0", "input".into()),
        ("HOME", home.clone()),
        ("XDG_CONFIG_HOME", home.join(".config")),
    ];
    let trial = Trial::with(&[("a.md", "a\n")])?;
    trial.write("a.md", "a\r\n")?;
    trial.write("b.md", "b\n")?;
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["--exact", "workspace::hiding::child", "--nocapture"]);
    let output = run(command.env(ROOT, trial.root()).envs(variables))?;
    assert!(output.contains("changes: M a.md, A b.md\nafter: \n"), "{output}");
    assert!(trial.workspace.diff()?.is_empty());
    assert_eq!(git(trial.root(), &["log", "--format=%an"])?, "Threadkeep\n");
    assert!(!git_dir.join("refs/heads/main").exists());
    Ok(())
}
