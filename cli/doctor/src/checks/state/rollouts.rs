//! `state.rollouts`: number and size of the rollouts.

use threadkeep_app::text::{bytes, count, counted};
use threadkeep_rollout::AgentHome;

use crate::check::Finding;
use crate::context::Context;

/// Files in a folder from which it is remarked on.
const MANY_FILES: u64 = 1_000;
/// Bytes in a folder from which it is remarked on.
const MANY_BYTES: u64 = 1 << 30;

/// Files and bytes of one folder.
#[derive(Clone, Copy, Default)]
struct Sum {
    files: u64,
    bytes: u64,
}

impl Sum {
    fn shown(self) -> String {
        let mean = self.bytes.checked_div(self.files).unwrap_or(0);
        format!("{}, {}, {} on average", counted(self.files, "file"), bytes(self.bytes), bytes(mean))
    }
}

pub(super) fn check(context: &Context) -> Finding {
    let Ok(home) = AgentHome::open(&context.dirs.home) else { return Finding::idle("no agent home") };
    let (mut active, mut archived, mut compressed) = (Sum::default(), Sum::default(), 0);
    for file in &home.discover().files {
        let sum = if file.archived { &mut archived } else { &mut active };
        sum.files += 1;
        sum.bytes += file.fingerprint.len;
        compressed += u64::from(file.compressed);
    }
    let all = Sum { files: active.files + archived.files, bytes: active.bytes + archived.bytes };
    if all.files == 0 {
        return Finding::idle("none yet");
    }
    let mut finding = Finding::ok(format!("{}, {}", counted(all.files, "file"), bytes(all.bytes)))
        .detail("active", active.shown())
        .detail("archived", archived.shown())
        .detail("compressed", count(compressed));
    for (folder, sum) in [("sessions", active), ("archived_sessions", archived)] {
        if sum.files >= MANY_FILES || sum.bytes >= MANY_BYTES {
            finding =
                finding.note(format!("{folder} is large: {} files, {}", count(sum.files), bytes(sum.bytes)));
        }
    }
    finding
}
