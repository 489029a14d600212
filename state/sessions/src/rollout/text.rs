//! Texts without secrets.

pub(super) use threadkeep_redact::redact as safe;
