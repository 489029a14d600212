//! Notices which files of a home change.

use threadkeep_rollout::AgentHome;

use super::checks::Checks;
#[cfg(target_os = "linux")]
use super::inotify::Inotify;
use super::noticed::Changed;

/// Watch over a home: the kernel's where there is one, and cheap checks elsewhere.
pub(super) enum HomeWatch {
    #[cfg(target_os = "linux")]
    Kernel(Inotify),
    Checks(Checks),
}

impl HomeWatch {
    /// Watches a home, by the kernel if that is wanted and possible.
    pub(super) fn new(home: &AgentHome, by_kernel: bool) -> HomeWatch {
        #[cfg(target_os = "linux")]
        if by_kernel {
            match Inotify::new(home) {
                Ok(inotify) => return HomeWatch::Kernel(inotify),
                // As when the user has no watches left.
                Err(error) => tracing::info!(target: "threadkeep", "the home cannot be watched: {error}"),
            }
        }
        let _ = by_kernel;
        HomeWatch::Checks(Checks::new(home))
    }

    /// Watches the mirror of other agents' sessions, if that is there by now.
    pub(super) fn see_mirror(&mut self) {
        match self {
            #[cfg(target_os = "linux")]
            HomeWatch::Kernel(inotify) => inotify.see_mirror(),
            // They look for it each time.
            HomeWatch::Checks(_) => {}
        }
    }

    /// Waits for a change, and collects what changes within a moment. Cancel safe.
    pub(super) async fn changed(&mut self) -> Changed {
        match self {
            #[cfg(target_os = "linux")]
            HomeWatch::Kernel(inotify) => inotify.changed().await,
            HomeWatch::Checks(checks) => checks.changed().await,
        }
    }
}
