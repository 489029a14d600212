//! The design as data: every crate, its folder, and the crates it may know.
//!
//! A planned crate has its row already, so that its first commit is held to it.

/// Rules for one crate: a row of the design.
#[derive(Debug, Clone, Copy)]
pub struct CrateRule {
    pub package: &'static str,
    /// Folder, relative to the root.
    pub folder: &'static str,
    /// Kind of crate, which decides the rules that hold for all of that kind.
    pub kind: Kind,
    /// Crates of this workspace that its manifest may name, tests included; see `EVERY_LIBRARY`.
    pub knows: &'static [&'static str],
    /// Packages that must not be reachable from it.
    pub forbidden: &'static [Forbidden],
    /// Packages it may depend on; `None` for no limit.
    pub only: Option<&'static [&'static str]>,
    /// Database file that it owns, and with it a `migrations/` folder.
    pub database: Option<&'static str>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Domain crate that owns ports. Storage implements them, never the other way round.
    Ports,
    Library,
    /// Library of the tool: it may use `anyhow`, and makes no promises to other projects.
    ToolLibrary,
    /// Program: it may print, exit and use `anyhow`. No crate depends on it.
    Program,
}

/// Package that must not be reachable.
#[derive(Debug, Clone, Copy)]
pub struct Forbidden {
    /// Name of the package; a final `*` stands for any ending.
    pub package: &'static str,
    /// Features under which it must be absent, as a flag of Cargo.
    pub under: &'static str,
    pub why: &'static str,
}

/// Forbids a package to every user.
const fn never(package: &'static str, why: &'static str) -> Forbidden {
    Forbidden { package, under: "--all-features", why }
}

/// Forbids a package to a user who asks for no feature.
const fn by_feature_only(package: &'static str, why: &'static str) -> Forbidden {
    Forbidden { package, under: "--no-default-features", why }
}

/// Entry of `knows` that stands for all libraries but those of the tool.
const EVERY_LIBRARY: &str = "every library";

const NO_STORAGE: &str = "a crate that owns ports knows no storage: the adapter depends on it";
const NO_SQL: &str = "the rollout format has no SQL";
const NO_ASYNC: &str = "the rollout format has no async runtime";
const NO_GIT: &str = "git must never enter the graph of a user who wants the index";
const NO_KEYS: &str = "key providers must never enter the graph of a user who wants the index";
const OPT_IN: &str = "it is heavy, so a user asks for it by a feature";
const NO_ARGUMENTS: &str = "a library of the tool has no command line: arguments belong to `cli`";
const TYPED_ERRORS: &str = "callers of a library act on its errors, so each is typed";
const ONE_TIME: &str = "the workspace has one library of time";

const LIBRARY: CrateRule = CrateRule {
    package: "",
    folder: "",
    kind: Kind::Library,
    knows: &[],
    forbidden: &[],
    only: None,
    database: None,
};
const PORTS: CrateRule = CrateRule { kind: Kind::Ports, ..LIBRARY };
const TOOL: CrateRule =
    CrateRule { kind: Kind::ToolLibrary, forbidden: &[never("clap*", NO_ARGUMENTS)], ..LIBRARY };
const PROGRAM: CrateRule = CrateRule { kind: Kind::Program, ..LIBRARY };

