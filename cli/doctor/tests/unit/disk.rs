//! Thresholds of free space.

use std::path::Path;

use super::{FAILURE, Status, WARNING, of_least};

#[test]
fn little_space_is_a_warning_and_less_a_failure() {
    for (free, status, summary) in [
        (0, Status::Fail, "only 0.0 GiB free"),
        (FAILURE - 1, Status::Fail, "only 1.0 GiB free"),
        (FAILURE, Status::Warning, "only 1.0 GiB free"),
        (WARNING - 1, Status::Warning, "only 5.0 GiB free"),
        (WARNING, Status::Ok, "5.0 GiB free"),
        (u64::MAX, Status::Ok, "17179869184.0 GiB free"),
    ] {
        let finding = of_least(free, Path::new("/srv/my home"));
        assert_eq!((finding.status, finding.summary.as_str()), (status, summary));
        let remedy = finding.remediation.as_deref();
        assert_eq!(remedy, (status != Status::Ok).then_some("du -xh -d 1 '/srv/my home' | sort -h"));
    }
}
