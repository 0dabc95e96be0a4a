//! A device whose memory runs out in the middle: the batch is halved, nothing is lost, and the rest fits at once.

use std::process::Command;

use assay_backtest::{Fill, sweep};
use assay_gpu::screen;
use assay_world::RealClock;

use crate::parity::{device, market, plan, script};

/// The child process that may be short of memory is told by this.
const CHILD: &str = "ASSAY_TEST_SMALL_ROOM";

/// What the child may still take: the answers of a million points and half of what their batch asks for, not all of it.
const ROOM_BYTES: u64 = 140 << 20;

#[test]
fn a_batch_that_the_memory_cannot_hold_is_halved() {
    const NAME: &str = "memory::a_batch_that_the_memory_cannot_hold_is_halved";
    if !cfg!(target_os = "linux") || Command::new("prlimit").arg("--version").output().is_err() {
        eprintln!("NOT RUN: {NAME}: it takes Linux and its prlimit to be short of memory");
        return;
    }
    if device(NAME, false).is_none() {
        return;
    }
    // The memory of a software renderer is that of its process, so the process gets little and is one of its own.
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "memory::in_a_small_room", "--ignored", "--nocapture"])
        .env(CHILD, "1")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&child.stdout).into_owned() + &String::from_utf8_lossy(&child.stderr);
    assert!(child.status.success() && said.contains("halved"), "{}\n{said}", child.status);
}

/// Nothing, unless it is alone in its process.
#[test]
#[ignore = "run by the test above, in a process of its own"]
#[expect(clippy::disallowed_methods, reason = "a child asks what its parent said")]
fn in_a_small_room() {
    if std::env::var_os(CHILD).is_none() {
        return;
    }
    let device = device("memory::in_a_small_room", false).unwrap();
    let program = script(
        "low = input.int(1, minval=1, maxval=1000)\nhigh = input.int(1, minval=1, maxval=1000)",
        "ta.rsi(close, 14) < low / 10",
        "ta.rsi(close, 14) > high / 10",
    );
    let bars = market(5, 300);
    let plan = plan(&program, &bars, Fill::NextOpen);
    let exact = sweep(&plan, &|_, _| true).unwrap();
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let pages = status.lines().find_map(|line| line.strip_prefix("VmSize:")?.trim().strip_suffix(" kB")).unwrap();
    let limit = pages.parse::<u64>().unwrap() * 1_024 + ROOM_BYTES;
    let limited = Command::new("prlimit")
        .args([format!("--pid={}", std::process::id()), format!("--as={limit}:{limit}")])
        .status()
        .unwrap();
    assert!(limited.success());
    let (screened, report) = screen(&device, &plan, &RealClock, &|_, _| true).unwrap();
    assert!(report.halved > 0 && report.batches > 1, "{report:?}");
    assert_eq!(screened.len(), exact.trials.len());
    for (point, (s, t)) in screened.iter().zip(&exact.trials).enumerate() {
        assert!(!s.sure || (s.entries, s.exits) == (t.entries, t.exits), "point {point}: {s:?}, {t:?}");
        assert!(s.ceiling >= t.sharpe() || t.entries == 0, "point {point}: {s:?}, {t:?}");
    }
    println!("halved {} times, {} batches of {} points", report.halved, report.batches, report.batch);
}
