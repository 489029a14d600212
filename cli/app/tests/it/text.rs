//! Text that is safe to print.

use std::ffi::OsStr;

use threadkeep_app::text::{
    bytes, clean, count, counted, fit, fit_middle, fit_path, one_line, pad, shell_os_word, shell_word, short,
    short_floor, width, wrap,
};

#[test]
fn nothing_that_a_terminal_obeys_is_left() {
    assert_eq!(clean("a\u{1b}[31mb\u{7}\u{9b}m"), "a␛[31mb␇\u{fffd}m");
    assert_eq!(clean("user\u{202e}gnp.exe\u{200f}"), "user\u{fffd}gnp.exe\u{fffd}");
    assert_eq!(one_line("  two\n\n lines\t "), "two lines");
    let family = "👩‍👩‍👧";
    assert_eq!(clean(family), family);
}

#[test]
fn texts_are_cut_between_characters_and_measured_in_columns() {
    assert_eq!(fit("日本語です", 7), "日本語…");
    assert_eq!(fit("日本語です", 10), "日本語です");
    assert_eq!(fit("e\u{301}e\u{301}e\u{301}", 2), "e\u{301}…");
    assert_eq!(fit("two words", 5), "two…");
    assert_eq!(fit_middle("~/code/some/very/long/project", 16), "~/cod…ng/project");
    assert_eq!(width(&fit_middle("日本語日本語日本語", 10)), 9);
    assert_eq!(fit_path("~/code/long/project", 16), "…/long/project");
    assert_eq!(fit_path("~/code/a-project-with-a-name", 16), "~/cod…ith-a-name");
    assert_eq!(pad("日本", 6, false), "日本  ");
    assert_eq!(pad("7", 3, true), "  7");
}

#[test]
fn lines_break_between_words_and_lose_nothing() {
    assert_eq!(wrap("one two three", 7), ["one two", "three"]);
    assert_eq!(wrap("a bcdefghij kl", 4), ["a", "bcde", "fghi", "j kl"]);
    assert_eq!(wrap("日本語", 1), ["日本語"]);
    assert_eq!(wrap("", 4), [""]);
    let hint = "run `tool threads show 01a2` again, `tool` or ` this";
    assert_eq!(wrap(hint, 24), ["run", "`tool threads show 01a2`", "again, `tool` or ` this"]);
    assert_eq!(wrap(hint, 10), ["run", "`tool threads show 01a2`", "again,", "`tool` or", "` this"]);
}

#[test]
fn figures_are_read_at_a_glance() {
    assert_eq!([count(0), count(999), count(1_000), count(1_234_567)], ["0", "999", "1,000", "1,234,567"]);
    assert_eq!(
        [bytes(0), bytes(999), bytes(1_000), bytes(86_700_000)],
        ["0 B", "999 B", "1.0 kB", "86.7 MB"]
    );
    assert_eq!([bytes(999_600), bytes(123_456_789)], ["1.0 MB", "123 MB"]);
    assert_eq!([counted(1, "thread"), counted(2, "thread")], ["1 thread", "2 threads"]);
}

#[test]
fn a_command_can_be_pasted() {
    assert_eq!(shell_word("--limit=5"), "--limit=5");
    assert_eq!(shell_word("it's $HOME"), r"'it'\''s $HOME'");
    assert_eq!(shell_word(""), "''");
    assert_eq!(shell_word("~ada"), "'~ada'");
    assert_eq!(shell_os_word(OsStr::new("it's")), r"'it'\''s'");
    assert_eq!(shell_os_word(OsStr::new("-a\u{1b}[m")), r#""$(printf '\055a\033\133m')""#);
}

#[test]
fn numbers_are_short_and_nothing_is_full_before_it_is() {
    let shown = [0, 950, 999, 1_000, 1_234, 9_960, 12_000, 49_999, 999_999, 3_400_000, i64::MAX];
    let floor = ["0", "950", "999", "1k", "1.2k", "9.9k", "12k", "49k", "999k", "3.4M", "9.2E"];
    assert_eq!(shown.map(short_floor), floor);
    let rounded = ["0", "950", "999", "1k", "1.2k", "10k", "12k", "50k", "1M", "3.4M", "9.2E"];
    assert_eq!(shown.map(short), rounded);
    assert_eq!([3_764, 54_791].map(short), ["3.8k", "55k"]);
}
