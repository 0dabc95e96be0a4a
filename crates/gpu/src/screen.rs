//! Every point of a grid, in batches that fit the device and tiles of time short enough to be cancelled.

use std::ops::Range;

use assay_backtest::{Bars, Ground, Sweep};

use crate::kernel::WORKGROUP;
use crate::tables::tables;
use crate::{Device, GpuError, Kernel, Precision};

/// Bars of one dispatch: long enough to amortise it, short enough for a driver's watchdog and for cancelling.
const TILE_BARS: usize = 4_096;

/// Most points of one dispatch.
const BATCH_MAX: u64 = 1 << 20;

/// Points below which halving the batch stops.
const BATCH_MIN: u64 = 1 << 10;

/// Numbers and counts carried for one point from tile to tile.
const SUMS: u64 = 8;
const COUNTS: u64 = 3;

/// What the screen says of one grid point: close to the truth, never the last word.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Screened {
    /// Whether its lengths are usable; all else is meaningless otherwise.
    pub valid: bool,
    /// Positions opened.
    pub entries: u32,
    /// Positions closed.
    pub exits: u32,
    /// Equity at the end, from 1.
    pub equity: f64,
    /// Sharpe ratio per bar, ddof 1; NaN when no return varies.
    pub sharpe: f64,
    /// Deepest fall from the peak, 0 or negative.
    pub max_drawdown: f64,
}

/// How the device did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Points of one batch, as the device's memory allowed.
    pub batch: u64,
    /// Batches.
    pub batches: u64,
    /// Share of the last batch's invocations that had a point, in percent.
    pub fill_percent: u64,
    /// How often a batch was halved because memory ran out.
    pub halved: u32,
}

/// Screens the whole grid. `progress(done, all)` is called after each tile of a batch; false cancels.
///
/// # Errors
/// What the sweep itself would refuse, and all that a GPU may lack; the caller then sweeps on the processor.
pub fn screen(
    device: &Device,
    plan: &Sweep<'_>,
    progress: &dyn Fn(u64, u64) -> bool,
) -> Result<(Vec<Screened>, Report), GpuError> {
    let ground = Ground::of(plan)?;
    let precision = device.info().precision;
    let kernel = Kernel::of(plan.program, ground.lag, precision)?;
    if kernel.back + ground.lag > ground.first_bar {
        return Err(GpuError::Unsuitable("it looks back further than its warm-up".into()));
    }
    let bars = plan.bars.prefix(ground.end);
    let room = device.info().buffer_bytes_max;
    let work = Work::load(device, &kernel, plan, &ground, &bars, precision)?;
    let grid = ground.usable.len() as u64;
    let state_bytes = SUMS * precision.bytes();
    let mut batch = BATCH_MAX.min(room / state_bytes).min(grid.next_multiple_of(u64::from(WORKGROUP)));
    let mut halved = 0;
    let mut screened: Vec<Screened> = Vec::with_capacity(grid as usize);
    while (screened.len() as u64) < grid {
        let first = screened.len() as u64;
        let points = first..(first + batch).min(grid);
        match work
            .batch(points.clone(), &ground, &|part| progress(first + (part * (points.end - first) as f64) as u64, grid))
        {
            Ok(part) => screened.extend(part),
            Err(GpuError::OutOfMemory { .. }) if batch > BATCH_MIN => {
                batch /= 2;
                halved += 1;
            }
            Err(other) => return Err(other),
        }
    }
    for (point, usable) in screened.iter_mut().zip(&ground.usable) {
        point.valid = *usable;
    }
    let last = (grid - 1) % batch + 1;
    let invocations = last.next_multiple_of(u64::from(WORKGROUP));
    let report = Report { batch, batches: grid.div_ceil(batch), fill_percent: last * 100 / invocations, halved };
    Ok((screened, report))
}

/// A pipeline with its tables on the device.
struct Work<'a> {
    device: &'a Device,
    precision: Precision,
    pipeline: wgpu::ComputePipeline,
    layout: wgpu::BindGroupLayout,
    tile: wgpu::Buffer,
    /// Numbers, truths, scalars, growth.
    tables: [wgpu::Buffer; 4],
}

