//! The unified diff, as git writes it.

use std::error::Error;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;

use proptest::prelude::*;

use super::{TestResult, Trial, git, is_installed, isolated, set_mode, write};

#[test]
fn hunks_are_written_as_git_writes_them() -> TestResult {
    let trial = Trial::with(&[
        ("crlf.md", "a\nb\n"),
        ("cut.md", "a\nb\n"),
        ("ended.md", "a\nb"),
        ("filled.md", ""),
        ("gone.md", "1\n"),
        ("middle.md", "1\n2\n3\n4\n5\n6\n7\n8\n9\n"),
    ])?;
    trial.write("crlf.md", "a\r\nb\n")?;
    trial.write("cut.md", "a\nb")?;
    trial.write("ended.md", "a\nb\n")?;
    trial.write("filled.md", "x\n")?;
    trial.write("empty.md", "")?;
    trial.remove("gone.md")?;
    trial.write("middle.md", "1\n2\n3\n4\n6\n7\n8\n9\n")?;
    trial.link("crlf.md", "link")?;
    insta::assert_snapshot!(trial.unified()?.replace('\r', "<CR>"), @r#"
    diff --git a/crlf.md b/crlf.md
    index 422c2b7..4565b4d 100644
    --- a/crlf.md
    +++ b/crlf.md
    @@ -1,2 +1,2 @@
    -a
    +a<CR>
     b
    diff --git a/cut.md b/cut.md
    index 422c2b7..0a207c0 100644
    --- a/cut.md
    +++ b/cut.md
    @@ -1,2 +1,2 @@
     a
    -b
    +b
    \ No newline at end of file
    diff --git a/empty.md b/empty.md
    new file mode 100644
    index 0000000..e69de29
    diff --git a/ended.md b/ended.md
    index 0a207c0..422c2b7 100644
    --- a/ended.md
    +++ b/ended.md
    @@ -1,2 +1,2 @@
     a
    -b
    \ No newline at end of file
    +b
    diff --git a/filled.md b/filled.md
    index e69de29..587be6b 100644
    --- a/filled.md
    +++ b/filled.md
    @@ -0,0 +1 @@
    +x
    diff --git a/gone.md b/gone.md
    deleted file mode 100644
    index d00491f..0000000
    --- a/gone.md
    +++ /dev/null
    @@ -1 +0,0 @@
    -1
    diff --git a/link b/link
    new file mode 120000
    index 0000000..8c757c6
    --- /dev/null
    +++ b/link
    @@ -0,0 +1 @@
    +crlf.md
    \ No newline at end of file
    diff --git a/middle.md b/middle.md
    index 0719398..b072e64 100644
    --- a/middle.md
    +++ b/middle.md
    @@ -2,7 +2,6 @@
     2
     3
     4
    -5
     6
     7
     8
    "#);
    Ok(())
}

#[test]
fn bytes_that_are_no_utf8_stay_and_binary_files_are_named() -> TestResult {
    let trial = Trial::with(&[("latin.md", "caf\n"), ("image.png", "text\n"), ("late.txt", "x\n")])?;
    trial.write("latin.md", b"caf\xe9\n")?;
    trial.write("image.png", b"\x89PNG\0\n")?;
    // As git: a zero byte after the first 8,000 bytes makes no binary file.
    trial.write("late.txt", ["y".repeat(9000).as_bytes(), b"\0\n"].concat())?;
    let text = trial.workspace.diff()?.unified().to_vec();
    let has = |wanted: &[u8]| text.windows(wanted.len()).any(|window| window == wanted);
    assert!(has(b"-caf\n+caf\xe9\n"));
    assert!(has(b"Binary files a/image.png and b/image.png differ\n"));
    assert!(has(b"y\0\n"));
    Ok(())
}

#[test]
fn a_text_of_many_megabytes_is_cut_and_a_huge_file_is_not_compared() -> TestResult {
    let trial = Trial::with(&[("a.md", "a\n")])?;
    trial.write("huge.md", "line\n".repeat(4 << 20))?;
    trial.write("long.md", "line\n".repeat(1 << 20))?;
    trial.write("z.md", "last\n")?;
    let text = trial.unified()?;
    assert!(text.contains("Binary files /dev/null and b/huge.md differ\n"));
    assert!(text.contains("+++ b/long.md\n") && !text.contains("z.md"));
    Ok(())
}

/// Applies a diff to a copy of the old files, in two ways, and expects the new files.
fn applies(old: &Path, new: &Path, diff: &[u8]) -> TestResult {
    let programs: [(&str, &[&str], &[&str]); 2] = [
        ("git", &["apply", "--check", "-"], &["apply", "-"]),
        ("patch", &["-p1", "-s", "--dry-run"], &["-p1", "-s"]),
    ];
    for (program, check, apply) in programs {
        // `patch` reads a name with a space only where a hunk follows, which an empty file has not.
        let is_beyond = program == "patch" && has_empty_file_with_space(old, new)?;
        if is_beyond || !is_installed(program) {
            continue;
        }
        let copy = tempfile::tempdir()?;
        copy_files(old, copy.path())?;
        for arguments in [check, apply] {
            feed(program, arguments, copy.path(), diff)?;
        }
        assert_eq!(listing(copy.path())?, listing(new)?, "{program}: {}", String::from_utf8_lossy(diff));
    }
    Ok(())
}

fn has_empty_file_with_space(old: &Path, new: &Path) -> Result<bool, Box<dyn Error>> {
    let files = [listing(old)?, listing(new)?].concat();
    Ok(files.iter().any(|(path, _, content)| path.contains(' ') && content.is_empty()))
}

fn feed(program: &str, arguments: &[&str], folder: &Path, input: &[u8]) -> TestResult {
    let mut command = isolated(program);
    command
        .current_dir(folder)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn()?;
    child.stdin.take().ok_or("no input")?.write_all(input)?;
    let output = child.wait_with_output()?;
    if !output.status.success() {
        let text = [output.stdout, output.stderr, input.to_vec()].concat();
        return Err(format!("{program} {arguments:?}: {}", String::from_utf8_lossy(&text)).into());
    }
    Ok(())
}

fn copy_files(from: &Path, to: &Path) -> TestResult {
    for (path, _, content) in listing(from)? {
        write(to, &path, content)?;
        fs::set_permissions(to.join(&path), fs::metadata(from.join(&path))?.permissions())?;
    }
    Ok(())
}

type Listing = Vec<(String, bool, Vec<u8>)>;

/// Lists files with their right to execute and their content.
fn listing(root: &Path) -> Result<Listing, Box<dyn Error>> {
    use std::os::unix::fs::PermissionsExt as _;
    fn walk(root: &Path, folder: &Path, found: &mut Listing) -> TestResult {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.ends_with(".git") {
                continue;
            }
            if path.is_dir() {
                walk(root, &path, found)?;
                continue;
            }
            let name = path.strip_prefix(root)?.to_str().ok_or("a name that is no text")?;
            let is_executable = fs::metadata(&path)?.permissions().mode() & 0o100 != 0;
            found.push((name.to_owned(), is_executable, fs::read(&path)?));
        }
        Ok(())
    }
    let mut found = Vec::new();
    walk(root, root, &mut found)?;
    found.sort();
    Ok(found)
}

