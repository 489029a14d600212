//! Every arrow that the design forbids is found, with the way that leads there.

use insta::assert_snapshot;

use crate::fixture::Fixture;

#[test]
fn ports_reach_no_storage_whatever_lies_between() {
    let house = Fixture::new();
    house.vendor("helper", "[dependencies]\nsqlx = { path = \"../sqlx\" }\n");
    house.append("Cargo.toml", "helper = { path = \"../vendor/helper\" }\n");
    house.append("backfill/Cargo.toml", "[dependencies]\nhelper.workspace = true\n");
    assert_snapshot!(house.layers(), @r"
    backfill/Cargo.toml [layers/reach]
        threadkeep-backfill reaches helper → sqlx: a crate that owns ports knows no storage: the adapter depends on it
        → cut that path; see it with `cargo tree -p threadkeep-backfill --all-features -e normal,build -i sqlx`
    ");
}

#[test]
fn ports_know_no_crate_of_the_house() {
    let house = Fixture::new();
    house.append("backfill/Cargo.toml", "[dev-dependencies]\nthreadkeep-rollout.workspace = true\n");
    assert_snapshot!(house.layers(), @r"
    backfill/Cargo.toml [layers/knows]
        threadkeep-backfill may know no crate of this workspace; it names threadkeep-rollout
        → turn the arrow round: own a port here, and implement it in the crate that knows both
    ");
}

#[test]
fn a_crate_may_turn_on_its_own_features_for_its_tests() {
    let house = Fixture::new();
    house.append("backfill/Cargo.toml", "[dev-dependencies]\nthreadkeep-backfill.workspace = true\n");
    assert_eq!(house.layers(), "");
}

#[test]
fn git_stays_out_of_the_index() {
    let house = Fixture::new();
    let memories = "[features]\ndefault = [\"workspace\"]\nworkspace = [\"dep:gix\"]\n\n[dependencies]\n\
        gix = { workspace = true, optional = true }\n";
    house.member("memories", "threadkeep-memories", memories);
    house.edit("state/Cargo.toml", "[features]\n", "[features]\nmemories = [\"dep:threadkeep-memories\"]\n");
    house.append("state/Cargo.toml", "threadkeep-memories = { workspace = true, optional = true }\n");
    // Another member turns git on for itself: that is nothing to a user of the index.
    house
        .append("cli/Cargo.toml", "threadkeep-memories = { workspace = true, features = [\"workspace\"] }\n");
    assert_eq!(house.layers(), "");

    house.edit(
        "Cargo.toml",
        "path = \"memories\", version = \"0.1.0\", default-features = false",
        "path = \"memories\", version = \"0.1.0\"",
    );
    assert_snapshot!(house.layers(), @r"
    state/Cargo.toml [layers/ports]
        threadkeep-state takes threadkeep-memories with its default features, so every user gets what they bring
        → write `threadkeep-memories = { workspace = true, optional = true }`, with `default-features = false` in the workspace's table
    state/Cargo.toml [layers/reach]
        threadkeep-state reaches threadkeep-memories → gix: git must never enter the graph of a user who wants the index
        → cut that path; see it with `cargo tree -p threadkeep-state --all-features -e normal,build -i gix`
    ");
}

#[test]
fn a_weak_feature_turns_nothing_on() {
    let house = Fixture::new();
    house.member(
        "memories",
        "threadkeep-memories",
        "[features]\nworkspace = [\"dep:gix\"]\nextra = []\n\n[dependencies]\ngix = { workspace = true, optional = true }\n",
    );
    house.edit(
        "state/Cargo.toml",
        "[features]\n",
        "[features]\nmemories = [\"dep:threadkeep-memories\"]\nextra = [\"threadkeep-memories?/extra\"]\n",
    );
    house.append("state/Cargo.toml", "threadkeep-memories = { workspace = true, optional = true }\n");
    assert_eq!(house.layers(), "");

    house.edit("memories/Cargo.toml", "extra = []", "extra = [\"workspace\"]");
    assert_snapshot!(house.layers(), @r"
    state/Cargo.toml [layers/reach]
        threadkeep-state reaches threadkeep-memories → gix: git must never enter the graph of a user who wants the index
        → cut that path; see it with `cargo tree -p threadkeep-state --all-features -e normal,build -i gix`
    ");
}

#[test]
fn what_is_heavy_comes_by_a_feature() {
    let house = Fixture::new();
    house.member("memories", "threadkeep-memories", "[dependencies]\ngix.workspace = true\n");
    assert_snapshot!(house.layers(), @r"
    memories/Cargo.toml [layers/reach]
        threadkeep-memories reaches gix: it is heavy, so a user asks for it by a feature
        → cut that path; see it with `cargo tree -p threadkeep-memories --no-default-features -e normal,build -i gix`
    ");
}

#[test]
fn ports_can_be_left_out_of_the_index() {
    let house = Fixture::new();
    house.edit("state/Cargo.toml", "backfill = [\"dep:threadkeep-backfill\"]", "backfill = []");
    house.edit(
        "state/Cargo.toml",
        "threadkeep-backfill = { workspace = true, optional = true }",
        "threadkeep-backfill.workspace = true",
    );
    assert_snapshot!(house.layers(), @r"
    state/Cargo.toml [layers/ports]
        threadkeep-state takes threadkeep-backfill without a feature, so no user can leave it out
        → write `threadkeep-backfill = { workspace = true, optional = true }`, with `default-features = false` in the workspace's table
    ");
}

#[test]
fn the_format_has_neither_sql_nor_async() {
    let house = Fixture::new();
    house.append(
        "state/rollout/Cargo.toml",
        "[dependencies]\nsqlx.workspace = true\ntokio.workspace = true\n",
    );
    assert_snapshot!(house.layers(), @r"
    state/rollout/Cargo.toml [layers/reach]
        threadkeep-rollout reaches sqlx: the rollout format has no SQL
        → cut that path; see it with `cargo tree -p threadkeep-rollout --all-features -e normal,build -i sqlx`
    state/rollout/Cargo.toml [layers/reach]
        threadkeep-rollout reaches tokio: the rollout format has no async runtime
        → cut that path; see it with `cargo tree -p threadkeep-rollout --all-features -e normal,build -i tokio`
    ");
}

#[test]
fn stores_stand_alone() {
    let house = Fixture::new();
    house.member(
        "state-goals",
        "threadkeep-state-goals",
        "[dependencies]\nthreadkeep-state-logs.workspace = true\n",
    );
    house.member(
        "state-logs",
        "threadkeep-state-logs",
        "[dependencies]\nthreadkeep-state.workspace = true\n",
    );
    assert_snapshot!(house.layers(), @r"
    state-goals/Cargo.toml [layers/knows]
        threadkeep-state-goals may know only threadkeep-sqlite, threadkeep-redact; it names threadkeep-state-logs
        → turn the arrow round: own a port here, and implement it in the crate that knows both
    state-logs/Cargo.toml [layers/knows]
        threadkeep-state-logs may know only threadkeep-sqlite, threadkeep-redact; it names threadkeep-state
        → turn the arrow round: own a port here, and implement it in the crate that knows both
    ");
}

#[test]
fn plumbing_knows_no_domain() {
    let house = Fixture::new();
    house.append("state/sqlite/Cargo.toml", "threadkeep-rollout.workspace = true\n");
    assert_snapshot!(house.layers(), @r"
    state/sqlite/Cargo.toml [layers/knows]
        threadkeep-sqlite may know no crate of this workspace; it names threadkeep-rollout
        → turn the arrow round: own a port here, and implement it in the crate that knows both
    ");
}

#[test]
fn nobody_depends_on_the_binary() {
    let house = Fixture::new();
    house.edit("cli/Cargo.toml", "threadkeep-state.workspace = true\n", "");
    house.append("state/Cargo.toml", "threadkeep.workspace = true\n");
    assert_snapshot!(house.layers(), @r"
    state/Cargo.toml [layers/knows]
        threadkeep-state may know only threadkeep-sqlite, threadkeep-rollout, threadkeep-redact, threadkeep-sessions, threadkeep-history, threadkeep-state-logs, threadkeep-state-goals, threadkeep-memories, threadkeep-device-key, threadkeep-backfill; it names threadkeep
        → turn the arrow round: own a port here, and implement it in the crate that knows both
    ");
}

#[test]
fn libraries_have_typed_errors_and_one_library_of_time() {
    let house = Fixture::new();
    house.append("state/rollout/Cargo.toml", "[dependencies]\nchrono.workspace = true\n");
    house.append("backfill/Cargo.toml", "[dev-dependencies]\nanyhow.workspace = true\n");
    assert_snapshot!(house.layers(), @r"
    backfill/Cargo.toml [layers/libraries]
        threadkeep-backfill names anyhow: callers of a library act on its errors, so each is typed
        → derive a typed error with thiserror
    state/rollout/Cargo.toml [layers/libraries]
        threadkeep-rollout names chrono: the workspace has one library of time
        → use jiff
    ");
}

#[test]
fn redaction_needs_regex_alone() {
    let house = Fixture::new();
    let dependencies = "[dependencies]\nregex.workspace = true\n";
    house.member("state/redact", "threadkeep-redact", dependencies);
    assert_eq!(house.layers(), "");

    house.append("state/redact/Cargo.toml", "tokio.workspace = true\n");
    assert_snapshot!(house.layers(), @r"
    state/redact/Cargo.toml [layers/only]
        threadkeep-redact depends on regex alone; it names tokio
        → do without it, or do the work in the caller
    ");
}

#[test]
fn the_tools_libraries_take_no_arguments_and_may_use_anyhow() {
    let house = Fixture::new();
    house.vendor("clap", "");
    house.append("Cargo.toml", "clap = { path = \"../vendor/clap\" }\n");
    house.member("cli/app", "threadkeep-app", "[dependencies]\nanyhow.workspace = true\n");
    assert_eq!(house.layers(), "");

    house.append("cli/app/Cargo.toml", "clap.workspace = true\n");
    house.append("state/Cargo.toml", "threadkeep-app.workspace = true\n");
    let found = house.layers();
    assert!(
        found.contains("threadkeep-app reaches clap: a library of the tool has no command line"),
        "{found}"
    );
    assert!(found.contains("it names threadkeep-app\n"), "{found}");
}
