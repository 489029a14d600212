//! Questions to the operating system: file systems, file locks, regular files.

pub mod file_system;
pub(crate) mod holders;
pub(crate) mod kept_handle;
pub(crate) mod regular_file;
#[cfg(test)]
mod tests;
