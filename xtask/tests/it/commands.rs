//! The command line: what it prints, and what it ends with.

use std::collections::BTreeSet;
use std::process::{Command, Output};

use clap::ValueEnum as _;
use insta::assert_snapshot;
use xtask::bench::Bench;
use xtask::crates::{CRATES, find};
use xtask::repo::Repo;

fn xtask(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_xtask")).args(arguments).output().unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn words(bench: Bench, arguments: &[String]) -> Vec<String> {
    bench.command(arguments).get_args().map(|word| word.to_str().unwrap().to_owned()).collect()
}

#[test]
fn a_bench_is_a_command_of_cargo() {
    let words = words(Bench::List, &["--threads".to_owned(), "1000".to_owned()]);
    assert_eq!(words.join(" "), "bench --package threadkeep-state --bench list -- --threads 1000");
}

#[test]
fn every_bench_is_listed_and_is_a_file() {
    let repo = Repo::find().unwrap();
    let path = |bench: &Bench| {
        let words = words(*bench, &[]);
        format!("{}/benches/{}.rs", find(&words[2]).unwrap().folder, words[4])
    };
    let listed: BTreeSet<String> = Bench::value_variants().iter().map(path).collect();
    let benches = CRATES.iter().map(|krate| format!("{}/benches", krate.folder));
    let files = benches.flat_map(|folder| {
        let entries = repo.entries(&folder).unwrap().into_iter().filter(|(_, is_folder)| !is_folder);
        entries.map(move |(name, _)| format!("{folder}/{name}")).collect::<Vec<_>>()
    });
    assert_eq!(listed, files.collect());
}

#[test]
fn an_unknown_bench_is_told_the_known_ones() {
    let output = xtask(&["bench", "lists"]);
    assert_eq!(output.status.code(), Some(2));
    assert_snapshot!(stderr(&output), @r"
    error: invalid value 'lists' for '<NAME>'
      [possible values: agents, backfill, decisions, digest, goals, history, list, logs, memories, redact, rpc, session, sign, workspace]

      tip: a similar value exists: 'list'

    For more information, try '--help'.
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
    assert_snapshot!(stderr(&output), @"error: `cli` owns no database; those that do are: state, state/history, state-logs, state-goals");
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
