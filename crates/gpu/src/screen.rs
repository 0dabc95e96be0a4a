//! Every point of a grid, in batches that fit the device and tiles of time short enough to be cancelled.

use std::ops::Range;
use std::sync::Mutex;
use std::time::Duration;

use assay_backtest::{Bars, Courses, Ground, Sweep, SweepError};
use assay_world::Clock;

use crate::books::Books;
use crate::kernel::WORKGROUP;
use crate::tables::{Tables, sizes, tables};
use crate::{Device, GpuError, Kernel, Precision};

/// Bars of one dispatch: long enough to amortise it, short enough for a driver's watchdog and for cancelling.
const TILE_BARS: usize = 4_096;

/// Most points of one dispatch.
const BATCH_MAX: u64 = 1 << 20;

/// Points below which halving the batch stops.
const BATCH_MIN: u64 = 1 << 10;

/// Numbers and counts carried for one point from tile to tile.
const SUMS: u64 = 4;
const COUNTS: u64 = 8;

/// What the screen says of one grid point: close to the truth, never the last word.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Screened {
    /// Whether its lengths are usable; all else is meaningless otherwise.
    pub valid: bool,
    /// Whether every comparison was decided beyond rounding: then `entries` and `exits` are exact and `ceiling` holds.
    pub sure: bool,
    /// Positions opened.
    pub entries: u32,
    /// Positions closed.
    pub exits: u32,
    /// Equity at the end, from 1.
    pub equity: f64,
    /// Sharpe ratio per bar, ddof 1; NaN when no return varies.
    pub sharpe: f64,
    /// The exact Sharpe ratio is at most this; plus infinity where the screen cannot tell.
    pub ceiling: f64,
    /// Deepest fall from the peak, 0 or negative.
    pub max_drawdown: f64,
}

/// How the device did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Report {
    /// Points of one batch, as the device's memory allowed.
    pub batch: u64,
    /// Batches.
    pub batches: u64,
    /// Share of all batches' invocations that had a point, in percent.
    pub fill_percent: u64,
    /// How often a batch was halved because memory ran out.
    pub halved: u32,
    /// Time that the device worked, copies to and from it included; in whole milliseconds.
    pub computation_time: Duration,
}

/// Screens the whole grid on the plan's own bars. `progress(done, all)` is called after each tile of a batch; false cancels.
///
/// # Errors
/// What the sweep itself would refuse, and all that a GPU may lack; the caller then sweeps on the processor.
pub fn screen(
    device: &Device,
    plan: &Sweep<'_>,
    clock: &dyn Clock,
    progress: &dyn Fn(u64, u64) -> bool,
) -> Result<(Vec<Screened>, Report), GpuError> {
    Prepared::new(device, plan)?.screen(plan.bars, plan.threads, clock, progress)
}

/// A sweep whose kernel is compiled, to be run on any bars of the plan's number. Threads may share it; the device does one
/// market at a time, while the others make columns.
pub struct Prepared<'a> {
    device: &'a Device,
    plan: Sweep<'a>,
    ground: Ground,
    kernel: Kernel,
    courses: Courses<'a>,
    pipeline: wgpu::ComputePipeline,
    layout: wgpu::BindGroupLayout,
    /// Points of a batch that the memory has room for, as learnt so far; held while the device works.
    batch: Mutex<u64>,
}

