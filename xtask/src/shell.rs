//! Runs other programs, with messages, times and clear errors.

use anyhow::{Context as _, Result, bail};
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Instant;

/// Prints a line, does the work, and prints how long it took.
pub fn step<T>(what: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    eprintln!("→ {what}");
    let start = Instant::now();
    let result = work()?;
    eprintln!("  {:.1} s", start.elapsed().as_secs_f64());
    Ok(result)
}

/// Runs a program and shows its output.
pub fn run(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| cannot_start(command))?;
    if !status.success() {
        bail!("`{}` failed ({status})", line(command));
    }
    Ok(())
}

/// Replaces this process with another program, so that stopping this one stops the other.
pub fn hand_over(command: &mut Command) -> Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::process::CommandExt as _;
        let error = command.exec();
        Err(error).with_context(|| cannot_start(command))
    }
    #[cfg(not(unix))]
    run(command)
}

/// Runs a program silently and returns its output. If it fails, the error contains the output.
pub fn quiet(command: &mut Command) -> Result<String> {
    let output = command.stdin(Stdio::null()).output().with_context(|| cannot_start(command))?;
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    if !output.status.success() {
        let complaint = String::from_utf8_lossy(&output.stderr);
        bail!("`{}` failed ({})\n{printed}{complaint}", line(command), output.status);
    }
    Ok(printed)
}

/// Runs a program, shows its output and calls `hear` with each line. Returns whether it succeeded.
pub fn listen(command: &mut Command, mut hear: impl FnMut(&str)) -> Result<bool> {
    let mut child =
        command.stdout(Stdio::piped()).spawn().with_context(|| cannot_start(command))?;
    let stdout = child.stdout.take().expect("stdout is piped");
    for said in BufReader::new(stdout).lines() {
        let said = said?;
        println!("{said}");
        hear(&said);
    }
    Ok(child.wait()?.success())
}

/// Returns the path of a program on the `PATH`.
pub fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let name = format!("{program}{}", std::env::consts::EXE_SUFFIX);
    std::env::split_paths(&path).map(|dir| dir.join(&name)).find(|file| file.is_file())
}

fn cannot_start(command: &Command) -> String {
    format!("cannot start `{}`", line(command))
}

fn line(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}
