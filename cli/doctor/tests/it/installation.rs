//! Installed copies of the program and the agent, and the search program.

use crate::fixture::{Fixture, Result};
use crate::programs::{on_path, path, script, typed};

#[test]
fn the_running_program_is_the_update_target() -> Result {
    let mut fixture = Fixture::new()?;
    fixture.machine.executable = on_path(&mut fixture, "threadkeep", "")?;
    let check = fixture.check("runtime.install")?;
    assert_eq!(
        (&check["status"], &check["summary"]),
        (&"ok".into(), &"not managed by a package manager".into())
    );
    assert_eq!(check["details"]["codex on PATH"], "none");
    Ok(())
}

#[test]
fn another_program_on_path_would_be_updated() -> Result {
    let mut fixture = Fixture::new()?;
    on_path(&mut fixture, "threadkeep", "echo other")?;
    let running = fixture.home().join("../tools x/threadkeep");
    script(&running, "echo running")?;
    fixture.machine.executable = running.canonicalize()?;
    let check = fixture.check("runtime.install")?;
    assert_eq!(check["status"], "warning", "{check}");
    // The remedy makes the shell find the running one.
    let report = fixture.report()?;
    let remedy = report.checks[0].finding.remediation.as_deref().ok_or("no remedy")?;
    assert_eq!(typed(&fixture, remedy, "threadkeep")?, "running");
    Ok(())
}

#[test]
fn cargo_would_update_its_own_copy() -> Result {
    let mut fixture = Fixture::new()?;
    let cargo = fixture.folder().join("cargo");
    script(&cargo.join("bin/threadkeep"), "")?;
    fixture.set("CARGO_HOME", &cargo.to_string_lossy());
    fixture.set("PATH", "");
    assert_eq!(fixture.check("runtime.install")?["status"], "warning");
    fixture.machine.executable = cargo.join("bin/threadkeep");
    let check = fixture.check("runtime.install")?;
    assert_eq!((&check["status"], &check["summary"]), (&"ok".into(), &"managed by cargo install".into()));
    Ok(())
}

#[test]
#[cfg(unix)]
fn every_copy_on_path_is_listed_and_links_are_followed() -> Result {
    let mut fixture = Fixture::new()?;
    let (one, two) = (fixture.folder().join("one"), fixture.folder().join("two"));
    let package = fixture.folder().join("lib/node_modules/@openai/codex/bin/codex.js");
    script(&package, "exit 1")?;
    script(&two.join("codex"), "exit 1")?;
    std::fs::create_dir(&one)?;
    std::os::unix::fs::symlink(&package, one.join("codex"))?;
    path(&mut fixture, &[&one, &two]);
    let check = fixture.check("runtime.install")?;
    let both = format!("{}, {}", one.join("codex").display(), two.join("codex").display());
    assert_eq!(check["details"]["codex on PATH"], both);
    assert_eq!(check["details"]["codex managed by"], "npm");
    Ok(())
}

#[test]
fn a_build_of_cargo_is_known_by_the_notes_next_to_it() -> Result {
    let mut fixture = Fixture::new()?;
    let folder = fixture.folder().join("out/release");
    std::fs::create_dir_all(folder.join(".fingerprint"))?;
    script(&folder.join("threadkeep"), "")?;
    fixture.machine.executable = folder.join("threadkeep");
    assert_eq!(fixture.check("runtime.provenance")?["details"]["install method"], "cargo build");
    assert_eq!(fixture.check("runtime.install")?["summary"], "built from source");
    Ok(())
}

#[test]
fn the_search_program_answers_with_its_version() -> Result {
    let mut fixture = Fixture::new()?;
    on_path(&mut fixture, "rg", "echo 'ripgrep 14.1.0 (rev abc)'; echo more")?;
    let check = fixture.check("runtime.search")?;
    assert_eq!((&check["status"], &check["summary"]), (&"ok".into(), &"rg 14.1.0 (system)".into()));
    // The program that the agent's package brings comes first.
    let package = fixture.folder().join("opt/codex");
    script(&package.join("vendor/x86_64-unknown-linux-musl/codex-path/rg"), "echo 'ripgrep 13.0.0'")?;
    let bin = package.join("bin");
    script(&bin.join("codex"), "touch $0.was-run")?;
    path(&mut fixture, &[&bin]);
    let check = fixture.check("runtime.search")?;
    assert_eq!(check["summary"], "rg 13.0.0 (bundled with codex)");
    assert!(!bin.join("codex.was-run").exists());
    Ok(())
}

#[test]
fn a_missing_search_program_matters_to_agents_only() -> Result {
    let mut fixture = Fixture::new()?;
    fixture.set("PATH", "");
    assert_eq!(fixture.check("runtime.search")?["status"], "idle");
    on_path(&mut fixture, "codex", "")?;
    on_path(&mut fixture, "brew", "")?;
    let check = fixture.check("runtime.search")?;
    assert_eq!(
        (&check["status"], &check["remediation"]),
        (&"warning".into(), &"brew install ripgrep".into())
    );
    Ok(())
}

#[test]
fn a_broken_search_program_is_a_warning() -> Result {
    let mut fixture = Fixture::new()?;
    on_path(&mut fixture, "rg", "exit 3")?;
    let check = fixture.check("runtime.search")?;
    assert_eq!((&check["status"], &check["summary"]), (&"warning".into(), &"rg (system) fails".into()));
    Ok(())
}

/// The script writes its number before it hangs, and its child would outlive it.
#[test]
#[cfg(target_os = "linux")]
fn a_program_that_hangs_is_ended_with_its_children() -> Result {
    let mut fixture = Fixture::new()?;
    let rg = on_path(&mut fixture, "rg", "/bin/sleep 600 & echo $! $$ > \"$0.pids\"; wait")?;
    let check = fixture.check("runtime.search")?;
    assert_eq!(check["summary"], "rg (system) did not answer within 1.5 s");
    let pids = std::fs::read_to_string(rg.with_extension("pids"))?;
    let is_running = |pid: &str| {
        // The child is reaped by another process, at some time.
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        !stat.is_empty() && !stat.contains(") Z ")
    };
    let (child, program) = pids.trim().split_once(' ').ok_or("no numbers")?;
    assert!(!std::path::Path::new(&format!("/proc/{program}")).exists(), "a zombie is left");
    // It has its signal already. Far less than its own 600 s is patience enough.
    let patience = std::time::Instant::now() + std::time::Duration::from_secs(60);
    while is_running(child) {
        assert!(std::time::Instant::now() < patience, "a child of the program still runs");
        std::thread::yield_now();
    }
    Ok(())
}

#[test]
fn no_program_of_a_repository_is_run() -> Result {
    let mut fixture = Fixture::new()?;
    let project = fixture.folder().join("project");
    std::fs::create_dir_all(project.join(".git"))?;
    std::fs::write(project.join(".git/HEAD"), "ref: refs/heads/main\n")?;
    let bin = project.join("node_modules/.bin");
    for name in ["rg", "git"] {
        script(&bin.join(name), "touch \"$0.was-run\"")?;
    }
    path(&mut fixture, &[&bin]);
    fixture.machine.cwd = project.join("node_modules");
    for (id, name) in [("runtime.search", "rg"), ("git.environment", "git")] {
        let check = fixture.check(id)?;
        assert_eq!(check["summary"], format!("{name} not run, as it lies in this repository"));
        assert!(!bin.join(format!("{name}.was-run")).exists());
    }
    Ok(())
}