impl<'a> Prepared<'a> {
    /// Compiles the kernel.
    ///
    /// # Errors
    /// See [`screen`].
    pub fn new(device: &'a Device, plan: &Sweep<'a>) -> Result<Prepared<'a>, GpuError> {
        let ground = Ground::of(plan)?;
        let precision = device.info().precision;
        let kernel = Kernel::of(plan.program, ground.lag, precision)?;
        if kernel.back + ground.lag > ground.first_bar {
            return Err(GpuError::Unsuitable("it looks back further than its warm-up".into()));
        }
        // Refused before anything is computed for it.
        sizes(&kernel, ground.end as u64, precision, device.info().buffer_bytes_max)?;
        let mut nodes: Vec<_> = kernel.columns.iter().map(|columns| columns.node).collect();
        nodes.sort_by_key(|node| node.0);
        nodes.dedup();
        let courses = Courses::new(plan.program, ground.usable.len() as u64, &nodes, plan.bars);
        let (pipeline, layout) = device.guarded(|| {
            let module = device.device.create_shader_module(wgpu::ShaderModuleDescriptor {
                label: Some("sweep"),
                source: wgpu::ShaderSource::Wgsl(kernel.source.as_str().into()),
            });
            let layout = bind_group_layout(&device.device);
            let pipeline_layout = device.device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
                label: Some("sweep"),
                bind_group_layouts: &[Some(&layout)],
                immediate_size: 0,
            });
            let pipeline = device.device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
                label: Some("sweep"),
                layout: Some(&pipeline_layout),
                module: &module,
                entry_point: Some("trade"),
                compilation_options: wgpu::PipelineCompilationOptions::default(),
                cache: None,
            });
            (pipeline, layout)
        })?;
        let state_bytes = (SUMS * precision.bytes()).max(COUNTS * 4);
        let grid = ground.usable.len() as u64;
        let fits = device.info().buffer_bytes_max / state_bytes;
        let batch = BATCH_MAX.min(fits).min(grid.next_multiple_of(u64::from(WORKGROUP)));
        Ok(Prepared { device, plan: plan.clone(), ground, kernel, courses, pipeline, layout, batch: Mutex::new(batch) })
    }

    /// Goes on with batches of so many points.
    #[cfg(test)]
    pub(crate) fn limit(&self, points: u64) {
        *self.batch.lock().unwrap_or_else(|e| e.into_inner()) = points;
    }

    /// Screens the whole grid on `bars`, whose columns `threads` threads make.
    ///
    /// # Errors
    /// See [`screen`].
    pub fn screen(
        &self,
        bars: &Bars,
        threads: usize,
        clock: &dyn Clock,
        progress: &dyn Fn(u64, u64) -> bool,
    ) -> Result<(Vec<Screened>, Report), GpuError> {
        let (ground, precision) = (&self.ground, self.device.info().precision);
        let bars = bars.prefix(ground.end);
        let growth = Ground::growth(&bars, self.plan.costs, self.plan.fill);
        let books = Books::of(&growth)?;
        let room = self.device.info().buffer_bytes_max;
        let made = self.courses.on(&bars, threads);
        let tables = tables(&self.kernel, &made, bars.len(), precision, room)?;
        drop(made);
        if !progress(0, ground.usable.len() as u64) {
            return Err(SweepError::Cancelled.into());
        }
        let grid = ground.usable.len() as u64;
        let mut batch = self.batch.lock().unwrap_or_else(|e| e.into_inner());
        let begun = clock.now();
        let work = Work::load(self, tables, &growth, &books)?;
        let (mut halved, mut batches, mut invocations) = (0, 0, 0);
        let mut screened: Vec<Screened> = Vec::with_capacity(grid as usize);
        while (screened.len() as u64) < grid {
            let first = screened.len() as u64;
            let points = first..(first + *batch).min(grid);
            let count = points.end - first;
            match work.batch(points, &books, &|part| progress(first + (part * count as f64) as u64, grid)) {
                Ok(part) => {
                    batches += 1;
                    invocations += count.next_multiple_of(u64::from(WORKGROUP));
                    screened.extend(part);
                }
                Err(GpuError::OutOfMemory { .. }) if *batch > BATCH_MIN => {
                    *batch /= 2;
                    halved += 1;
                }
                Err(other) => return Err(other),
            }
        }
        for (point, usable) in screened.iter_mut().zip(&ground.usable) {
            point.valid = *usable;
        }
        let computation_time = clock.now().since(begun);
        let report =
            Report { batch: *batch, batches, fill_percent: grid * 100 / invocations.max(1), halved, computation_time };
        Ok((screened, report))
    }
}

/// One market's tables on the device.
struct Work<'a> {
    prepared: &'a Prepared<'a>,
    tile: wgpu::Buffer,
    /// Numbers, keys, truths, scalars, growth, gains.
    tables: [wgpu::Buffer; 6],
}

