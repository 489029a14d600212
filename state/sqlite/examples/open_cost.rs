//! Measures what opening, reading and writing cost: `cargo run --release -p threadkeep-sqlite --example open_cost`.

#![allow(clippy::print_stdout, reason = "an example shows its figures")]

use std::error::Error;
use std::time::{Duration, Instant};

use threadkeep_sqlite::{Database, DbKind, DbSpec, Durability, MigrationFile, OpenOptions};

/// Thirty migrations of some size, as a store has after a few years.
static MIGRATIONS: [MigrationFile; 30] = {
    let mut list = [MigrationFile { version: 1, description: "table", sql: SQL }; 30];
    let mut at = 1;
    while at < list.len() {
        let sql = "-- A migration of a usual size, with a comment that says why it is needed and what it changes.\nSELECT 1;";
        list[at] = MigrationFile { version: at as i64 + 1, description: "more", sql };
        at += 1;
    }
    list
};
const SQL: &str = "CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT;";
static SPEC: DbSpec = DbSpec::new("cost", "cost_1.sqlite", DbKind::Rebuildable, 0x636f_7374, &MIGRATIONS);

const ROUNDS: usize = 200;

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let options = OpenOptions::new();
    let folder = tempfile::tempdir()?;
    let started = Instant::now();
    Database::open(&SPEC, folder.path(), &options).await?.close().await?;
    println!("create with 30 migrations  {:>10.3?}", started.elapsed());

    let (mut opened, mut answered, mut closed) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let started = Instant::now();
        let database = Database::open(&SPEC, folder.path(), &options).await?;
        opened.push(started.elapsed());
        let mut reader = database.reader().await?;
        let _: i64 = sqlx::query_scalar("SELECT count(*) FROM notes").fetch_one(reader.conn()).await?;
        answered.push(started.elapsed());
        drop(reader);
        let started = Instant::now();
        database.close().await?;
        closed.push(started.elapsed());
    }
    println!("open, up to date           {:>10.3?}", median(opened));
    println!("open and first read        {:>10.3?}", median(answered));
    println!("close                      {:>10.3?}", median(closed));

    let database = Database::open(&SPEC, folder.path(), &options).await?;
    let (mut empty, mut written, mut read) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS * 5 {
        let started = Instant::now();
        database.begin(Durability::Usual).await?.rollback().await;
        empty.push(started.elapsed());
        let started = Instant::now();
        let mut tx = database.begin(Durability::Usual).await?;
        sqlx::query("INSERT INTO notes (text) VALUES ('x')").execute(tx.conn()).await?;
        tx.commit().await?;
        written.push(started.elapsed());
        let started = Instant::now();
        let mut reader = database.reader().await?;
        let _: Option<i64> =
            sqlx::query_scalar("SELECT id FROM notes WHERE id = 1").fetch_optional(reader.conn()).await?;
        read.push(started.elapsed());
    }
    println!("begin and roll back        {:>10.3?}", median(empty));
    println!("write one row              {:>10.3?}", median(written));
    println!("read one row               {:>10.3?}", median(read));
    database.close().await?;
    Ok(())
}
