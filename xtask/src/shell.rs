//! Runs other programs, with messages, times and clear errors.

use anyhow::{Context as _, Result, bail};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
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

/// Replaces this process with a program, so that a signal to this process stops the program. Where
/// that is not possible, runs the program and returns its exit code.
pub fn hand_over(command: &mut Command) -> Result<ExitCode> {
    #[cfg(unix)]
    {
        use std::os::unix::process::CommandExt as _;
        let error = command.exec();
        Err(error).with_context(|| cannot_start(command))
    }
    #[cfg(not(unix))]
    {
        let status = command.status().with_context(|| cannot_start(command))?;
        Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

/// Runs a program silently and returns its output. If it fails, the error contains the output.
pub fn quiet(command: &mut Command) -> Result<String> {
    let output =
        tied(command).stdin(Stdio::null()).output().with_context(|| cannot_start(command))?;
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    if !output.status.success() {
        let errors = String::from_utf8_lossy(&output.stderr);
        bail!("`{}` failed ({})\n{printed}{errors}", line(command), output.status);
    }
    Ok(printed)
}

/// Returns a command that ends when this process ends, even if this process is killed. Works only
/// on Linux, with `setpriv`.
fn tied(command: &Command) -> Command {
    let (program, arguments) = (command.get_program(), command.get_args());
    let mut tied = match find("setpriv") {
        Some(setpriv) => {
            let mut tied = Command::new(setpriv);
            tied.args(["--pdeathsig", "TERM"]).arg(program);
            tied
        }
        None => Command::new(program),
    };
    tied.args(arguments);
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => tied.env(name, value),
            None => tied.env_remove(name),
        };
    }
    if let Some(folder) = command.get_current_dir() {
        tied.current_dir(folder);
    }
    tied
}

/// Runs a program, shows its output and passes each line to `on_line`. Returns whether it succeeded.
pub fn listen(command: &mut Command, mut on_line: impl FnMut(&str)) -> Result<bool> {
    let mut child =
        command.stdout(Stdio::piped()).spawn().with_context(|| cannot_start(command))?;
    let stdout = child.stdout.take().expect("stdout is piped");
    for line in BufReader::new(stdout).lines() {
        let line = line?;
        println!("{line}");
        on_line(&line);
    }
    Ok(child.wait()?.success())
}

/// Copies a folder's files and subfolders, except installed npm packages.
pub fn copy(from: &Path, to: &Path) -> Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in from.read_dir().with_context(|| from.display().to_string())? {
        let path = entry?.path();
        let name = path.file_name().context("an entry of a folder has a name")?;
        if path.is_file() {
            std::fs::copy(&path, to.join(name))?;
        } else if name != "node_modules" {
            copy(&path, &to.join(name))?;
        }
    }
    Ok(())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn a_program_that_runs_in_silence_ends_with_the_one_that_started_it() {
        find("setpriv").expect("`setpriv` is a part of util-linux");
        // For the kernel, the parent is the thread that starts the program.
        let start = || {
            let mut command = tied(Command::new("sh").args(["-c", "echo on; exec sleep 600"]));
            let mut child = command.stdout(Stdio::piped()).spawn().expect("`sh` starts");
            let mut said = String::new();
            let stdout = child.stdout.as_mut().expect("stdout is piped");
            BufReader::new(stdout).read_line(&mut said).expect("it is on");
            child
        };
        let mut child = std::thread::spawn(start).join().expect("a thread");
        assert!(!child.wait().expect("it ends").success());
    }

    #[test]
    fn a_tied_program_keeps_its_folder_and_its_variables() {
        let mut command = Command::new("sh");
        command.args(["-c", "echo $A$HOME; pwd"]).env("A", "b").env_remove("HOME").current_dir("/");
        assert_eq!(quiet(&mut command).expect("it runs"), "b\n/\n");
    }
}
