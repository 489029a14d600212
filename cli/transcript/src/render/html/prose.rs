//! Markdown of messages as HTML. Raw HTML in it is text, and nothing is fetched.

use pulldown_cmark::{CodeBlockKind, CowStr, Event, HeadingLevel, Options, Parser, Tag, TagEnd, html};

use super::code::highlighted;
use super::page::escaped;
use crate::text::visible;

/// Schemes that a link may have.
const SCHEMES: [&str; 3] = ["http://", "https://", "mailto:"];

/// Renders words. In those of a user, every line break counts.
pub(super) fn prose(text: &str, keeps_lines: bool) -> String {
    let text = visible(text);
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
    let mut safe = Safe { keeps_lines, ..Safe::default() };
    let events: Vec<Event<'_>> =
        Parser::new_ext(&text, options).filter_map(|event| safe.event(event)).collect();
    let mut rendered = String::with_capacity(text.len() * 3 / 2);
    html::push_html(&mut rendered, events.into_iter());
    rendered
}

/// Replaces everything that could do more than show text.
#[derive(Default)]
struct Safe {
    keeps_lines: bool,
    /// For each open link: true if it leads somewhere.
    links: Vec<bool>,
    /// Language and text of the block of code that is open.
    code: Option<(String, String)>,
}

impl Safe {
    fn event<'a>(&mut self, event: Event<'a>) -> Option<Event<'a>> {
        if let Some((_, code)) = &mut self.code {
            match event {
                Event::Text(text) => {
                    code.push_str(&text);
                    return None;
                }
                Event::End(TagEnd::CodeBlock) => {
                    let (language, code) = self.code.take()?;
                    let html = format!("<pre><code>{}</code></pre>\n", highlighted(&code, &language));
                    return Some(Event::Html(html.into()));
                }
                _ => return None,
            }
        }
        Some(match event {
            Event::Html(text) | Event::InlineHtml(text) => Event::Text(text),
            Event::Start(Tag::HtmlBlock) => Event::Start(Tag::Paragraph),
            Event::End(TagEnd::HtmlBlock) => Event::End(TagEnd::Paragraph),
            Event::Start(Tag::CodeBlock(kind)) => {
                let language = match kind {
                    CodeBlockKind::Fenced(info) => {
                        info.split([' ', ',']).next().unwrap_or_default().to_owned()
                    }
                    CodeBlockKind::Indented => String::new(),
                };
                self.code = Some((language, String::new()));
                return None;
            }
            Event::Start(Tag::Link { dest_url, .. }) => {
                self.links.push(is_safe(&dest_url));
                return self.links.last()?.then(|| {
                    let url = escaped(&dest_url);
                    Event::InlineHtml(format!("<a href=\"{url}\" rel=\"noopener noreferrer\">").into())
                });
            }
            Event::End(TagEnd::Link) => {
                return self.links.pop()?.then_some(Event::InlineHtml(CowStr::Borrowed("</a>")));
            }
            // An image would be fetched: its description stands for it.
            Event::Start(Tag::Image { .. }) => Event::Text("[image: ".into()),
            Event::End(TagEnd::Image) => Event::Text("]".into()),
            // The page's own headings are above those of a message.
            Event::Start(Tag::Heading { level, .. }) => {
                Event::Start(Tag::Heading { level: lower(level), id: None, classes: vec![], attrs: vec![] })
            }
            Event::End(TagEnd::Heading(level)) => Event::End(TagEnd::Heading(lower(level))),
            Event::SoftBreak if self.keeps_lines => Event::HardBreak,
            other => other,
        })
    }
}

fn is_safe(url: &str) -> bool {
    let begins_with =
        |scheme: &&str| url.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme));
    SCHEMES.iter().any(begins_with)
}

fn lower(level: HeadingLevel) -> HeadingLevel {
    match level {
        HeadingLevel::H1 => HeadingLevel::H4,
        HeadingLevel::H2 => HeadingLevel::H5,
        _ => HeadingLevel::H6,
    }
}
