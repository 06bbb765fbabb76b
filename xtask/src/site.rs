//! `cargo xtask site`: puts the site together and serves it on this machine.
//!
//! It is a folder of files for any static host: the page in `www`, the npm package that it runs, and the
//! documentation.

use crate::doc;
use crate::hosts::{self, Context, Host, Source};
use crate::shell::Log;
use crate::steps::Trouble;
use crate::{npm, repo};
use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Where it is served unless an address is given.
const ADDRESS: &str = "127.0.0.1:8080";

/// Where the documentation begins.
const GUIDE: &str = "api/creel/guide/index.html";
const API: &str = "api/creel/index.html";
/// What the npm package exports.
const NPM: &str = "npm.html";

/// What the page measures beside the package.
const MEASURED: Source<'static> = Source {
    package: "creel-site",
    kind: "--bin",
    features: |_| "",
    entry: Some("creel-site"),
    profile: Some("npm"),
};

/// Puts the site together and serves it until it is interrupted.
pub fn run(words: &[String]) -> ExitCode {
    let address = words.first().map_or(ADDRESS, String::as_str);
    let made = Log::create("site").map_err(Trouble::Failed);
    let folder = match made.and_then(|mut log| assemble(&mut log)) {
        Ok(folder) => folder,
        Err(Trouble::Failed(why)) => {
            eprintln!("{why}");
            return ExitCode::FAILURE;
        }
        Err(Trouble::Missing(missing)) => {
            eprintln!("{} is missing; get it with {}", missing.what, missing.get);
            return ExitCode::FAILURE;
        }
    };
    let served = TcpListener::bind(address).and_then(|listener| {
        println!("{} is served at http://{}", folder.display(), listener.local_addr()?);
        serve(&listener, &folder)
    });
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{address}: {error}; another address can be given");
            ExitCode::FAILURE
        }
    }
}

/// Puts the page, the package and the documentation into one folder; the answer is the folder.
pub fn assemble(log: &mut Log) -> Result<PathBuf, Trouble> {
    npm::build(log)?;
    let folder = repo::target().join("site");
    let failed = |error: io::Error| format!("{}: {error}", folder.display());
    if folder.exists() {
        fs::remove_dir_all(&folder).map_err(failed)?;
    }
    repo::copy(&repo::root().join("www"), &folder).map_err(failed)?;
    // The sources of what it measures are no part of it.
    fs::remove_dir_all(folder.join("rust")).map_err(failed)?;
    repo::copy(&npm::folder().join("dist"), &folder.join("creel")).map_err(failed)?;
    log.run(npm::node(&["reference.mjs"]).arg(folder.join(NPM)))?;
    let measured = hosts::build(Host::Chromium(Context::Window), MEASURED, log)?;
    let made = measured.path().parent().expect("it is in a folder");
    repo::copy(made, &folder.join("measured")).map_err(failed)?;
    log.run(&mut doc::command())?;
    repo::copy(&repo::target().join("doc"), &folder.join("api")).map_err(failed)?;
    dress(&folder.join("api"), "../").map_err(failed)?;
    // Its help and its settings lead back to a page that cargo does not make.
    fs::write(folder.join("api/index.html"), TO_THE_API).map_err(failed)?;
    Ok(folder)
}

const TO_THE_API: &str = r#"<!doctype html><meta http-equiv="refresh" content="0; url=creel/index.html">
<title>creel</title><a href="creel/index.html">creel</a>
"#;

/// Gives the pages of a folder of documentation the looks of the site, which is at `root` from there, and
/// the way back to it.
fn dress(folder: &Path, root: &str) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            dress(&path, &format!("../{root}"))?;
        } else if path.extension().is_some_and(|extension| extension == "html") {
            fs::write(&path, dressed(&fs::read_to_string(&path)?, root))?;
        }
    }
    Ok(())
}

/// A page of rustdoc's in the looks of the site. Those that only send elsewhere have nothing to dress.
fn dressed(page: &str, root: &str) -> String {
    let links = [("index.html", "creel"), (GUIDE, "Guide"), (API, "Rust API"), (NPM, "npm API")];
    let links: String =
        links.iter().map(|(to, name)| format!(r#"<a href="{root}{to}">{name}</a>"#)).collect();
    page.replacen("</head>", &format!(r#"<link rel="stylesheet" href="{root}api.css"></head>"#), 1)
        .replacen(
            "<main>",
            &format!(r#"<main><nav class="site" aria-label="The site">{links}</nav>"#),
            1,
        )
}

/// Serves a folder on a free port as long as the process lives; the answer is the address.
pub fn serve_in_background(folder: PathBuf) -> Result<String, String> {
    let listener = TcpListener::bind("127.0.0.1:0").map_err(|error| error.to_string())?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    std::thread::spawn(move || serve(&listener, &folder));
    Ok(format!("http://{address}"))
}

/// Answers requests for files, one connection after another: enough for one visitor.
fn serve(listener: &TcpListener, folder: &Path) -> io::Result<()> {
    loop {
        let (stream, _) = listener.accept()?;
        // A visitor who breaks off is no reason to stop.
        let _ = answer(stream, folder);
    }
}

fn answer(mut stream: TcpStream, folder: &Path) -> io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let request = lines.next().transpose()?.unwrap_or_default();
    while lines.next().transpose()?.is_some_and(|line| !line.is_empty()) {}
    let path = request.split(' ').nth(1).unwrap_or("/").split(['?', '#']).next().unwrap_or("/");
    let name = path.trim_start_matches('/');
    let name = if name.is_empty() { "index.html" } else { name };
    let is_inside = !name.split('/').any(|part| part == "..");
    match fs::read(folder.join(name)) {
        Ok(body) if is_inside => {
            let head = format!(
                "HTTP/1.1 200 OK\r\nContent-Type: {}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                media_type(name),
                body.len(),
            );
            stream.write_all(head.as_bytes())?;
            stream.write_all(&body)
        }
        _ => stream
            .write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"),
    }
}

fn media_type(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css",
        Some("js") => "text/javascript",
        Some("wasm") => "application/wasm",
        Some("svg") => "image/svg+xml",
        Some("woff2") => "font/woff2",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_dressed_once_in_its_head_and_once_in_its_body() {
        let page = "<head><title>t</title></head><body><main><p></main>";
        let page = dressed(page, "../../");
        assert!(
            page.contains(r#"<link rel="stylesheet" href="../../api.css"></head><body><main><nav"#)
        );
        assert!(page.contains(r#"<a href="../../api/creel/guide/index.html">Guide</a>"#));
        assert!(page.ends_with("</nav><p></main>"));
        assert_eq!(dressed("no page", ""), "no page");
    }
}
