//! The design as data: the crates there are, the folder of each, and whom each may know.
//!
//! A crate that is not built yet has its row here already, so that its first commit is held to it.

/// Describes one crate: a row of the design.
#[derive(Debug, Clone, Copy)]
pub struct Room {
    /// The package's name.
    pub package: &'static str,
    /// Its folder, relative to the root.
    pub folder: &'static str,
    /// The kind of crate it is, which decides the rules that hold for all of that kind.
    pub kind: Kind,
    /// The crates of this workspace that it may name in its manifest, tests included.
    pub knows: &'static [&'static str],
    /// The packages that must not be reachable from it.
    pub bars: &'static [Bar],
    /// When given, the only packages that it may depend on at all.
    pub only: Option<&'static [&'static str]>,
    /// The database file that it owns, and with it a `migrations/` folder.
    pub database: Option<&'static str>,
}

/// Tells the kinds of crates apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A domain crate that owns ports: storage implements it, never the other way round.
    Ports,
    /// Any other library.
    Library,
    /// A program: it may print, exit and use `anyhow`; nobody depends on it.
    Program,
}

/// Names a package that must not be reachable, and says why.
#[derive(Debug, Clone, Copy)]
pub struct Bar {
    /// The package's name; a final `*` stands for any ending.
    pub package: &'static str,
    /// The features under which it must be absent.
    pub under: Under,
    /// Why it must be.
    pub why: &'static str,
}

/// Says with which features a crate is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Under {
    /// None: what the smallest user gets.
    NoFeatures,
    /// All of them: what anybody can get.
    AllFeatures,
}

const fn never(package: &'static str, why: &'static str) -> Bar {
    Bar { package, under: Under::AllFeatures, why }
}

const fn by_feature_only(package: &'static str, why: &'static str) -> Bar {
    Bar { package, under: Under::NoFeatures, why }
}

const NO_STORAGE: &str = "a crate that owns ports knows no storage: the adapter depends on it";
const NO_SQL: &str = "the rollout format has no SQL";
const NO_ASYNC: &str = "the rollout format has no async runtime";
const NO_GIT: &str = "git must never enter the graph of someone who wants the index";
const NO_KEYS: &str = "key providers must never enter the graph of someone who wants the index";
const OPT_IN: &str = "it is heavy, so whoever wants it asks for it by a feature";

/// Holds every crate of the design, in its order.
pub const HOUSE: &[Room] = &[
    Room {
        package: "threadkeep-state",
        folder: "state",
        kind: Kind::Library,
        knows: &[
            "threadkeep-sqlite",
            "threadkeep-rollout",
            "threadkeep-redact",
            "threadkeep-state-logs",
            "threadkeep-state-goals",
            "threadkeep-memories",
            "threadkeep-device-key",
            "threadkeep-backfill",
        ],
        bars: &[never("gix*", NO_GIT), never("tss-esapi*", NO_KEYS)],
        only: None,
        database: Some("state_5.sqlite"),
    },
    Room {
        package: "threadkeep-sqlite",
        folder: "state/sqlite",
        kind: Kind::Library,
        knows: &[],
        bars: &[],
        only: None,
        database: None,
    },
    Room {
        package: "threadkeep-rollout",
        folder: "state/rollout",
        kind: Kind::Library,
        knows: &["threadkeep-redact"],
        bars: &[
            never("sqlx*", NO_SQL),
            never("libsqlite3-sys", NO_SQL),
            never("rusqlite", NO_SQL),
            never("tokio*", NO_ASYNC),
            never("async-std", NO_ASYNC),
            never("smol", NO_ASYNC),
        ],
        only: None,
        database: None,
    },
    Room {
        package: "threadkeep-redact",
        folder: "state/redact",
        kind: Kind::Library,
        knows: &[],
        bars: &[],
        only: Some(&["regex"]),
        database: None,
    },
    Room {
        package: "threadkeep-state-logs",
        folder: "state-logs",
        kind: Kind::Library,
        knows: &["threadkeep-sqlite", "threadkeep-redact"],
        bars: &[],
        only: None,
        database: Some("logs_2.sqlite"),
    },
    Room {
        package: "threadkeep-state-goals",
        folder: "state-goals",
        kind: Kind::Library,
        knows: &["threadkeep-sqlite", "threadkeep-redact"],
        bars: &[],
        only: None,
        database: Some("goals_1.sqlite"),
    },
    Room {
        package: "threadkeep-memories",
        folder: "memories",
        kind: Kind::Ports,
        knows: &[],
        bars: &[by_feature_only("gix*", OPT_IN)],
        only: None,
        database: None,
    },
    Room {
        package: "threadkeep-device-key",
        folder: "device-key",
        kind: Kind::Ports,
        knows: &[],
        bars: &[by_feature_only("tss-esapi*", OPT_IN)],
        only: None,
        database: None,
    },
    Room {
        package: "threadkeep-backfill",
        folder: "backfill",
        kind: Kind::Ports,
        knows: &[],
        bars: &[],
        only: None,
        database: None,
    },
    Room {
        package: "threadkeep",
        folder: "cli",
        kind: Kind::Program,
        knows: &[
            "threadkeep-state",
            "threadkeep-sqlite",
            "threadkeep-rollout",
            "threadkeep-redact",
            "threadkeep-state-logs",
            "threadkeep-state-goals",
            "threadkeep-memories",
            "threadkeep-device-key",
            "threadkeep-backfill",
        ],
        bars: &[],
        only: None,
        database: None,
    },
    Room {
        package: "xtask",
        folder: "xtask",
        kind: Kind::Program,
        knows: &["threadkeep-sqlite", "threadkeep-state", "threadkeep-state-logs", "threadkeep-state-goals"],
        bars: &[],
        only: None,
        database: None,
    },
];