impl<'a> Work<'a> {
    fn load(
        device: &'a Device,
        kernel: &Kernel,
        plan: &Sweep<'_>,
        ground: &Ground,
        bars: &Bars,
        precision: Precision,
    ) -> Result<Work<'a>, GpuError> {
        let room = device.info().buffer_bytes_max;
        let made = tables(kernel, plan.program, bars, precision, plan.threads, room)?;
        let growth: Vec<u8> = ground
            .growth
            .iter()
            .flatten()
            .flat_map(|g| match precision {
                Precision::Single => (*g as f32).to_le_bytes().to_vec(),
                Precision::Double => g.to_le_bytes().to_vec(),
            })
            .collect();
        let gpu = &device.device;
        device.guarded(|| {
            let module = gpu.create_shader_module(wgpu::ShaderModuleDescriptor {
                label: Some("sweep"),
                source: wgpu::ShaderSource::Wgsl(kernel.source.as_str().into()),
            });
            let layout = bind_group_layout(gpu);
            let pipeline = gpu.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
                label: Some("sweep"),
                layout: Some(&gpu.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
                    label: Some("sweep"),
                    bind_group_layouts: &[Some(&layout)],
                    ..wgpu::PipelineLayoutDescriptor::default()
                })),
                module: &module,
                entry_point: Some("trade"),
                compilation_options: wgpu::PipelineCompilationOptions::default(),
                cache: None,
            });
            let tile = device.buffer("tile", 32, wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST);
            let tables = [&made.numbers, &made.truths, &made.scalars, &growth].map(|bytes| {
                let usage = wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_DST;
                let buffer = device.buffer("table", bytes.len() as u64, usage);
                device.queue.write_buffer(&buffer, 0, bytes);
                buffer
            });
            Work { device, precision, pipeline, layout, tile, tables }
        })
    }

    /// Trades the points of one batch over all bars. `heard(share done)` false cancels.
    fn batch(
        &self,
        points: Range<u64>,
        ground: &Ground,
        heard: &dyn Fn(f64) -> bool,
    ) -> Result<Vec<Screened>, GpuError> {
        let count = points.end - points.start;
        let (sums_bytes, counts_bytes) = (count * SUMS * self.precision.bytes(), count * COUNTS * 4);
        let device = self.device;
        let (sums, counts, read) = device.guarded(|| {
            let kept = wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_SRC;
            let read = wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST;
            (
                device.buffer("sums", sums_bytes, kept),
                device.buffer("counts", counts_bytes, kept),
                device.buffer("read", sums_bytes + counts_bytes, read),
            )
        })?;
        let [numbers, truths, scalars, growth] = &self.tables;
        let buffers = [&self.tile, numbers, truths, scalars, growth, &sums, &counts];
        let entries: Vec<wgpu::BindGroupEntry<'_>> = (0u32..)
            .zip(buffers)
            .map(|(binding, buffer)| wgpu::BindGroupEntry { binding, resource: buffer.as_entire_binding() })
            .collect();
        let group = device.device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some("sweep"),
            layout: &self.layout,
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
                pass.set_pipeline(&self.pipeline);
                pass.set_bind_group(0, &group, &[]);
                pass.dispatch_workgroups(count.div_ceil(u64::from(WORKGROUP)) as u32, 1, 1);
            }
            device.queue.submit([commands.finish()]);
            device.wait()?;
            if !heard((to - ground.first_bar) as f64 / bars as f64) {
                return Err(assay_backtest::SweepError::Cancelled.into());
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
        Ok(self.results(&view, count as usize, bars))
    }

    fn results(&self, bytes: &[u8], count: usize, bars: usize) -> Vec<Screened> {
        let width = self.precision.bytes() as usize;
        let number = |k: usize, i: usize| {
            let at = (k * count + i) * width;
            match self.precision {
                Precision::Single => f64::from(f32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"))),
                Precision::Double => f64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes")),
            }
        };
        let counts = SUMS as usize * count * width;
        let whole = |k: usize, i: usize| {
            let at = counts + (k * count + i) * 4;
            u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"))
        };
        let n = bars as f64;
        (0..count)
            .map(|i| {
                let (sum, square) = (number(4, i) + number(5, i), number(6, i) + number(7, i));
                let mean = sum / n;
                let variance = (square - sum * mean) / (n - 1.0);
                Screened {
                    valid: true,
                    entries: whole(1, i),
                    exits: whole(2, i),
                    equity: number(0, i) + number(1, i),
                    sharpe: if variance > square * 1e-14 { mean / variance.sqrt() } else { f64::NAN },
                    max_drawdown: number(3, i) - 1.0,
                }
            })
            .collect()
    }
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
        .zip([wgpu::BufferBindingType::Uniform, stored(true), stored(true), stored(true), stored(true)])
        .map(entry)
        .collect();
    let written = (5..).zip([stored(false), stored(false)]).map(entry);
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
