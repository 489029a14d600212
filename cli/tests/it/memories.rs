//! Memories: made of the bundled home's threads, shown, searched and removed.

use std::fs;

use super::fixture::{Fixture, Result};

pub(crate) const ID: &str = "01a2036c-de71-77f1-a9e3-3c28701bba61";

/// The bundled home, whose threads are of 2019, with memories switched on and these settings.
pub(crate) fn with(settings: &str) -> Result<Fixture> {
    let fixture = Fixture::bundled()?;
    fs::create_dir(fixture.sqlite_home())?;
    let text = format!(
        "[features]\nmemories = true\n[memories]\nmax_age_days = 3650\ninclude_exec = true\n{settings}"
    );
    fs::write(fixture.sqlite_home().join("config.toml"), text)?;
    Ok(fixture)
}

#[test]
fn a_run_needs_the_feature_and_a_plan_does_not() -> Result {
    let fixture = Fixture::bundled()?;
    insta::assert_snapshot!(fixture.run(&["memories", "run"])?.all(), @r"
    exit 2
    --- stderr
    error: memories are switched off, as they are by default
      hint: write `memories = true` in the section [features] of [tmp]/home/threadkeep/config.toml
    ");
    let plan = fixture.json(&["memories", "run", "--dry-run"])?;
    let threads = plan["threads"].as_array().cloned().unwrap_or_default();
    assert_eq!(threads.len(), 16);
    assert!(threads.iter().all(|thread| thread["claimed"] == false && thread["skip"].is_string()));
    assert!(!fixture.home().join("memories").exists());
    Ok(())
}

#[test]
fn threads_are_remembered_shown_and_forgotten() -> Result {
    let fixture = with("")?;
    insta::assert_snapshot!(fixture.run(&["memories", "run", "--dry-run"])?.all(), @r"
    exit 0
    --- stdout
    THREAD         UPDATED      RUN                                        TITLE
    01a20371-2e88  22 Nov 2019  reads it                                   Please list the files here
    01a20371-2f5f  22 Nov 2019  reads it                                   Add a changelog to the widget
    01a20371-28ae  22 Nov 2019  reads it                                   Start something with a lot o…
    01a20371-0f2e  22 Nov 2019  reads it                                   Which commit are we on?
    01a2036f-a3a8  22 Nov 2019  reads it                                   Review the current code chan…
    01a2036f-6f1a  22 Nov 2019  reads it                                   Say hello from the shell
    01a2036f-755a  22 Nov 2019  reads it                                   Describe the remote
    01a2036f-6413  22 Nov 2019  reads it                                   Start something with a lot o…
    01a2036e-72f3  22 Nov 2019  skips it: archived (`include_archived`)    This session will be archived
    01a2036e-6c3d  22 Nov 2019  reads it                                   Use two helpers to look at t…
    01a2036e-6d54  22 Nov 2019  skips it: a sub-agent, a review, or empty  Look at lib.rs and report.
    01a2036e-6cdf  22 Nov 2019  skips it: a sub-agent, a review, or empty  Look at the README and repor…
    01a2036c-de71  22 Nov 2019  reads it                                   Please list the files here
    01a2036c-fb7e  22 Nov 2019  reads it                                   Wait for a long time
    01a2036c-e9ec  22 Nov 2019  reads it                                   Привет! 请列出文件 🚀 — naïv…
    01a2036c-e047  22 Nov 2019  reads it                                   Add a changelog to the widget
    a run would read 13 of 16 threads · every thread: --verbose
    ");
    insta::assert_snapshot!(fixture.run(&["memories", "run", "--phase", "1"])?.all(), @r"
    exit 0
    --- stdout
    remembered    13
    no memory     0
    failed        0
    ");
    insta::assert_snapshot!(fixture.run(&["memories", "list"])?.all(), @r"
    exit 0
    --- stdout
    THREAD         UPDATED      MEMORY                                USED  FOLDER
    01a20371-2e88  22 Nov 2019  Please list the files here            0     /tmp/project/plain
    01a20371-2f5f  22 Nov 2019  Add a changelog to the widget         0     /tmp/project/widget
    01a20371-28ae  22 Nov 2019  Start something with a lot of conte…  0     /tmp/project/widget
    01a20371-0f2e  22 Nov 2019  Which commit are we on?               0     /tmp/project/detached
    01a2036f-a3a8  22 Nov 2019  Review the current code changes (st…  0     /tmp/project/dirty
    01a2036f-6f1a  22 Nov 2019  Say hello from the shell              0     /tmp/project/plain
    01a2036f-755a  22 Nov 2019  Describe the remote                   0     /tmp/project/secret-origin
    01a2036f-6413  22 Nov 2019  Start something with a lot of conte…  0     /tmp/project/widget
    01a2036e-6c3d  22 Nov 2019  Use two helpers to look at the code   0     /tmp/project/widget
    01a2036c-de71  22 Nov 2019  Please list the files here            0     /tmp/project/plain
    01a2036c-fb7e  22 Nov 2019  Wait for a long time                  0     /tmp/project/plain
    01a2036c-e9ec  22 Nov 2019  Привет! 请列出文件 🚀 — naïve café…   0     /tmp/project/данные ünï 日本
    01a2036c-e047  22 Nov 2019  Add a changelog to the widget         0     /tmp/project/widget
    13 threads
    ");
    let show = fixture.run(&["memories", "show", ID])?.all();
    let made = show.lines().find(|line| line.starts_with("made ")).unwrap_or_default();
    insta::assert_snapshot!(show.replace(made, "made          [when]"), @r"
    exit 0
    --- stdout
    thread        01a2036c-de71-77f1-a9e3-3c28701bba61
    name          Please list the files here
    folder        /tmp/project/plain
    updated       2019-11-22 13:23:26
    made          [when]
    used          0 times
    consolidated  not yet

    # Please list the files here

    ## Asked

    - Please list the files here
    - And now tell me the date

    ## Commands

    - `date -u  %Y` failed (exit 1: date: invalid date ‘%Y’)

    ## Last answer

    > Done: And now tell me the date
    ");
    insta::assert_snapshot!(fixture.run(&["memories", "search", "WIDGET", "changelog"])?.all(), @r"
    exit 0
    --- stdout
    THREAD         UPDATED      MEMORY                         FOUND
    01a20371-2f5f  22 Nov 2019  Add a changelog to the widget  Add a changelog to the widget
    01a2036c-e047  22 Nov 2019  Add a changelog to the widget  Add a changelog to the widget
    2 threads
    ");
    insta::assert_snapshot!(fixture.run(&["memories", "search", "nowhere"])?.all(), @r"
    exit 0
    --- stdout
    No memory has all of these words.
    ");
    insta::assert_snapshot!(fixture.run(&["memories", "forget", ID])?.all(), @r"
    exit 0
    --- stdout
    the memory of 01a2036c-de71-77f1-a9e3-3c28701bba61 was removed; the next `threadkeep memories run` removes its words from the consolidated text
    ");
    insta::assert_snapshot!(fixture.run(&["memories", "forget", ID])?.all(), @r"
    exit 0
    --- stdout
    nothing is remembered of 01a2036c-de71-77f1-a9e3-3c28701bba61; nothing to do
    ");
    insta::assert_snapshot!(fixture.run(&["memories", "show", ID])?.all(), @r"
    exit 0
    --- stdout
    nothing is remembered of 01a2036c-de71-77f1-a9e3-3c28701bba61: unchanged since it was read (forgotten)
    ");
    let status = fixture.json(&["memories", "status"])?;
    assert_eq!(status["skipped"]["up_to_date"], status["memories"].as_u64().unwrap_or_default() + 1);
    let again = fixture.json(&["memories", "run", "--phase", "1"])?;
    assert_eq!(again["threads"], serde_json::json!([]), "what is forgotten stays so");
    insta::assert_snapshot!(fixture.run(&["memories", "clear"])?.all(), @r"
    exit 2
    --- stderr
    error: not cleared: it needs a confirmation, and stdin is not a terminal
      hint: pass --yes to clear without asking
    ");
    insta::assert_snapshot!(fixture.run(&["memories", "clear", "--yes"])?.all(), @r"
    exit 0
    --- stdout
    the memories of 12 threads were removed
    ");
    insta::assert_snapshot!(fixture.run(&["memories", "list"])?.all(), @r"
    exit 0
    --- stdout
    Nothing is remembered yet.
    `threadkeep memories run` makes memories of idle threads.
    ");
    Ok(())
}

#[test]
fn a_plan_counts_what_a_run_reads() -> Result {
    let fixture = with("max_running = 2\nmax_threads = 1\n")?;
    let one = fixture.run(&["memories", "run", "--phase", "1"])?;
    assert!(one.stdout.ends_with("\n12 threads left; `threadkeep memories run` goes on\n"), "{}", one.all());
    let fixture = with("max_running = 2\nmax_threads = 12\n")?;
    let plan = fixture.json(&["memories", "run", "--dry-run"])?;
    let threads = plan["threads"].as_array().cloned().unwrap_or_default();
    let beyond: Vec<_> = threads.iter().filter(|thread| thread["skip"] == "limit_reached").collect();
    let claimed = threads.iter().filter(|thread| thread["claimed"] == true).count();
    assert_eq!((claimed, beyond.len()), (12, 1), "two at a time, and twelve in one run");
    assert_eq!(fixture.json(&["memories", "status"])?["eligible"], 13);
    let run = fixture.json(&["memories", "run", "--phase", "1"])?;
    assert_eq!((run["threads"].as_array().map(Vec::len), &run["eligible"]), (Some(12), &1.into()));
    Ok(())
}

#[test]
fn the_thread_that_is_open_now_is_never_read() -> Result {
    let fixture = with("")?;
    let skip = |output: std::process::Output| {
        let plan: serde_json::Value = serde_json::from_slice(&output.stdout)?;
        let threads = plan["threads"].as_array().cloned().unwrap_or_default();
        let thread = threads.into_iter().find(|thread| thread["thread_id"] == ID);
        Ok::<_, Box<dyn std::error::Error + Send + Sync>>(thread.ok_or("a thread")?["skip"].clone())
    };
    let plan = ["--json", "memories", "run", "--dry-run"];
    assert_eq!(skip(fixture.command(&plan).output()?)?, serde_json::Value::Null);
    assert_eq!(skip(fixture.command(&plan).env("CODEX_THREAD_ID", ID).output()?)?, "current");
    let other = ID.replace("01a2036c-de71", "01a2036c-0000");
    for (typed, expected) in [(&ID[..13], "current".into()), (other.as_str(), serde_json::Value::Null)] {
        let mut command = fixture.command(&[&plan[..], &["--current-thread", typed]].concat());
        assert_eq!(skip(command.env("CODEX_THREAD_ID", ID).output()?)?, expected, "{typed}");
    }
    let run = fixture.command(&["--json", "memories", "run"]).env("CODEX_THREAD_ID", ID).output()?;
    assert!(run.status.success() && !String::from_utf8_lossy(&run.stdout).contains(ID));
    let status = fixture.command(&["--json", "memories", "status"]).env("CODEX_THREAD_ID", ID).output()?;
    assert_eq!(serde_json::from_slice::<serde_json::Value>(&status.stdout)?["skipped"]["current"], 1);
    Ok(())
}

#[test]
fn a_new_user_finds_nothing_and_leaves_nothing() -> Result {
    let fixture = Fixture::bundled()?;
    insta::assert_snapshot!(fixture.run(&["memories", "rebuild"])?.all(), @r"
    exit 0
    --- stdout
    0 files written, 0 files removed
    --- stderr
    note: nothing is consolidated yet; memories are switched off, as they are by default; write `memories = true` in the section [features] of [tmp]/home/threadkeep/config.toml
    ");
    insta::assert_snapshot!(fixture.run(&["memories", "clear", "--yes"])?.all(), @r"
    exit 0
    --- stdout
    nothing was remembered
    ");
    let switch = "memories are switched off, as they are by default; write `memories = true` in the section [features]";
    for arguments in [&["memories", "list"][..], &["memories", "inject"]] {
        let said = fixture.run(arguments)?;
        assert!(said.stdout.contains(switch) && !said.stdout.contains("memories run"), "{}", said.all());
    }
    let shown = fixture.run(&["memories", "show", ID])?;
    assert_eq!(shown.stdout, format!("nothing is remembered of {ID}: not interactive (`include_exec`)\n"));
    insta::assert_snapshot!(fixture.run(&["memories", "run", "--dry-run", "--phase", "2"])?.all(), @r"
    exit 2
    --- stderr
    error: a dry run shows phase 1 alone
      hint: `threadkeep memories diff` shows changes that a consolidation would find
    ");
    let diff = fixture.run(&["memories", "diff"])?;
    assert_eq!(diff.stdout, "no baseline yet; `threadkeep memories run` makes one\n");
    assert!(!fixture.home().join("memories").exists());
    fs::write(fixture.sqlite_home().join("config.toml"), "[features]\nmemories = true\n")?;
    assert_eq!(fixture.json(&["memories", "run"])?["consolidation"]["ending"], "consolidated");
    insta::assert_snapshot!(fixture.run(&["memories", "inject"])?.all(), @r"
    exit 0
    --- stdout
    The consolidated memory is empty.
    ");
    let cooling = fixture.json(&["memories", "run", "--phase", "2"])?["consolidation"].clone();
    assert_eq!(
        (&cooling["ending"], &cooling["memories"]),
        (&"cooling_down".into(), &serde_json::Value::Null)
    );
    Ok(())
}

#[test]
fn the_summary_is_given_to_agents_and_citing_counts() -> Result {
    let fixture = with("")?;
    fixture.run(&["memories", "run", "--phase", "1"])?;
    let root = fixture.path().join("elsewhere");
    fs::create_dir(&root)?;
    let text =
        "# Memory\n\n## /tmp/project/plain\n\n- Be brief. [01a2036c-de71]\n\n## /srv/other\n\n- other\n";
    fs::write(root.join("memory_summary.md"), text)?;
    let root = root.to_str().ok_or("a path")?;
    let inject =
        |more: &[&str]| fixture.json(&[&["memories", "--memories-root", root, "inject"], more].concat());
    assert_eq!(inject(&["--cwd", "/nowhere"])?["cited"], serde_json::json!([]));
    let given = inject(&["--cwd", "/tmp/project/plain"])?;
    assert_eq!(given["cited"], serde_json::json!([ID]));
    assert_eq!(given["text"], "# Memory\n\n## /tmp/project/plain\n\n- Be brief. [01a2036c-de71]\n");
    assert_eq!(fixture.json(&["memories", "show", ID])?["memory"]["usage_count"], 1);
    let said = fixture.run(&["memories", "--memories-root", root, "inject"])?;
    assert_eq!(said.stdout, text, "an agent reads nothing but the text");
    insta::assert_snapshot!(fixture.run(&["memories", "inject"])?.all(), @r"
    exit 0
    --- stdout
    Nothing is consolidated yet.
    `threadkeep memories run` does it.
    ");
    Ok(())
}

#[test]
fn settings_that_cannot_work_stop_a_run() -> Result {
    let run = |settings: &str| {
        Ok::<_, Box<dyn std::error::Error + Send + Sync>>(with(settings)?.run(&["memories", "run"])?.all())
    };
    insta::assert_snapshot!(run("agent_command = \"codex\"\n")?, @r#"
    exit 2
    --- stderr
    error: [tmp]/home/threadkeep/config.toml:6:17: `memories.agent_command` must be a list of texts, such as ["one", "two"], not `"codex"`
      hint: correct it, or remove the line for the default, []
    "#);
    insta::assert_snapshot!(run("agent_command = [\"bin/agent\"]\n")?, @r#"
    exit 2
    --- stderr
    error: the agent's program "bin/agent" is neither a name nor an absolute path
      hint: correct `memories.agent_command` in the settings
    "#);
    if cfg!(feature = "responses") {
        let api = "api_url = \"http://127.0.0.1:1/v1\"\n";
        insta::assert_snapshot!(run(api)?, @r"
        exit 2
        --- stderr
        error: `memories.api_url` is set, and no model
          hint: set `memories.api_model`
        ");
        insta::assert_snapshot!(run(&format!("{api}api_model = \"m\"\napi_key_variable = \"NO_KEY\"\n"))?, @r"
        exit 2
        --- stderr
        error: the environment variable NO_KEY with the model's key is not set
          hint: set it, or correct `memories.api_key_variable` in the settings
        ");
    } else {
        insta::assert_snapshot!(run("api_url = \"http://127.0.0.1:1/v1\"\n")?, @r"
        exit 2
        --- stderr
        error: `memories.api_url` is set, and this build has no HTTP client
          hint: build with `--features responses`, or remove the setting to use the digest
        ");
    }
    Ok(())
}
