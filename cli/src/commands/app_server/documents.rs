//! Commands that are methods of the server, too.

use jiff::Timestamp;
use threadkeep_app::dirs::{Dirs, Given};
use threadkeep_app::settings::Feature;
use threadkeep_app_server::{Commands, Document};
use threadkeep_doctor::{Context as Examination, Options, examine};

use crate::args::RunArgs;
use crate::command::{Needs, Run as _};
use crate::commands::homes::context;
use crate::commands::machine::machine;
use crate::commands::memories::RunPhases;
use crate::output::Screen;

/// Commands on the server's home.
pub(super) struct Documents {
    dirs: Dirs,
    given: Given,
}

impl Documents {
    pub(super) fn new(dirs: &Dirs, given: &Given) -> Documents {
        Documents { dirs: dirs.clone(), given: given.clone() }
    }
}

impl Commands for Documents {
    fn doctor(&self) -> Document {
        let Documents { dirs, given } = self;
        let (dirs, given) = (dirs.clone(), given.clone());
        Box::pin(async move {
            let screen = Screen::of_server(&given);
            let options = Options { offline: true, ..Options::default() };
            let examination = Examination::new(&dirs, &given, options, machine(&screen), Timestamp::now());
            Ok(examine(examination).await.document())
        })
    }

    fn run_memories(&self) -> Document {
        let given = self.given.clone();
        Box::pin(async move {
            let screen = Screen::of_server(&given);
            let context = context(Needs::Settings, &screen)?;
            context.config.need(Feature::Memories)?;
            let options =
                RunArgs { phase: None, dry_run: false, force: false, retry: false, current_thread: None };
            let run = RunPhases { options: &options, root: None };
            Ok(run.run(&context).await?.json())
        })
    }
}
