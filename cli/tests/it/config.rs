//! The settings: what a file may say, and the report of its problems.

use std::fs;

use super::fixture::{Fixture, Result, contents};

/// A home with this file of settings.
fn with(text: &str) -> Result<Fixture> {
    let fixture = Fixture::bundled()?;
    fs::create_dir(fixture.sqlite_home())?;
    fs::write(fixture.sqlite_home().join("config.toml"), text)?;
    Ok(fixture)
}

/// Error of `threads` about a file that keeps it from running.
fn refusal(text: &str) -> Result<String> {
    Ok(with(text)?.run(&["threads"])?.all())
}

#[test]
fn config_schema_prints_the_published_file() -> Result {
    let made = Fixture::empty()?.run(&["config", "schema"])?.stdout;
    assert_eq!(made, include_str!("../../app/config.schema.json"));
    Ok(())
}

#[test]
fn without_a_file_everything_is_as_by_default() -> Result {
    let fixture = Fixture::bundled()?;
    insta::assert_snapshot!(fixture.run(&["config", "show"])?.all(), @r#"
    exit 0
    --- stdout
    # [tmp]/home/threadkeep/config.toml: no such file, all defaults apply

    [features]
    goals = true                # default
    logs = true                 # default
    memories = false            # default

    [logs]
    enabled = true              # default
    filter = "info,sqlx=warn"   # default
    row_bytes = 65536           # default
    keep_rows = 1000            # default
    keep_bytes = 10485760       # default
    keep_days = 90              # default

    [threads]
    keep_missing_days = 30      # default

    [snapshots]
    daily = true                # default
    keep = 2                    # default

    [memories]
    max_age_days = 30           # default
    min_idle_hours = 12         # default
    max_running = 64            # default
    max_threads = 64            # default
    concurrency = 8             # default
    input_tokens = 60000        # default
    include_exec = false        # default
    include_archived = false    # default
    max_memories = 256          # default
    unused_days = 30            # default
    cooldown_hours = 6          # default
    summary_bytes = 10000       # default
    api_url = ""                # default
    api_model = ""              # default
    api_key_variable = ""       # default
    api_headers = []            # default
    api_effort = ""             # default
    api_timeout_seconds = 120   # default
    agent_command = []          # default
    agent_variables = []        # default
    agent_timeout_minutes = 30  # default

    [device_keys]
    folder = ""                 # default
    tpm = ""                    # default
    allowed_origins = []        # default
    allowed_paths = []          # default
    allow_loopback = false      # default

    [feedback]
    sentry_dsn = ""             # default
    "#);
    insta::assert_snapshot!(fixture.run(&["config", "path"])?.all(), @r"
    exit 0
    --- stdout
    [tmp]/home/threadkeep/config.toml
    --- stderr
    note: no config.toml; all defaults apply
    ");
    assert_eq!(fixture.json(&["config", "path"])?["exists"], false);
    assert!(!fixture.sqlite_home().exists(), "asking makes nothing");
    Ok(())
}

#[test]
fn what_the_file_and_the_environment_set_is_shown_with_its_place() -> Result {
    let fixture = with("[logs]\nkeep_days = 30\nfilter = \"warn\"\n[features]\ngoals = false\n")?;
    let show = fixture.json(&["config", "show"])?;
    let of = |show: &serde_json::Value, key: &str| {
        let settings = show["settings"].as_array().cloned().unwrap_or_default();
        let setting = settings.into_iter().find(|setting| setting["key"] == key).unwrap_or_default();
        format!("{} by {}, line {}", setting["value"], setting["source"], setting["line"])
    };
    assert_eq!(of(&show, "logs.keep_days"), r#"30 by "file", line 2"#);
    assert_eq!(of(&show, "logs.filter"), r#""warn" by "file", line 3"#);
    assert_eq!(of(&show, "features.goals"), r#"false by "file", line 5"#);
    assert_eq!(of(&show, "logs.keep_rows"), r#"1000 by "default", line null"#);
    let output = fixture.command(&["config", "show", "--json"]).env("THREADKEEP_LOG", "debug").output()?;
    let show = serde_json::from_slice(&output.stdout)?;
    assert_eq!(of(&show, "logs.filter"), r#""debug" by "environment", line null"#);
    Ok(())
}

#[test]
fn an_unknown_key_is_a_warning_with_the_nearest_known_one() -> Result {
    let fixture = with("featuers = 1\n[logs]\nkeep_row = 5\n[memories]\nfilter = \"info\"\ncolour = 1\n")?;
    let said = fixture.run(&["threads", "--limit", "1"])?;
    assert_eq!(said.code, Some(0));
    insta::assert_snapshot!(said.stderr, @r"
    note: [tmp]/home/threadkeep/config.toml:1:1: unknown key `featuers`; did you mean `[features]`?
    note: [tmp]/home/threadkeep/config.toml:3:1: unknown key `logs.keep_row`; did you mean `keep_rows`?
    note: [tmp]/home/threadkeep/config.toml:5:1: unknown key `memories.filter`; did you mean `logs.filter`?
    note: [tmp]/home/threadkeep/config.toml:6:1: unknown key `memories.colour`; `threadkeep config show` lists all keys
    ");
    assert_eq!(fixture.run(&["config", "show"])?.code, Some(0));
    assert_eq!(fixture.run(&["-q", "threads", "--limit", "1"])?.stderr, "");
    Ok(())
}

#[test]
fn wrong_values_are_errors_with_their_place() -> Result {
    insta::assert_snapshot!(refusal("[logs]\n  keep_rows = \"many\"\nkeep_days = 0\nenabled = 'no'\n")?, @r#"
    exit 2
    --- stderr
    error: [tmp]/home/threadkeep/config.toml:2:15: `logs.keep_rows` must be a whole number from 1 to 1000000, not `"many"`
      hint: correct it, or remove the line for the default, 1000; `threadkeep config show` shows this and 2 more
    "#);
    insta::assert_snapshot!(refusal("[logs]\nrow_bytes = 99_999_999_999_999_999_999\n")?, @r"
    exit 2
    --- stderr
    error: [tmp]/home/threadkeep/config.toml:2:13: `logs.row_bytes` must be a whole number from 256 to 1048576, not `99_999_999_999_999_999_999`
      hint: correct it, or remove the line for the default, 65536
    ");
    insta::assert_snapshot!(refusal("logs = 3\n")?, @r"
    exit 2
    --- stderr
    error: [tmp]/home/threadkeep/config.toml:1:8: `logs` must be a section of keys, not `3`
      hint: write `[logs]` on a line of its own, and its keys below
    ");
    insta::assert_snapshot!(refusal("[logs]\nkeep_rows = 1\nkeep_rows = 2\n")?, @r"
    exit 2
    --- stderr
    error: [tmp]/home/threadkeep/config.toml:3:1: this is not TOML at `keep_rows`: duplicate key
      hint: correct the line, or put a # before it
    ");
    insta::assert_snapshot!(refusal("[logs\n")?, @r"
    exit 2
    --- stderr
    error: [tmp]/home/threadkeep/config.toml:1:6: this is not TOML: unclosed table, expected `]`
      hint: correct the line, or put a # before it
    ");
    Ok(())
}

#[test]
fn what_is_no_text_is_an_error_and_no_reason_to_wait() -> Result {
    let fixture = with("")?;
    let file = fixture.sqlite_home().join("config.toml");
    fs::write(&file, b"[logs]\n# caf\xe9\n")?;
    insta::assert_snapshot!(fixture.run(&["threads"])?.all(), @r"
    exit 2
    --- stderr
    error: [tmp]/home/threadkeep/config.toml: is not UTF-8 text: line 2 has other bytes in it
      hint: save it as UTF-8
    ");
    fs::remove_file(&file)?;
    fs::create_dir(&file)?;
    insta::assert_snapshot!(fixture.run(&["threads"])?.all(), @r"
    exit 2
    --- stderr
    error: [tmp]/home/threadkeep/config.toml: cannot be read: it is not a file
      hint: make it a file that this user may read, or move it away for the defaults
    ");
    fs::remove_dir(&file)?;
    #[cfg(unix)]
    {
        rustix::fs::mknodat(
            rustix::fs::CWD,
            &file,
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR,
            0,
        )?;
        assert!(fixture.run(&["threads"])?.stderr.contains("it is not a file"));
    }
    Ok(())
}

#[test]
fn a_broken_file_leaves_the_commands_that_help_to_mend_it() -> Result {
    let fixture = with("[logs]\nkeep_rows = \"many\"\n")?;
    let before = contents(&fixture.home())?;
    for arguments in [
        &["config", "path"][..],
        &["config", "schema"],
        &["completions", "bash"],
        &["agents"],
        &["kept"],
        &["repair"],
    ] {
        assert_eq!(fixture.run(arguments)?.code, Some(0), "{arguments:?}");
    }
    let show = fixture.run(&["config", "show"])?;
    assert_eq!(show.code, Some(1));
    insta::assert_snapshot!(show.stdout.lines().skip(43).collect::<Vec<_>>().join("\n"), @r#"
    agent_timeout_minutes = 30  # default

    [device_keys]
    folder = ""                 # default
    tpm = ""                    # default
    allowed_origins = []        # default
    allowed_paths = []          # default
    allow_loopback = false      # default

    [feedback]
    sentry_dsn = ""             # default

    error: [tmp]/home/threadkeep/config.toml:2:13: `logs.keep_rows` must be a whole number from 1 to 1000000, not `"many"`
      hint: correct it, or remove the line for the default, 1000

    Until this is corrected, only agents, completions, config, doctor, feedback, kept, repair and status run.
    "#);
    let status = fixture.run(&["status"])?;
    assert_eq!(status.code, Some(1));
    insta::assert_snapshot!(status.stdout.lines().skip(3).take(3).collect::<Vec<_>>().join("\n"), @r#"
    settings     0 set; `threadkeep config show` shows them
                 [tmp]/home/threadkeep/config.toml:2:13: `logs.keep_rows` must be a whole number from 1 to 1000000, not `"many"`
                 correct it, or remove the line for the default, 1000
    "#);
    for arguments in [&["backfill"][..], &["audit"], &["threads", "archive", "01a2036c-de71"]] {
        assert_eq!(fixture.run(arguments)?.code, Some(2), "{arguments:?}");
    }
    assert_eq!(contents(&fixture.home())?, before, "nothing was changed");
    Ok(())
}

#[test]
fn the_switch_of_all_logs_says_that_the_rest_of_their_settings_is_idle() -> Result {
    let fixture = with("[features]\nlogs = false\n[logs]\nenabled = true\n")?;
    let said = fixture.run(&["config", "show"])?.stdout;
    assert!(said.contains("[logs]  # not in effect: features.logs is false\nenabled = true"), "{said}");
    let show = fixture.json(&["config", "show"])?;
    let settings = show["settings"].as_array().ok_or("an array")?;
    let idle = settings.iter().filter(|setting| setting["in_effect"] == false);
    let idle: Vec<&str> = idle.filter_map(|setting| setting["key"].as_str()).collect();
    assert!(idle.iter().all(|key| key.starts_with("logs.") || key.starts_with("memories.")), "{idle:?}");
    assert!(idle.contains(&"logs.enabled"), "{idle:?}");
    Ok(())
}

#[test]
fn a_variable_that_is_wrong_is_not_taken_for_the_file() -> Result {
    let fixture = Fixture::bundled()?;
    let with_filter =
        |arguments: &[&str]| fixture.say(fixture.command(arguments).env("THREADKEEP_LOG", "loud").output()?);
    insta::assert_snapshot!(with_filter(&["threads"])?.all(), @r#"
    exit 2
    --- stderr
    error: THREADKEEP_LOG overrides `logs.filter` and is not a filter: unknown level `loud` (error, warn, info, debug, trace, off); for a target write `loud=trace`
      hint: set it to "info", "off" or "info,sqlx=warn", or unset it
    "#);
    for arguments in [&["config", "show"][..], &["status"]] {
        let said = with_filter(arguments)?;
        assert_eq!(said.code, Some(1), "{}", said.all());
        assert!(!said.stdout.contains("config.toml: THREADKEEP_LOG"), "{}", said.all());
        assert!(said.stdout.contains(" THREADKEEP_LOG overrides `logs.filter`"), "{}", said.all());
    }
    assert!(fixture.run(&["logs", "--help"])?.stdout.contains("THREADKEEP_LOG=debug"));
    Ok(())
}

#[test]
fn what_is_switched_off_is_told_by_status() -> Result {
    let fixture = with("[features]\ngoals = false\n")?;
    let said = fixture.run(&["status"])?;
    assert_eq!(said.code, Some(0), "{}", said.all());
    assert!(
        said.stdout.contains("goals_1.sqlite\nstate        off: [features] goals = false\n"),
        "{}",
        said.stdout
    );
    assert!(
        said.stdout.contains("state        not created yet; the first logged row creates it"),
        "{}",
        said.stdout
    );
    let status = fixture.json(&["status"])?;
    let enabled = status["databases"].as_array().ok_or("an array")?.iter();
    let enabled: Vec<_> =
        enabled.map(|database| (database["label"].clone(), database["enabled"].clone())).collect();
    assert_eq!(
        enabled,
        [
            ("state".into(), true.into()),
            ("goals".into(), false.into()),
            ("logs".into(), true.into()),
            ("history".into(), true.into())
        ]
    );
    // Problems of features that are off are reported, too.
    fs::write(fixture.sqlite_home().join("goals_1.sqlite"), "not a database at all".repeat(100))?;
    let said = fixture.run(&["status"])?;
    assert_eq!(said.code, Some(1), "{}", said.all());
    assert!(said.stdout.contains("of another program"), "{}", said.stdout);
    Ok(())
}