/// Files before and after, both as paths and contents.
type Files = Vec<(String, String)>;

fn check(before: &Files, after: &Files) -> TestResult {
    let files: Vec<_> = before.iter().map(|(path, content)| (path.as_str(), content.as_str())).collect();
    let trial = Trial::with(&files)?;
    let old = tempfile::tempdir()?;
    for (path, content) in before {
        write(old.path(), path, content)?;
    }
    for (path, _) in before.iter().filter(|(path, _)| after.iter().all(|(other, _)| other != path)) {
        trial.remove(path)?;
    }
    for (path, content) in after {
        trial.write(path, content)?;
    }
    let diff = trial.workspace.diff()?;
    if diff.is_empty() {
        assert_eq!(listing(old.path())?, listing(trial.root())?);
        return Ok(());
    }
    applies(old.path(), trial.root(), diff.unified())
}

fn files() -> impl Strategy<Value = Files> {
    let name = prop::sample::select(vec!["a.md", "b c.md", "sub/d.md", "ä.md", "sub/e\"f.md", "g"]);
    let line = prop::sample::select(vec!["", "one", "two", "three", "four", "\r", "-- x", "++ y", "\\ z"]);
    let text = (prop::collection::vec(line, 0..14), any::<bool>()).prop_map(|(lines, ended)| {
        let text = lines.join("\n");
        if ended && !text.is_empty() { text + "\n" } else { text }
    });
    let files = prop::collection::btree_map(name, text, 0..5);
    files.prop_map(|files| files.into_iter().map(|(name, text)| (name.to_owned(), text)).collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn git_and_patch_make_the_new_files_of_the_old(before in files(), after in files()) {
        if let Err(error) = check(&before, &after) {
            return Err(TestCaseError::fail(error.to_string()));
        }
    }
}

#[test]
fn modes_renames_and_links_can_be_applied_by_git() -> TestResult {
    if !is_installed("git") {
        return Ok(());
    }
    let long = "1\n2\n3\n4\n5\n6\n7\n8\n";
    let trial = Trial::with(&[("run.sh", long), ("moved here.md", long), ("becomes-link", "b\n")])?;
    let old = tempfile::tempdir()?;
    copy_files(trial.root(), old.path())?;
    set_mode(&trial.path("run.sh"), 0o755)?;
    trial.remove("moved here.md")?;
    trial.write("to/there\ttab.md", format!("{long}9\n"))?;
    trial.remove("becomes-link")?;
    trial.link("run.sh", "becomes-link")?;
    feed("git", &["apply", "-"], old.path(), trial.workspace.diff()?.unified())?;
    assert_eq!(listing(old.path())?, listing(trial.root())?);
    assert!(fs::symlink_metadata(old.path().join("becomes-link"))?.is_symlink());
    Ok(())
}

#[test]
fn git_itself_sees_the_same_changes() -> TestResult {
    if !is_installed("git") {
        return Ok(());
    }
    let trial = Trial::with(&[("a.md", "1\n2\n3\n"), ("b b.md", "x"), ("ä.md", "y\n"), ("run.sh", "#!\n")])?;
    trial.write("a.md", "1\n3\n4\n")?;
    trial.write("b b.md", "x\n")?;
    trial.write("ä.md", "z")?;
    set_mode(&trial.path("run.sh"), 0o755)?;
    trial.write("sub/new.md", "n\n")?;
    git(trial.root(), &["add", "-A"])?;
    let theirs = git(trial.root(), &["-c", "core.quotePath=false", "diff", "--cached", "HEAD"])?;
    assert_eq!(trial.unified()?, theirs);
    Ok(())
}
