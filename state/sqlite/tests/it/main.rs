//! Opens, migrates, kills and races real files with real processes.

mod support;

mod fresh;
