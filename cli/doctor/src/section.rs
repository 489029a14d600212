//! Parts of the report.

/// Part of the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Section {
    /// The machine, the program and the databases.
    Environment,
    /// The agent's settings and credentials.
    Configuration,
    /// Newer versions.
    Updates,
    /// The network.
    Connectivity,
    /// The server of Codex in the background.
    BackgroundServer,
}

impl Section {
    /// Returns the heading.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Environment => "Environment",
            Self::Configuration => "Configuration",
            Self::Updates => "Updates",
            Self::Connectivity => "Connectivity",
            Self::BackgroundServer => "Background Server",
        }
    }
}
