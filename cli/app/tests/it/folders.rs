//! Folders and repositories as people mean them.

use std::fs;
use std::path::Path;

use tempfile::TempDir;
use threadkeep_app::folders::{matching, of_repository};

type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error>>;

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// Makes a repository as git does, with a linked worktree next to it.
fn repository(folder: &Path) -> Result {
    let git = folder.join("main/.git");
    fs::create_dir_all(git.join("worktrees/wt"))?;
    fs::create_dir_all(folder.join("main/deep/er"))?;
    fs::create_dir_all(folder.join("wt/src"))?;
    fs::write(git.join("HEAD"), "ref: refs/heads/main\n")?;
    fs::write(git.join("config"), "[core]\n\tbare = false\n[remote \"origin\"]\n\turl = git@host:a/b.git\n")?;
    fs::write(git.join("worktrees/wt/commondir"), "../..\n")?;
    fs::write(folder.join("wt/.git"), format!("gitdir: {}\n", text(&git.join("worktrees/wt"))))?;
    Ok(())
}

#[cfg(unix)]
#[test]
fn a_folder_is_found_by_its_link_and_with_what_is_below() -> Result {
    let folder = TempDir::new()?;
    let (real, link) = (folder.path().join("real"), folder.path().join("link"));
    fs::create_dir_all(real.join("sub"))?;
    std::os::unix::fs::symlink(&real, &link)?;
    let folders = [text(&real), text(&link), text(&real.join("sub")), text(&real) + "ly", "/gone".to_owned()];
    for typed in [&real, &link, &real.join("sub/.."), &link.join("")] {
        assert_eq!(matching(typed, false, &folders), folders[..2], "{}", typed.display());
        assert_eq!(matching(typed, true, &folders), folders[..3], "{}", typed.display());
    }
    assert_eq!(matching(Path::new("/gone/"), false, &folders), ["/gone"]);
    assert_eq!(matching(Path::new("/"), true, &folders), folders);
    let windows = [r"\\?\C:\Code\App".to_owned(), "/mnt/c/code/app/src".to_owned()];
    assert_eq!(matching(Path::new(r"c:\code\app"), true, &windows), windows);
    assert_eq!(matching(Path::new("/mnt/c/Code/app/"), false, &windows), windows[..1]);
    Ok(())
}

#[test]
fn a_repository_has_its_worktrees_and_what_was_removed() -> Result {
    let folder = TempDir::new()?;
    repository(folder.path())?;
    let at = |name: &str| text(&folder.path().join(name));
    fs::create_dir(folder.path().join("other"))?;
    let folders = ["main", "main/deep/er", "main/removed", "wt/src", "old-wt", "other"].map(at);
    let url = |name: &str, url: &str| (at(name), url.to_owned());
    let remotes = [
        url("old-wt", "https://host/a/b"),
        url("other", "https://host/a/b"),
        url("main", "https://host/a/b"),
        url("gone", "https://host/a/other"),
    ];
    let mut all = ["main", "main/deep/er", "main/removed", "wt/src", "old-wt"].map(at).to_vec();
    all.sort();
    for typed in ["main", "main/deep", "wt", "wt/src"] {
        let found = of_repository(&folder.path().join(typed), &folders, &remotes);
        assert_eq!(found.as_ref(), Some(&all), "{typed}");
    }
    // Where the typed folder itself is gone, its remote is all that is known.
    let found = of_repository(&folder.path().join("old-wt"), &folders, &remotes).ok_or("a repository")?;
    assert_eq!(found, ["main", "old-wt"].map(at));
    assert_eq!(of_repository(&folder.path().join("nowhere"), &folders, &remotes), None);
    // A thread went on in a folder that is there and in no repository.
    assert_eq!(of_repository(&folder.path().join("other"), &folders, &remotes), None);
    // By its name, also where only the remote has it.
    for name in ["b", "A/b", "b/"] {
        assert_eq!(of_repository(Path::new(name), &folders, &remotes).as_ref(), Some(&all), "{name}");
    }
    assert_eq!(of_repository(Path::new("b"), &folders[4..], &remotes[..2]), Some(vec![at("old-wt")]));
    assert_eq!(of_repository(Path::new("main"), &folders, &[]).map(|found| found.len()), Some(4));
    // Threads need not name the remote if the repository does.
    assert_eq!(of_repository(Path::new("b"), &folders, &[]).map(|found| found.len()), Some(4));
    for name in ["a", "c/b", "ain"] {
        assert_eq!(of_repository(Path::new(name), &folders, &remotes), None, "{name}");
    }
    Ok(())
}