impl<'a> Work<'a> {
    fn load(
        prepared: &'a Prepared<'a>,
        made: Tables,
        growth: &[[f64; 3]],
        books: &Books,
    ) -> Result<Work<'a>, GpuError> {
        let device = prepared.device;
        let growth: Vec<u8> = growth
            .iter()
            .flat_map(|[held, bought, sold]| [*held, *bought, *sold, 1.0])
            .flat_map(|g| match device.info().precision {
                Precision::Single => (g as f32).to_le_bytes().to_vec(),
                Precision::Double => g.to_le_bytes().to_vec(),
            })
            .collect();
        let gains: Vec<u8> = books.words.iter().flat_map(|word| word.to_le_bytes()).collect();
        let room = device.info().buffer_bytes_max;
        if gains.len().max(growth.len()) as u64 > room {
            return Err(GpuError::Unsuitable(format!("the returns of all bars take more than {room} bytes")));
        }
        device.guarded(|| {
            let tables = [
                ("numbers", &made.numbers),
                ("keys", &made.keys),
                ("truths", &made.truths),
                ("scalars", &made.scalars),
                ("growth", &growth),
                ("gains", &gains),
            ]
            .map(|(label, bytes)| {
                let usage = wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_DST;
                let buffer = device.buffer(label, bytes.len() as u64, usage);
                device.queue.write_buffer(&buffer, 0, bytes);
                buffer
            });
            let tile = device.buffer("tile", 32, wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST);
            Work { prepared, tile, tables }
        })
    }

    /// `heard(share done)` is called after each tile.
    fn batch(&self, points: Range<u64>, books: &Books, heard: &dyn Fn(f64) -> bool) -> Result<Vec<Screened>, GpuError> {
        let Prepared { device, ground, .. } = self.prepared;
        let count = points.end - points.start;
        let (sums_bytes, counts_bytes) = (SUMS * count * device.info().precision.bytes(), COUNTS * count * 4);
        let (sums, counts, read) = device.guarded(|| {
            let kept = wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_SRC;
            let read = wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST;
            (
                device.buffer("sums", sums_bytes, kept),
                device.buffer("counts", counts_bytes, kept),
                device.buffer("read", sums_bytes + counts_bytes, read),
            )
        })?;
        let [numbers, keys, truths, scalars, growth, gains] = &self.tables;
        let buffers = [&self.tile, numbers, keys, truths, scalars, growth, gains, &sums, &counts];
        let entries: Vec<wgpu::BindGroupEntry<'_>> = (0u32..)
            .zip(buffers)
            .map(|(binding, buffer)| wgpu::BindGroupEntry { binding, resource: buffer.as_entire_binding() })
            .collect();
        let group = device.device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some("sweep"),
            layout: &self.prepared.layout,
            entries: &entries,
        });
        let bars = ground.end - ground.first_bar;
        for from in (ground.first_bar..ground.end).step_by(TILE_BARS) {
            let to = (from + TILE_BARS).min(ground.end);
            let tile = [from as u32, to as u32, points.start as u32, count as u32, u32::from(from == ground.first_bar)];
            let bytes: Vec<u8> = tile.iter().chain(&[0; 3]).flat_map(|word| word.to_le_bytes()).collect();
            device.queue.write_buffer(&self.tile, 0, &bytes);
            let mut commands = device.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
            {
                let mut pass = commands.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
                pass.set_pipeline(&self.prepared.pipeline);
                pass.set_bind_group(0, &group, &[]);
                pass.dispatch_workgroups(count.div_ceil(u64::from(WORKGROUP)) as u32, 1, 1);
            }
            device.queue.submit([commands.finish()]);
            device.wait()?;
            if !heard((to - ground.first_bar) as f64 / bars as f64) {
                return Err(SweepError::Cancelled.into());
            }
        }
        let mut commands = device.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        commands.copy_buffer_to_buffer(&sums, 0, &read, 0, Some(sums_bytes));
        commands.copy_buffer_to_buffer(&counts, 0, &read, sums_bytes, Some(counts_bytes));
        device.queue.submit([commands.finish()]);
        read.map_async(wgpu::MapMode::Read, .., |_| {});
        device.wait()?;
        let lost = |why: String| GpuError::Lost { name: device.info().name.clone(), why };
        let view = read.get_mapped_range(..).map_err(|e| lost(format!("its memory cannot be read: {e}")))?;
        Ok(results(&view, count as usize, bars, device.info().precision, books))
    }
}

