//! The columns that a kernel reads, computed by the processor in f64 and laid out so that neighbouring grid points read
//! neighbouring words: bar by bar, all columns of a bar side by side.

use std::sync::atomic::{AtomicU64, Ordering};

use assay_backtest::{Bars, values};
use assay_pine::Program;

use crate::kernel::{Columns, Kernel, LARGE, NA, SMALL, Sort};
use crate::{GpuError, Precision};

/// Bytes of the tables, ready for the device.
pub(crate) struct Tables {
    /// Numbers, bar by bar.
    pub numbers: Vec<u8>,
    /// Their keys, likewise, two words each.
    pub keys: Vec<u8>,
    /// Truths, 32 bars by 32 bars.
    pub truths: Vec<u8>,
    /// What is the same on every bar.
    pub scalars: Vec<u8>,
}

/// Two words, the high one first, that order as the numbers do: what a device without f64 compares. `na` has all bits set,
/// which no number has.
pub(crate) fn key(x: f64) -> [u32; 2] {
    if x.is_nan() {
        return [u32::MAX; 2];
    }
    // Negative zero is zero.
    let bits = (x + 0.0).to_bits();
    let ordered = if bits >> 63 == 1 { !bits } else { bits | 1 << 63 };
    [(ordered >> 32) as u32, ordered as u32]
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
    // Where there is no f64 a scalar has its key behind it.
    let scalar_bytes = if precision == Precision::Single { 12 } else { 8 };
    let bytes = [
        ("indicator columns", kernel.count(Sort::Number) * rows * width),
        ("keys of indicator columns", kernel.count(Sort::Key) * rows * 8),
        ("signal columns", kernel.count(Sort::Truth) * rows.div_ceil(32) * 4),
        ("parameters", kernel.count(Sort::Scalar) * scalar_bytes),
    ];
    for (what, bytes) in bytes {
        if bytes > bytes_max {
            return Err(GpuError::Unsuitable(format!("{what} take {bytes} bytes, the device reads {bytes_max}")));
        }
    }
    // A buffer is never empty.
    let [mut numbers, mut keys, mut truths, mut scalars] = bytes.map(|(_, bytes)| vec![0u8; bytes.max(8) as usize]);
    let number = |into: &mut [u8], at: usize, x: f64| -> Result<(), GpuError> {
        if x.abs() >= LARGE {
            return Err(GpuError::Unsuitable(format!("an indicator reaches {x:e}, where a kernel's numbers end")));
        }
        if precision == Precision::Single && x != 0.0 && x.abs() < SMALL {
            return Err(GpuError::Unsuitable(format!("an indicator falls to {x:e}, which f32 cannot tell from 0")));
        }
        let x = if x.is_nan() { NA } else { x };
        match precision {
            Precision::Single => into[at..at + 4].copy_from_slice(&(x as f32).to_le_bytes()),
            Precision::Double => into[at..at + 8].copy_from_slice(&x.to_le_bytes()),
        }
        Ok(())
    };
    let words = |into: &mut [u8], at: usize, x: f64| {
        let [high, low] = key(x);
        into[at..at + 4].copy_from_slice(&high.to_le_bytes());
        into[at + 4..at + 8].copy_from_slice(&low.to_le_bytes());
    };
    let strides = [Sort::Number, Sort::Key, Sort::Truth].map(|sort| kernel.count(sort) as usize);
    let mut nodes: Vec<_> = kernel.columns.iter().map(|columns| columns.node).collect();
    nodes.sort_by_key(|node| node.0);
    nodes.dedup();
    for node in nodes {
        let all: Vec<&Columns> = kernel.columns.iter().filter(|columns| columns.node == node).collect();
        for (k, course) in courses(all[0], program, bars, threads).into_iter().enumerate() {
            for columns in &all {
                let column = columns.first as usize + k;
                match columns.sort {
                    Sort::Number => {
                        let width = width as usize;
                        for (t, x) in course.iter().enumerate() {
                            number(&mut numbers, (t * strides[0] + column) * width, *x)?;
                        }
                    }
                    Sort::Key => {
                        for (t, x) in course.iter().enumerate() {
                            words(&mut keys, (t * strides[1] + column) * 8, *x);
                        }
                    }
                    Sort::Truth => {
                        for (t, x) in course.iter().enumerate() {
                            let bit = u8::from(*x != 0.0) << (t % 8);
                            truths[((t / 32) * strides[2] + column) * 4 + t / 8 % 4] |= bit;
                        }
                    }
                    Sort::Scalar => {
                        let x = course.first().copied().unwrap_or(f64::NAN);
                        let at = column * scalar_bytes as usize;
                        number(&mut scalars, at, x)?;
                        if precision == Precision::Single {
                            words(&mut scalars, at + 4, x);
                        }
                    }
                }
            }
        }
    }
    Ok(Tables { numbers, keys, truths, scalars })
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
    if threads <= 1 || columns.count == 1 {
        return (0..columns.count).map(course).collect();
    }
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
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        workers.into_iter().flat_map(|worker| worker.join().expect("evaluating a column does not panic")).collect()
    });
    made.sort_by_key(|(k, _)| *k);
    made.into_iter().map(|(_, course)| course).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn keys_order_as_the_numbers_do(x in any::<f64>(), y in any::<f64>()) {
            if !x.is_nan() && !y.is_nan() {
                prop_assert_eq!(key(x).cmp(&key(y)), x.partial_cmp(&y).unwrap());
            }
        }
    }

    #[test]
    fn zeros_are_equal_and_na_is_no_number() {
        assert_eq!(key(0.0), key(-0.0));
        assert_eq!(key(f64::NAN), [u32::MAX; 2]);
        assert!(key(f64::INFINITY)[0] < u32::MAX && key(f64::INFINITY) > key(f64::MAX));
        assert!(key(1.0) > key(1.0 - f64::EPSILON / 2.0));
    }
}