/// Every crate of the design, in its order.
pub const CRATES: &[CrateRule] = &[
    CrateRule {
        package: "threadkeep-state",
        folder: "state",
        knows: &[
            "threadkeep-sqlite",
            "threadkeep-rollout",
            "threadkeep-redact",
            "threadkeep-sessions",
            "threadkeep-history",
            "threadkeep-state-logs",
            "threadkeep-state-goals",
            "threadkeep-memories",
            "threadkeep-device-key",
            "threadkeep-backfill",
        ],
        forbidden: &[never("gix*", NO_GIT), never("tss-esapi*", NO_KEYS)],
        database: Some("state_5.sqlite"),
        ..LIBRARY
    },
    CrateRule { package: "threadkeep-sqlite", folder: "state/sqlite", ..LIBRARY },
    CrateRule {
        package: "threadkeep-rollout",
        folder: "state/rollout",
        knows: &["threadkeep-redact"],
        forbidden: &[
            never("sqlx*", NO_SQL),
            never("libsqlite3-sys", NO_SQL),
            never("rusqlite", NO_SQL),
            never("tokio*", NO_ASYNC),
            never("async-std", NO_ASYNC),
            never("smol", NO_ASYNC),
        ],
        ..LIBRARY
    },
    CrateRule { package: "threadkeep-redact", folder: "state/redact", only: Some(&["regex"]), ..LIBRARY },
    CrateRule {
        package: "threadkeep-sessions",
        folder: "state/sessions",
        knows: &["threadkeep-rollout", "threadkeep-redact", "threadkeep-sqlite"],
        ..LIBRARY
    },
    CrateRule {
        package: "threadkeep-history",
        folder: "state/history",
        knows: &[
            "threadkeep-sqlite",
            "threadkeep-rollout",
            "threadkeep-redact",
            "threadkeep-sessions",
            "threadkeep-backfill",
        ],
        database: Some("history_1.sqlite"),
        ..LIBRARY
    },
    CrateRule {
        package: "threadkeep-state-logs",
        folder: "state-logs",
        knows: &["threadkeep-sqlite", "threadkeep-redact"],
        database: Some("logs_2.sqlite"),
        ..LIBRARY
    },
    CrateRule {
        package: "threadkeep-state-goals",
        folder: "state-goals",
        knows: &["threadkeep-sqlite", "threadkeep-redact"],
        database: Some("goals_1.sqlite"),
        ..LIBRARY
    },
    CrateRule {
        package: "threadkeep-memories",
        folder: "memories",
        forbidden: &[by_feature_only("gix*", OPT_IN)],
        ..PORTS
    },
    CrateRule {
        package: "threadkeep-memory-runners",
        folder: "memories/runners",
        knows: &["threadkeep-memories"],
        forbidden: &[by_feature_only("reqwest", OPT_IN), by_feature_only("rustls*", OPT_IN)],
        ..LIBRARY
    },
    CrateRule {
        package: "threadkeep-device-key",
        folder: "device-key",
        forbidden: &[by_feature_only("tss-esapi*", OPT_IN)],
        ..PORTS
    },
    CrateRule { package: "threadkeep-backfill", folder: "backfill", ..PORTS },
    CrateRule {
        package: "threadkeep-app",
        folder: "cli/app",
        knows: &[EVERY_LIBRARY],
        forbidden: &[
            never("clap*", NO_ARGUMENTS),
            by_feature_only("opentelemetry*", OPT_IN),
            by_feature_only("sentry*", OPT_IN),
            by_feature_only("ureq*", OPT_IN),
        ],
        ..TOOL
    },
    CrateRule {
        package: "threadkeep-doctor",
        folder: "cli/doctor",
        knows: &[EVERY_LIBRARY, "threadkeep-app"],
        ..TOOL
    },
    CrateRule {
        package: "threadkeep-transcript",
        folder: "cli/transcript",
        knows: &[EVERY_LIBRARY, "threadkeep-app"],
        ..TOOL
    },
    CrateRule {
        package: "threadkeep-app-server",
        folder: "cli/app-server",
        knows: &[EVERY_LIBRARY, "threadkeep-app"],
        ..TOOL
    },
    CrateRule {
        package: "threadkeep",
        folder: "cli",
        knows: &[
            EVERY_LIBRARY,
            "threadkeep-app",
            "threadkeep-doctor",
            "threadkeep-transcript",
            "threadkeep-app-server",
        ],
        forbidden: &[
            by_feature_only("opentelemetry*", OPT_IN),
            by_feature_only("sentry*", OPT_IN),
            by_feature_only("ureq*", OPT_IN),
        ],
        ..PROGRAM
    },
    CrateRule {
        package: "xtask",
        folder: "xtask",
        knows: &[
            "threadkeep-sqlite",
            "threadkeep-state",
            "threadkeep-state-logs",
            "threadkeep-state-goals",
            "threadkeep-memories",
            "threadkeep-history",
        ],
        ..PROGRAM
    },
];