fn results(bytes: &[u8], count: usize, bars: usize, precision: Precision, books: &Books) -> Vec<Screened> {
    let width = precision.bytes() as usize;
    let number = |k: usize, i: usize| {
        let at = (k * count + i) * width;
        match precision {
            Precision::Single => f64::from(f32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"))),
            Precision::Double => f64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes")),
        }
    };
    let counts = SUMS as usize * count * width;
    let whole = |k: usize, i: usize| {
        let at = counts + (k * count + i) * 4;
        u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"))
    };
    let wide = |k: usize, i: usize| u64::from(whole(k, i)) | u64::from(whole(k + 1, i)) << 32;
    (0..count)
        .map(|i| {
            let ratio = books.ratio(wide(4, i).cast_signed(), wide(6, i), bars);
            let (sure, entries) = (whole(1, i) == 0, whole(2, i));
            Screened {
                valid: true,
                sure,
                entries,
                exits: whole(3, i),
                equity: number(0, i) + number(1, i),
                sharpe: ratio.near,
                ceiling: match () {
                    () if !sure => f64::INFINITY,
                    // It never traded.
                    () if entries == 0 => f64::NEG_INFINITY,
                    () => ratio.ceiling,
                },
                max_drawdown: number(3, i) - 1.0,
            }
        })
        .collect()
}

fn bind_group_layout(gpu: &wgpu::Device) -> wgpu::BindGroupLayout {
    let entry = |(binding, ty): (u32, wgpu::BufferBindingType)| wgpu::BindGroupLayoutEntry {
        binding,
        visibility: wgpu::ShaderStages::COMPUTE,
        ty: wgpu::BindingType::Buffer { ty, has_dynamic_offset: false, min_binding_size: None },
        count: None,
    };
    let stored = |read_only| wgpu::BufferBindingType::Storage { read_only };
    let entries: Vec<wgpu::BindGroupLayoutEntry> = (0..)
        .zip([wgpu::BufferBindingType::Uniform])
        .chain((1..7).map(|binding| (binding, stored(true))))
        .map(entry)
        .collect();
    let written = (7..).zip([stored(false), stored(false)]).map(entry);
    let entries: Vec<_> = entries.into_iter().chain(written).collect();
    gpu.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor { label: Some("sweep"), entries: &entries })
}

impl Device {
    fn buffer(&self, label: &str, size: u64, usage: wgpu::BufferUsages) -> wgpu::Buffer {
        self.device.create_buffer(&wgpu::BufferDescriptor {
            label: Some(label),
            size,
            usage,
            mapped_at_creation: false,
        })
    }

    /// Does something that may ask for memory or compile; what the device says of it becomes an error of ours.
    fn guarded<T>(&self, work: impl FnOnce() -> T) -> Result<T, GpuError> {
        let name = self.info().name.clone();
        let memory = self.device.push_error_scope(wgpu::ErrorFilter::OutOfMemory);
        let validation = self.device.push_error_scope(wgpu::ErrorFilter::Validation);
        let made = work();
        let refused = pollster::block_on(validation.pop());
        let exhausted = pollster::block_on(memory.pop());
        // A loss is told when the device is polled, and explains what else went wrong.
        let _ = self.device.poll(wgpu::PollType::Poll);
        self.check()?;
        if exhausted.is_some() {
            return Err(GpuError::OutOfMemory { name, bytes: self.info().buffer_bytes_max });
        }
        match refused {
            Some(error) => Err(GpuError::Refused { name, why: error.to_string() }),
            None => Ok(made),
        }
    }
}
