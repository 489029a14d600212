//! A small house in a temporary folder: in order when it is made, and then spoiled by a test.

use std::path::{Path, PathBuf};

use tempfile::TempDir;
use xtask::finding::{Finding, render};
use xtask::migrations;
use xtask::repo::Repo;

/// Head of every manifest.
const PACKAGE: &str = "description = \"A crate\"\n\
    keywords = [\"agents\"]\n\
    categories = [\"development-tools\"]\n\
    readme = \"README.md\"\n\
    version.workspace = true\n\
    edition.workspace = true\n\
    rust-version.workspace = true\n\
    license.workspace = true\n\
    publish.workspace = true\n\n\
    [lints]\n\
    workspace = true\n";

/// The root documentation of every library.
const LIB: &str =
    "//! A library.\n//!\n//! # Locking\n//! # Compatibility\n//! # Performance\n//! # File systems\n";

pub(crate) struct Fixture {
    dir: TempDir,
}

impl Fixture {
    /// Makes a house: `state` (one migration), its `sqlite` and `rollout`, `backfill` and `cli`.
    pub(crate) fn new() -> Self {
        let fixture = Self { dir: tempfile::tempdir().unwrap() };
        for name in ["sqlx", "gix", "tokio", "anyhow", "regex", "chrono"] {
            fixture.vendor(name, "");
        }
        fixture.write(
            "Cargo.toml",
            "[workspace]\nresolver = \"3\"\nmembers = [\n]\n\n[workspace.package]\nversion = \"0.1.0\"\n\
             edition = \"2024\"\nrust-version = \"1.94\"\nlicense = \"MIT\"\npublish = false\n\n\
             [workspace.lints.rust]\nunsafe_code = \"forbid\"\n\n[workspace.dependencies]\n\
             sqlx = { path = \"../vendor/sqlx\" }\ngix = { path = \"../vendor/gix\" }\n\
             tokio = { path = \"../vendor/tokio\" }\nanyhow = { path = \"../vendor/anyhow\" }\n\
             regex = { path = \"../vendor/regex\" }\nchrono = { path = \"../vendor/chrono\" }\n",
        );
        fixture.write(".gitattributes", "*.sql text eol=lf\n");
        for folder in ["state-logs", "state-goals", "memories", "device-key", "xtask"] {
            fixture.write(&format!("{folder}/README.md"), "Not built yet.\n");
        }
        fixture.member("state/sqlite", "threadkeep-sqlite", "[dependencies]\nsqlx.workspace = true\n");
        fixture.member("state/rollout", "threadkeep-rollout", "");
        fixture.member("backfill", "threadkeep-backfill", "");
        fixture.member(
            "state",
            "threadkeep-state",
            "[features]\nbackfill = [\"dep:threadkeep-backfill\"]\n\n[dependencies]\n\
             threadkeep-backfill = { workspace = true, optional = true }\n\
             threadkeep-rollout.workspace = true\nthreadkeep-sqlite.workspace = true\n",
        );
        fixture.member(
            "cli",
            "threadkeep",
            "[dependencies]\nanyhow.workspace = true\nthreadkeep-state.workspace = true\n",
        );
        fixture.write(
            "state/build.rs",
            "//! Asks.\nfn main() {\n    println!(\"cargo::rerun-if-changed=migrations\");\n}\n",
        );
        fixture.migration("state", "0001_threads.sql", "CREATE TABLE threads (id TEXT) STRICT;\n");
        migrations::lock::update(&fixture.repo(), xtask::crates::find("state").unwrap(), false).unwrap();
        fixture.bless();
        fixture
    }

    pub(crate) fn repo(&self) -> Repo {
        Repo::at(self.root()).unwrap()
    }

    pub(crate) fn root(&self) -> PathBuf {
        self.dir.path().join("repo")
    }

    pub(crate) fn write(&self, path: &str, bytes: impl AsRef<[u8]>) {
        write(&self.root().join(path), bytes.as_ref());
    }

    pub(crate) fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.root().join(path)).unwrap()
    }

    /// Replaces what must be there.
    pub(crate) fn edit(&self, path: &str, from: &str, to: &str) {
        let text = self.read(path);
        assert!(text.contains(from), "{path} has no {from:?}:\n{text}");
        self.write(path, text.replace(from, to));
    }

    pub(crate) fn append(&self, path: &str, text: &str) {
        self.write(path, self.read(path) + text);
    }

    pub(crate) fn remove(&self, path: &str) {
        let path = self.root().join(path);
        if path.is_dir() { std::fs::remove_dir_all(path) } else { std::fs::remove_file(path) }.unwrap();
    }

    /// Makes a crate of the workspace; `rest` follows the head of its manifest.
    pub(crate) fn member(&self, folder: &str, package: &str, rest: &str) {
        self.write(
            &format!("{folder}/Cargo.toml"),
            format!("[package]\nname = \"{package}\"\n{PACKAGE}\n{rest}"),
        );
        self.write(&format!("{folder}/src/lib.rs"), LIB);
        self.write(&format!("{folder}/README.md"), "A crate.\n");
        self.edit("Cargo.toml", "members = [\n", &format!("members = [\n    \"{folder}\",\n"));
        self.append(
            "Cargo.toml",
            &format!(
                "{package} = {{ path = \"{folder}\", version = \"0.1.0\", default-features = false }}\n"
            ),
        );
    }

    /// Makes a crate of others; `rest` follows the head of its manifest.
    pub(crate) fn vendor(&self, name: &str, rest: &str) {
        let folder = self.dir.path().join("vendor").join(name);
        let manifest =
            format!("[package]\nname = \"{name}\"\nversion = \"1.0.0\"\nedition = \"2024\"\n{rest}");
        write(&folder.join("Cargo.toml"), manifest.as_bytes());
        write(&folder.join("src/lib.rs"), b"");
    }

    /// Writes a migration, and includes it in the crate's source.
    pub(crate) fn migration(&self, folder: &str, file: &str, sql: impl AsRef<[u8]>) {
        self.write(&format!("{folder}/migrations/{file}"), sql);
        let name = file.replace(|c: char| !c.is_alphanumeric(), "_").to_uppercase();
        self.append(
            &format!("{folder}/src/lib.rs"),
            &format!("const M{name}: &str = include_str!(\"../migrations/{file}\");\n"),
        );
    }

    pub(crate) fn layers(&self) -> String {
        // Made by Cargo for what the manifests said before.
        let _ = std::fs::remove_file(self.root().join("Cargo.lock"));
        shown(xtask::layers::check(&self.repo()))
    }

    pub(crate) fn migrations(&self) -> String {
        shown(migrations::check(&self.repo()))
    }

    /// Rewrites the snapshots of the migrations.
    pub(crate) fn bless(&self) {
        let repo = self.repo();
        let run = migrations::Run { bless: true, rounds: 3, ..migrations::Run::new(&repo, Path::new("")) };
        run.check(migrations::STATIC, |_, _| ()).unwrap();
    }

    pub(crate) fn tidy(&self) -> String {
        shown(xtask::tidy::check(&self.repo()))
    }
}

fn write(path: &Path, bytes: &[u8]) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, bytes).unwrap();
}

fn shown(found: anyhow::Result<Vec<Finding>>) -> String {
    match found {
        Ok(found) => render(&found),
        Err(error) => format!("error: {error:#}"),
    }
}

#[test]
fn a_house_in_order_passes() {
    let house = Fixture::new();
    assert_eq!(house.layers() + &house.migrations() + &house.tidy(), "");
}