/// Packages that no crate with ports may reach, whatever its features.
pub const FORBIDDEN_TO_PORTS: &[Forbidden] = &[
    never("sqlx*", NO_STORAGE),
    never("libsqlite3-sys", NO_STORAGE),
    never("rusqlite", NO_STORAGE),
    never("threadkeep-sqlite", NO_STORAGE),
    never("threadkeep-state*", NO_STORAGE),
    never("threadkeep-rollout", "a crate that owns ports knows no file format of other programs"),
];

/// Packages that no library may name in its manifest: name, reason, replacement.
const FORBIDDEN_TO_LIBRARIES: &[(&str, &str, &str)] = &[
    ("anyhow", TYPED_ERRORS, "derive a typed error with thiserror"),
    ("eyre", TYPED_ERRORS, "derive a typed error with thiserror"),
    ("chrono", ONE_TIME, "use jiff"),
    ("time", ONE_TIME, "use jiff"),
];

/// Crates whose types no public signature may show, so that storage and git can be exchanged.
pub const HIDDEN_CRATES: &[&str] = &["sqlx", "libsqlite3_sys", "rusqlite", "gix", "anyhow"];

/// Exceptions to [`HIDDEN_CRATES`]: package, the crate it may show, reason.
pub const MAY_SHOW: &[(&str, &str, &str)] = &[
    ("threadkeep-sqlite", "sqlx", "it hands connections to the stores, which hide them from their users"),
    ("threadkeep-app", "anyhow", "its callers print an error, and act on none"),
    ("threadkeep-doctor", "anyhow", "its callers print an error, and act on none"),
    ("threadkeep-app-server", "anyhow", "its callers print an error, and act on none"),
];

/// Words that only one database may use for tables and columns: word, owning package, reason.
pub const ONE_HOME: &[(&str, &str, &str)] = &[(
    "goal",
    "threadkeep-state-goals",
    "a goal is held in one place, so that setting it touches no thread and deleting it leaves none",
)];

/// Top-level folders that are not crates.
pub const OTHER_FOLDERS: &[&str] = &["docs", "examples", "findings", "target"];

/// Finds a row by package name or folder.
pub fn find(name: &str) -> Option<&'static CrateRule> {
    CRATES.iter().find(|krate| krate.package == name || krate.folder == name)
}

impl CrateRule {
    /// Returns true if the rules for libraries hold for it.
    pub fn is_library(&self) -> bool {
        self.kind != Kind::Program
    }

    /// Returns true if its manifest may name another crate of this workspace, or itself.
    pub fn may_know(&self, other: &CrateRule) -> bool {
        let is_library = matches!(other.kind, Kind::Library | Kind::Ports);
        // A crate may name itself in `[dev-dependencies]`: its own tests turn a feature on.
        other.package == self.package
            || self.knows.contains(&other.package)
            || (is_library && self.knows.contains(&EVERY_LIBRARY))
    }

    pub fn manifest(&self) -> String {
        format!("{}/Cargo.toml", self.folder)
    }

    /// Returns the reason and the replacement if its manifest must not name a package.
    pub fn refuses(&self, package: &str) -> Option<(&'static str, &'static str)> {
        let (_, why, instead) = FORBIDDEN_TO_LIBRARIES.iter().find(|(name, ..)| *name == package)?;
        let is_free = self.kind == Kind::Program || (self.kind == Kind::ToolLibrary && *why == TYPED_ERRORS);
        (!is_free).then_some((*why, *instead))
    }
}

/// Returns true if a name is meant; a final `*` of the pattern stands for any ending.
pub fn is_meant(pattern: &str, name: &str) -> bool {
    pattern.strip_suffix('*').map_or(pattern == name, |start| name.starts_with(start))
}