/// Holds what no crate that owns ports may reach, whatever its features.
pub const PORTS_BAR: &[Bar] = &[
    never("sqlx*", NO_STORAGE),
    never("libsqlite3-sys", NO_STORAGE),
    never("rusqlite", NO_STORAGE),
    never("threadkeep-sqlite", NO_STORAGE),
    never("threadkeep-state*", NO_STORAGE),
    never("threadkeep-rollout", "a crate that owns ports knows no file format of others"),
];

/// Holds what no library may name in its manifest: the name, why, and what to use.
pub const LIBRARY_BAR: &[(&str, &str, &str)] = &[
    (
        "anyhow",
        "callers of a library act on its errors, so each is typed",
        "derive a typed error with thiserror",
    ),
    (
        "eyre",
        "callers of a library act on its errors, so each is typed",
        "derive a typed error with thiserror",
    ),
    ("chrono", "there is one library of time in the workspace", "use jiff"),
    ("time", "there is one library of time in the workspace", "use jiff"),
];

/// Holds the crates whose types must not show in a public signature: storage, git and errors can then be exchanged.
pub const HIDDEN_CRATES: &[&str] = &["sqlx", "libsqlite3_sys", "rusqlite", "gix", "anyhow"];

/// Holds the exceptions to [`HIDDEN_CRATES`]: package, the crate it may show, and why.
pub const MAY_SHOW: &[(&str, &str, &str)] = &[(
    "threadkeep-sqlite",
    "sqlx",
    "it is the plumbing: what it hands to the stores are sqlx's connections, and the stores hide them from everyone else",
)];

/// Holds what only one database may hold: a word of the names of tables and columns, the package whose it is, and why.
pub const ONE_HOME: &[(&str, &str, &str)] = &[(
    "goal",
    "threadkeep-state-goals",
    "a goal is held in one place, so that setting it touches no thread and deleting it leaves none",
)];

/// Holds the top-level folders that are no crates.
pub const FURNITURE: &[&str] = &["examples", "target"];

/// Finds a row by its package's name or by its folder.
pub fn room(name: &str) -> Option<&'static Room> {
    HOUSE.iter().find(|room| room.package == name || room.folder == name)
}

impl Room {
    /// Says whether the rules for libraries hold for it.
    pub fn is_library(&self) -> bool {
        self.kind != Kind::Program
    }
}

impl Bar {
    /// Says whether a package of this name is barred.
    pub fn matches(&self, package: &str) -> bool {
        match self.package.strip_suffix('*') {
            Some(start) => package.starts_with(start),
            None => package == self.package,
        }
    }
}
