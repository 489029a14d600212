//! The command line: what it prints, and what it ends with.

use std::process::{Command, Output};

use insta::assert_snapshot;
use xtask::bench;

fn xtask(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_xtask")).args(arguments).output().unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn a_bench_is_a_row() {
    let bench = bench::find("list").unwrap();
    let command = bench::command(bench, &["--threads".to_owned(), "1000".to_owned()]);
    let arguments: Vec<&str> = command.get_args().map(|argument| argument.to_str().unwrap()).collect();
    assert_eq!(arguments.join(" "), "bench --package threadkeep-state --bench list -- --threads 1000");
}

#[test]
fn an_unknown_bench_is_told_the_known_ones() {
    let output = xtask(&["bench", "lists"]);
    assert_eq!(output.status.code(), Some(2));
    assert_snapshot!(stderr(&output), @r"
    error: there is no bench `lists`; there are:
      backfill   first, repeated and incremental backfill of a generated home, against a plain newline count
      goals      usage counted per second by one, eight tasks and eight processes, against a plain loop of the statement
      list       a page of 50 threads, of 1,000 and of 100,000
      logs       rows a second of the logs' writer, against rusqlite on the same rows; bytes written per byte logged
      redact     redaction of prose, code, rollout lines and log rows, against a plain scan of the bytes
      session    live sessions of 10,000 lines, eight at once: how seldom the index writes, against recording alone
    ");
}

#[test]
fn an_unknown_command_is_told_the_nearest() {
    let output = xtask(&["layer"]);
    assert_eq!(output.status.code(), Some(2));
    assert_snapshot!(stderr(&output), @r"
    error: unrecognized subcommand 'layer'

      tip: a similar subcommand exists: 'layers'

    Usage: cargo xtask <COMMAND>

    For more information, try '--help'.
    ");
}

#[test]
fn a_crate_without_a_database_is_told_who_has_one() {
    let output = xtask(&["migrations", "check", "cli"]);
    assert_eq!(output.status.code(), Some(2));
    assert_snapshot!(stderr(&output), @"error: `cli` owns no database; those that do are: state, state-logs, state-goals");
}

#[test]
fn json_is_all_there_is() -> serde_json::Result<()> {
    for arguments in
        [&["layers", "--json"][..], &["tidy", "--json"], &["migrations", "check", "--quick", "--json"]]
    {
        let output = xtask(arguments);
        let json: serde_json::Value = serde_json::from_slice(&output.stdout)?;
        assert_eq!(json["check"], arguments[0]);
        let found = json["findings"].as_array().map(Vec::len);
        assert_eq!(output.status.code(), Some(i32::from(found != Some(0))), "{arguments:?}");
        assert_eq!(stderr(&output), "");
    }
    Ok(())
}
