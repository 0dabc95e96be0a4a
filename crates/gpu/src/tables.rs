//! The columns that a kernel reads, computed by the processor in f64 and laid out so that neighbouring grid points read
//! neighbouring words: bar by bar, all columns of a bar side by side.

use assay_backtest::CoursesMade;

use crate::kernel::{Kernel, LARGE, NA, SMALL, Sort};
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

/// Columns that are written together, and bars: what is read and written meanwhile stays in the first-level cache.
const BLOCK: usize = 16;

/// Lays `made` out. `rows` bars; `bytes_max` bounds each table.
pub(crate) fn tables(
    kernel: &Kernel,
    made: &CoursesMade<'_>,
    rows: usize,
    precision: Precision,
    bytes_max: u64,
) -> Result<Tables, GpuError> {
    let width = precision.bytes() as usize;
    // Where there is no f64 a scalar has its key behind it.
    let scalar_bytes = if precision == Precision::Single { 12 } else { 8 };
    let bytes = sizes(kernel, rows as u64, precision, bytes_max)?;
    // A buffer is never empty.
    let [mut numbers, mut keys, mut truths, mut scalars] = bytes.map(|bytes| vec![0u8; bytes.max(8) as usize]);
    let words = |into: &mut [u8], at: usize, x: f64| {
        let [high, low] = key(x);
        into[at..at + 4].copy_from_slice(&high.to_le_bytes());
        into[at + 4..at + 8].copy_from_slice(&low.to_le_bytes());
    };
    let number = |into: &mut [u8], at: usize, x: f64| {
        let x = if x.is_nan() { NA } else { x };
        match precision {
            Precision::Single => into[at..at + 4].copy_from_slice(&(x as f32).to_le_bytes()),
            Precision::Double => into[at..at + 8].copy_from_slice(&x.to_le_bytes()),
        }
    };
    for columns in &kernel.columns {
        let (first, count) = (columns.first as usize, columns.count as usize);
        let stride = kernel.count(columns.sort) as usize;
        match columns.sort {
            Sort::Number | Sort::Key => {
                let courses: Vec<Option<&[f64]>> = (0..count).map(|k| made.numbers(columns.node, k)).collect();
                if columns.sort == Sort::Number {
                    courses.iter().flatten().try_for_each(|course| within(course, precision))?;
                }
                for bars in (0..rows).step_by(BLOCK).map(|from| from..(from + BLOCK).min(rows)) {
                    for (k, course) in courses.iter().enumerate() {
                        for t in bars.clone() {
                            let (x, at) = (course.map_or(f64::NAN, |course| course[t]), t * stride + first + k);
                            match columns.sort {
                                Sort::Number => number(&mut numbers, at * width, x),
                                _ => words(&mut keys, at * 8, x),
                            }
                        }
                    }
                }
            }
            Sort::Truth => {
                for k in 0..count {
                    let Some(course) = made.truths(columns.node, k) else { continue };
                    for (t, word) in course.iter().enumerate() {
                        for (half, bits) in [*word as u32, (*word >> 32) as u32].into_iter().enumerate() {
                            let row = t * 2 + half;
                            if row * 32 < rows {
                                let at = (row * stride + first + k) * 4;
                                truths[at..at + 4].copy_from_slice(&bits.to_le_bytes());
                            }
                        }
                    }
                }
            }
            Sort::Scalar => {
                for k in 0..count {
                    let (x, at) = (made.scalar(columns.node, k), (first + k) * scalar_bytes);
                    within(&[x], precision)?;
                    number(&mut scalars, at, x);
                    if precision == Precision::Single {
                        words(&mut scalars, at + 4, x);
                    }
                }
            }
        }
    }
    Ok(Tables { numbers, keys, truths, scalars })
}

/// Bytes of numbers, keys, truths and scalars.
pub(crate) fn sizes(kernel: &Kernel, rows: u64, precision: Precision, bytes_max: u64) -> Result<[u64; 4], GpuError> {
    let scalar_bytes = if precision == Precision::Single { 12 } else { 8 };
    let bytes = [
        ("indicator columns", kernel.count(Sort::Number) * rows * precision.bytes()),
        ("keys of indicator columns", kernel.count(Sort::Key) * rows * 8),
        ("signal columns", kernel.count(Sort::Truth) * rows.div_ceil(32) * 4),
        ("parameters", kernel.count(Sort::Scalar) * scalar_bytes),
    ];
    for (what, bytes) in bytes {
        if bytes > bytes_max {
            return Err(GpuError::Unsuitable(format!("{what} take {bytes} bytes, the device reads {bytes_max}")));
        }
    }
    Ok(bytes.map(|(_, bytes)| bytes))
}

/// Refuses numbers that a kernel would mistake: for `na`, or for 0.
fn within(course: &[f64], precision: Precision) -> Result<(), GpuError> {
    if let Some(x) = course.iter().find(|x| x.abs() >= LARGE) {
        return Err(GpuError::Unsuitable(format!("an indicator reaches {x:e}, where a kernel's numbers end")));
    }
    let lost = |x: &&f64| **x != 0.0 && x.abs() < SMALL;
    if let (Precision::Single, Some(x)) = (precision, course.iter().find(lost)) {
        return Err(GpuError::Unsuitable(format!("an indicator falls to {x:e}, which f32 cannot tell from 0")));
    }
    Ok(())
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
