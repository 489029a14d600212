//! Rollouts that try to reach the terminal, or to run in a browser.

use threadkeep_transcript::Secrets;
use threadkeep_transcript::turns::Selection;

use crate::support::{Result, Rollout, called, everywhere, render, renderers};

/// Sequences that a terminal obeys, and characters that mislead a reader.
const SEQUENCES: &str =
    "\u{1b}]0;owned\u{7}\u{1b}[2J\u{1b}P1;2q\u{9b}31m\u{90}x\u{8}\u{7f}\u{202e}evil\u{200b}\u{2066}\rover";
const MARKUP: &str = "</pre></code></script></style></title><script>alert(1)</script>\n\n<img src=x onerror=alert(2)> \
    <iframe src=\"https://e.example\"></iframe> \"'> [l](javascript:alert(3)) [d](data:text/html,x) \
    ![i](https://e.example/i.png) <https://e.example/auto> [f](file:///etc/passwd) [ok](https://e.example/?a=1&b=\"2\")";

#[test]
fn no_sequence_of_a_rollout_reaches_a_terminal() -> Result {
    for lines in [everywhere(SEQUENCES), called(SEQUENCES)] {
        let rollout = Rollout::of(&lines)?;
        for full in [false, true] {
            for (form, mut renderer) in renderers(&rollout.chain(), full)? {
                let (text, reading) =
                    render(&rollout.chain(), &mut *renderer, Secrets::Shown, Selection::All)?;
                assert_eq!(reading.shown, 1);
                // What remains after our own styles.
                let mut plain = text.clone();
                for style in [
                    "\u{1b}[0m",
                    "\u{1b}[1m",
                    "\u{1b}[2m",
                    "\u{1b}[31m",
                    "\u{1b}[32m",
                    "\u{1b}[33m",
                    "\u{1b}[36m",
                ] {
                    plain = plain.replace(style, "");
                }
                let hazard = plain.chars().find(|c| *c != '\n' && threadkeep_app::text::is_hazard(*c));
                assert_eq!(hazard, None, "{form}: {plain:?}");
                assert!(plain.contains("evil"), "{form}");
            }
        }
    }
    Ok(())
}

/// Returns the names of the elements, and all attributes, of a page.
fn tags(html: &str) -> Vec<String> {
    let mut tags = Vec::new();
    for (at, _) in html.match_indices('<') {
        let end = html[at..].find('>').map_or(html.len(), |end| at + end);
        tags.push(html[at + 1..end].to_owned());
    }
    tags
}

#[test]
fn no_markup_of_a_rollout_reaches_a_browser() -> Result {
    for lines in [everywhere(MARKUP), called(MARKUP)] {
        let rollout = Rollout::of(&lines)?;
        let [.., (_, mut html)] = renderers(&rollout.chain(), true)?;
        let (page, _) = render(&rollout.chain(), &mut *html, Secrets::Shown, Selection::All)?;
        assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"), "it is there as text");
        // Every `<` begins a tag of ours: in text it is escaped.
        for tag in tags(&page) {
            let name = tag.trim_start_matches('/').split([' ', '\n']).next().unwrap_or_default();
            #[rustfmt::skip]
            let known = [
                "a", "b", "blockquote", "br", "code", "dd", "details", "div", "dl", "dt", "em", "h2", "h3", "header",
                "i", "input", "li", "ol", "p", "pre", "section", "span", "strong", "summary", "table", "tbody", "td",
                "th", "thead", "time", "tr", "ul", "main", "body", "html", "del", "hr", "h4", "h5", "h6",
            ];
            assert!(known.contains(&name), "<{tag}>");
            for attribute in ["src=", "style=", "srcset=", "action=", " on"] {
                assert!(!tag.contains(attribute), "<{tag}>");
            }
            if let Some((_, link)) = tag.split_once("href=\"") {
                assert!(link.starts_with("https://e.example/") || link.starts_with("#turn-"), "<{tag}>");
            }
        }
    }
    Ok(())
}

#[test]
fn markdown_keeps_markup_as_text_and_fences_closed() -> Result {
    let words = "<script>alert(1)</script>\n\ntext <b onclick=x>bold</b>\n\n~~~~\n```\nopen `````fence";
    let rollout = Rollout::of(&everywhere(words))?;
    let [_, (_, mut markdown), ..] = renderers(&rollout.chain(), true)?;
    let (text, _) = render(&rollout.chain(), &mut *markdown, Secrets::Shown, Selection::All)?;
    let mut html = String::new();
    pulldown_cmark::html::push_html(&mut html, pulldown_cmark::Parser::new(&text));
    assert!(!html.contains("<script") && !html.contains("<b "), "{html}");
    // What follows a message is not swallowed by its open fence.
    assert!(html.contains("<em>looked at an image:"), "{html}");
    Ok(())
}
