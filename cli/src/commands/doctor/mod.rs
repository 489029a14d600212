//! `doctor`: checks of the installation and of our own state, and repairs of what is ours.

mod fix;
mod layout;
mod symbols;

use anstream::adapter::strip_str;
use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::Value;
use threadkeep_doctor::{Context as Examination, Options, Report, Status, examine};

use super::machine::machine;
use crate::args::DoctorArgs;
use crate::command::{Answered, Context, ForHomes, Needs, Run};
use crate::exit::Code;
use crate::output::{Answer, Screen};

/// The command.
pub(super) struct Doctor<'a>(pub(super) &'a DoctorArgs);

/// A report, and the form in which it is shown.
struct Diagnosis {
    report: Report,
    /// Repairs that were made, in words.
    fixed: Vec<String>,
    is_strict: bool,
    /// True if there are no colours, whatever the output could show.
    is_plain: bool,
    view: layout::View,
}

#[async_trait(?Send)]
impl Run for Doctor<'_> {
    fn needs(&self) -> Needs {
        Needs::Nothing
    }

    /// A report is about one home.
    fn for_homes(&self) -> ForHomes {
        ForHomes::One
    }

    async fn run(&self, context: &Context<'_>) -> Answered {
        let Doctor(args) = self;
        let examine = async || examine(self.examination(context)).await;
        let mut report = examine().await;
        let mut fixed = Vec::new();
        if args.fix {
            fixed = fix::all(&report, context, args.yes).await?;
            if !fixed.is_empty() {
                report = examine().await;
            }
        }
        let view = layout::View { is_summary: args.summary, is_whole: args.all, is_ascii: args.ascii };
        Ok(Box::new(Diagnosis { report, fixed, is_strict: args.strict, is_plain: args.no_color, view }))
    }
}

impl Doctor<'_> {
    fn examination(&self, context: &Context<'_>) -> Examination {
        let Doctor(args) = self;
        let options = Options {
            offline: args.offline,
            full: args.full,
            network_updates: args.network_updates,
            only: args.only.clone(),
            ..Options::default()
        };
        let mut machine = machine(context.screen);
        machine.has_color &= !args.no_color;
        Examination::new(&context.dirs, &context.screen.given, options, machine, Timestamp::now())
    }
}

impl Answer for Diagnosis {
    fn json(&self) -> Value {
        let mut document = self.report.document();
        if !self.fixed.is_empty() {
            document["fixed"] = self.fixed.clone().into();
        }
        document
    }

    fn text(&self, screen: &Screen) -> String {
        let mut text = String::new();
        for fixed in &self.fixed {
            text.push_str(&format!("fixed: {fixed}\n"));
        }
        if !self.fixed.is_empty() {
            text.push('\n');
        }
        text.push_str(&layout::render(&self.report, self.view, screen));
        if self.is_plain { strip_str(&text).to_string() } else { text }
    }

    fn code(&self) -> Code {
        match self.report.overall() {
            Status::Fail => Code::Problems,
            Status::Warning if self.is_strict => Code::Problems,
            _ => Code::Fine,
        }
    }
}
