//! This machine: its clock, its random source, its name, and where it keeps the leases of its replicas.
//!
//! Nothing else below the command line asks for any of these.

use crate::clock::{Clock, Ids};
use crate::concern;
use crate::merge;
use crate::store::{Environment, Machine};
use std::env;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long a session waits for the lock of a store that another process writes to.
const LOCK_WAIT: Duration = Duration::from_secs(10);

/// Returns the environment of a store on this machine. Leases lie in the user's state directory
/// (`$XDG_STATE_HOME/crdtctl`), so that a copy of a store does not write as the original.
pub fn at_hand() -> Environment {
    around(xdg("XDG_STATE_HOME", ".local/state").map(|dir| dir.join("crdtctl")))
}

/// Like [`at_hand`], with leases in a directory of the caller's choice: for tests, containers and services.
/// It must outlive the stores written to with it, and must not be copied with them.
pub fn with_state_in(dir: &Path) -> Environment {
    // A lease outlives the directory in which this process was started.
    around(std::path::absolute(dir).ok())
}

fn around(state: Option<PathBuf>) -> Environment {
    let host = host();
    Environment {
        machine: Machine {
            clock: Clock::system(),
            ids: Ids::random(),
            leases: state.map(|dir| dir.join("leases")),
            id: machine_id().unwrap_or_else(|| host.clone()),
            host,
            lock_wait: LOCK_WAIT,
        },
        roots: concern::expected,
        noted: concern::noted(),
        adopt: merge::adopt,
        fold: None,
    }
}

/// Returns a base directory of the XDG specification, which says to ignore relative ones; if it is not set,
/// the default below the home directory. `HOME` names that, or else the user's entry in the system's
/// database.
pub fn xdg(name: &str, below_home: &str) -> Option<PathBuf> {
    let absolute = |path: PathBuf| path.is_absolute().then_some(path);
    let named = env::var_os(name).map(PathBuf::from).and_then(absolute);
    let home = || env::home_dir().and_then(absolute);
    named.or_else(|| home().map(|home| home.join(below_home)))
}

fn machine_id() -> Option<String> {
    first_line(Path::new("/etc/machine-id"))
}

/// Returns the host's name, shown to those who wait for its lock.
fn host() -> String {
    #[cfg(unix)]
    let name = rustix::system::uname().nodename().to_string_lossy().into_owned();
    #[cfg(not(unix))]
    let name = env::var("COMPUTERNAME").unwrap_or_default();
    match name.is_empty() {
        true => "unknown".to_owned(),
        false => name,
    }
}

fn first_line(path: &Path) -> Option<String> {
    let text = std::fs::read_to_string(path).ok()?;
    text.lines().next().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned)
}

/// Returns whether this is a pipe whose reader has gone. Returns false if that cannot be asked.
#[cfg(unix)]
pub fn is_unread(out: &impl std::os::fd::AsFd) -> bool {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    let mut asked = [PollFd::new(out, PollFlags::empty())];
    let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
    let [answer] = match poll(&mut asked, Some(&at_once)) {
        Ok(_) => asked,
        Err(_) => return false,
    };
    answer.revents().intersects(PollFlags::ERR)
}

/// Returns false: it cannot be asked here.
#[cfg(not(unix))]
pub fn is_unread<T>(_: &T) -> bool {
    false
}
