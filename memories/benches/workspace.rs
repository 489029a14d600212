//! Diff and commit of a workspace of 500 files, against git. Whole processes on both sides.
//!
//! The diff is compared with `git add -A && git diff --cached` in a repository without an index,
//! the commit with `git init && git add -A && git commit`. Git syncs nothing there, and we sync
//! everything. Rounds alternate, and each figure is a median.

#![allow(clippy::print_stdout, reason = "a bench prints what it measured")]

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use threadkeep_memories::Workspace;

type Result<T = ()> = std::result::Result<T, Box<dyn Error>>;

const FILES: usize = 500;
const CHANGED: usize = 20;
const ROUNDS: usize = 21;

fn main() -> Result {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["diff", root] => {
            let diff = Workspace::open(root.as_ref())?.diff()?;
            assert_eq!(diff.changes.len(), CHANGED);
            print!("{}", String::from_utf8_lossy(&diff.to_markdown(4 << 20)));
            Ok(())
        }
        ["commit", root] => Ok(Workspace::open(root.as_ref())?.commit(root.as_ref())?),
        _ => compare(),
    }
}

fn compare() -> Result {
    let temp = tempfile::tempdir()?;
    let at = |name: &str| temp.path().join(name);
    let (ours, theirs, made) = (at("ours"), at("theirs"), at("made"));
    for root in [&ours, &theirs, &made] {
        write_files(root)?;
    }
    Workspace::open(&ours)?.commit(&ours)?;
    init(&theirs)?;
    fs::remove_file(theirs.join(".git/index"))?;
    let saved = at("saved");
    copy(&theirs.join(".git"), &saved)?;
    change_files(&ours)?;
    change_files(&theirs)?;
    println!("{FILES} files, {CHANGED} changed; medians of {ROUNDS} rounds, in ms");
    println!("{:8} {:>8} {:>8} {:>6} {:>6}", "", "ours", "git", "ratio", "aim");
    let git_diff = || {
        fs::remove_dir_all(theirs.join(".git"))?;
        copy(&saved, &theirs.join(".git"))?;
        let begun = Instant::now();
        git(&theirs, &["add", "-A"])?;
        git(&theirs, &["diff", "--cached"])?;
        Ok(begun.elapsed())
    };
    report("diff", 0.4, || own(&["diff", text(&ours)?]), git_diff)?;
    let git_commit = || {
        fs::remove_dir_all(made.join(".git")).or_else(|_| fs::create_dir_all(&made))?;
        let begun = Instant::now();
        init(&made)?;
        Ok(begun.elapsed())
    };
    report("commit", 0.5, || own(&["commit", text(&ours)?]), git_commit)
}

/// Measures both sides in turn, and prints the medians.
fn report(
    name: &str,
    aim: f64,
    ours: impl Fn() -> Result<Duration>,
    theirs: impl Fn() -> Result<Duration>,
) -> Result {
    let (mut our_times, mut their_times) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        our_times.push(ours()?);
        their_times.push(theirs()?);
    }
    let [ours, theirs] = [our_times, their_times].map(median);
    println!("{name:8} {ours:>8.1} {theirs:>8.1} {:>6.2} {aim:>6.2}", ours / theirs);
    Ok(())
}

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort();
    times[times.len() / 2].as_secs_f64() * 1e3
}

/// Runs this bench as a process that does one thing.
fn own(arguments: &[&str]) -> Result<Duration> {
    run(Command::new(std::env::current_exe()?).args(arguments))
}

fn init(root: &Path) -> Result {
    git(root, &["init", "-q"])?;
    git(root, &["add", "-A"])?;
    git(root, &["commit", "-q", "-m", "Baseline"])?;
    Ok(())
}

fn git(folder: &Path, arguments: &[&str]) -> Result<Duration> {
    let mut command = Command::new("git");
    command.current_dir(folder).args(["-c", "user.name=Bench", "-c", "user.email=bench@localhost"]);
    run(command.args(arguments).env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1"))
}

fn run(command: &mut Command) -> Result<Duration> {
    let begun = Instant::now();
    let status = command.stdout(Stdio::null()).status()?;
    if !status.success() {
        return Err(format!("{command:?}: {status}").into());
    }
    Ok(begun.elapsed())
}

fn write_files(root: &Path) -> Result {
    for number in 0..FILES {
        let path = file(root, number);
        fs::create_dir_all(path.parent().ok_or("a file without a folder")?)?;
        fs::write(path, content(number))?;
    }
    Ok(())
}

fn change_files(root: &Path) -> Result {
    for number in (0..FILES).step_by(FILES / CHANGED) {
        fs::write(file(root, number), content(number).replacen("line 7", "another line", 1) + "one more\n")?;
    }
    Ok(())
}

fn file(root: &Path, number: usize) -> PathBuf {
    root.join(format!("rollout_summaries/{}/{number}.md", number % 10))
}

/// A summary of a thread, of about 2 kB.
fn content(number: usize) -> String {
    (0..40)
        .map(|line| format!("- summary {number}, line {line}: what was asked, and what then worked\n"))
        .collect()
}

fn copy(from: &Path, to: &Path) -> Result {
    run(Command::new("cp").arg("-r").arg(from).arg(to))?;
    Ok(())
}

fn text(path: &Path) -> Result<&str> {
    path.to_str().ok_or_else(|| "a path that is no text".into())
}
