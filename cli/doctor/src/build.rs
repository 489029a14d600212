//! Version and origin of this build.

use std::sync::LazyLock;

/// Version of the program.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Operating system and processor, such as `linux-x86_64`.
pub static PLATFORM: LazyLock<String> =
    LazyLock::new(|| format!("{}-{}", std::env::consts::OS, std::env::consts::ARCH));

/// Commit that it was built from, if it was built in a repository.
pub const COMMIT: Option<&str> = option_env!("THREADKEEP_COMMIT");

/// Kind of build.
pub const KIND: &str = if cfg!(debug_assertions) { "debug" } else { "release" };
