//! The columns that a kernel reads, computed by the processor in f64 and laid out so that neighbouring grid points read
//! neighbouring words: bar by bar, all columns of a bar side by side.

use std::sync::atomic::{AtomicU64, Ordering};

use assay_backtest::{Bars, values};
use assay_pine::Program;
use assay_pine::graph::Kind;

use crate::kernel::{Columns, Kernel, NA};
use crate::{GpuError, Precision};

/// Bytes of the tables, ready for the device.
pub(crate) struct Tables {
    /// Numbers, bar by bar.
    pub numbers: Vec<u8>,
    /// Truths, 32 bars by 32 bars.
    pub truths: Vec<u8>,
    /// What is the same on every bar.
    pub scalars: Vec<u8>,
}

/// Makes them for all bars of `bars`. `bytes_max` bounds each one.
pub(crate) fn tables(
    kernel: &Kernel,
    program: &Program,
    bars: &Bars,
    precision: Precision,
    threads: usize,
    bytes_max: u64,
) -> Result<Tables, GpuError> {
    let width = precision.bytes();
    let rows = bars.len() as u64;
    for (what, bytes) in [
        ("indicator columns", kernel.numbers * rows * width),
        ("signal columns", kernel.truths * rows.div_ceil(32) * 4),
        ("parameters", kernel.scalars * width),
    ] {
        if bytes > bytes_max {
            return Err(GpuError::Unsuitable(format!("{what} take {bytes} bytes, the device reads {bytes_max}")));
        }
    }
    // A buffer is never empty.
    let mut numbers = vec![0u8; (kernel.numbers * rows * width).max(8) as usize];
    let mut truths = vec![0u32; (kernel.truths * rows.div_ceil(32)).max(2) as usize];
    let mut scalars = vec![0u8; (kernel.scalars * width).max(8) as usize];
    let write = |into: &mut [u8], at: u64, x: f64| {
        let at = (at * width) as usize;
        let x = if x.is_nan() { NA } else { x };
        match precision {
            Precision::Single => into[at..at + 4].copy_from_slice(&(x as f32).to_le_bytes()),
            Precision::Double => into[at..at + 8].copy_from_slice(&x.to_le_bytes()),
        }
    };
    for columns in &kernel.columns {
        for (k, course) in courses(columns, program, bars, threads).into_iter().enumerate() {
            let column = columns.first + k as u64;
            match (columns.scalar, columns.kind) {
                (true, _) => write(&mut scalars, column, course.first().copied().unwrap_or(f64::NAN)),
                (false, Kind::Number) => {
                    for (t, x) in course.iter().enumerate() {
                        write(&mut numbers, t as u64 * kernel.numbers + column, *x);
                    }
                }
                (false, Kind::Truth) => {
                    for (t, x) in course.iter().enumerate() {
                        let word = (t as u64 / 32) * kernel.truths + column;
                        truths[word as usize] |= u32::from(*x != 0.0) << (t % 32);
                    }
                }
            }
        }
    }
    let truths = truths.iter().flat_map(|word| word.to_le_bytes()).collect();
    Ok(Tables { numbers, truths, scalars })
}

/// One course of values for each combination of a node's inputs; all `na` where a length is unusable.
fn courses(columns: &Columns, program: &Program, bars: &Bars, threads: usize) -> Vec<Vec<f64>> {
    let course = |mut combination: u64| {
        let mut point = program.defaults();
        for i in columns.inputs.iter().rev() {
            let grid = &program.inputs[*i].grid;
            point[*i] = grid[(combination % grid.len() as u64) as usize];
            combination /= grid.len() as u64;
        }
        values(program, columns.node, &point, bars).unwrap_or_else(|| vec![f64::NAN; bars.len()])
    };
    let next = AtomicU64::new(0);
    let mut made: Vec<(u64, Vec<f64>)> = std::thread::scope(|scope| {
        let work = || {
            let mut mine = Vec::new();
            loop {
                let k = next.fetch_add(1, Ordering::Relaxed);
                if k >= columns.count {
                    return mine;
                }
                mine.push((k, course(k)));
            }
        };
        let workers: Vec<_> = (0..threads.max(1)).map(|_| scope.spawn(work)).collect();
        workers.into_iter().flat_map(|worker| worker.join().expect("evaluating a column does not panic")).collect()
    });
    made.sort_by_key(|(k, _)| *k);
    made.into_iter().map(|(_, course)| course).collect()
}
