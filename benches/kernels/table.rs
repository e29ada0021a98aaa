//! One sitting: criterion's times of the machine and of the kernels, and a table of both.

use std::{
    fs,
    hint::black_box,
    path::PathBuf,
    time::{Duration, SystemTime},
};

use anyhow::{Context, Result};
use burn::tensor::{Device, Distribution, Tensor};
use criterion::{BatchSize, Bencher, Criterion, SamplingMode, Throughput};
use serde_json::Value;

pub(crate) struct Sitting {
    criterion: Criterion,
    /// Where criterion keeps its results.
    folder: PathBuf,
    started: SystemTime,
    device: Device,
    /// In the order of the table; the machine's product and copy first.
    rows: Vec<Row>,
}

/// One timing: what, and what it does at least, as arithmetic that a matrix product could do or as bytes that a copy
/// could move.
struct Row {
    kernel: String,
    pass: String,
    work: Throughput,
}

impl Sitting {
    /// Measures the machine, whatever the command line chooses among the kernels.
    pub(crate) fn new(device: Device) -> Self {
        // The folder that criterion would find, by cargo's own word for it.
        let folder = std::env::var_os("CRITERION_HOME").map_or_else(
            || PathBuf::from(env!("CARGO_TARGET_TMPDIR")).with_file_name("criterion"),
            PathBuf::from,
        );
        let settings = || {
            Criterion::default()
                .output_directory(&folder)
                .without_plots()
                .sample_size(10)
                .nresamples(10_000)
                .warm_up_time(Duration::from_millis(300))
                .measurement_time(Duration::from_secs(1))
                .configure_from_args()
        };
        let (everything, chosen) = (settings().with_filter(""), settings());
        let mut sitting =
            Self { criterion: everything, folder, started: SystemTime::now(), device, rows: Vec::new() };
        sitting.machine();
        sitting.criterion = chosen;
        sitting
    }

    fn machine(&mut self) {
        let [m, k, n] = [1024, 576, 3072];
        let product = Throughput::Elements(2 * (m * k * n) as u64);
        self.one("machine", "matmul", &[[m, k], [n, k]], product, |t| {
            t[0].clone().matmul(t[1].clone().transpose())
        });
        let (source, mut target) = (vec![1.0f32; 1 << 26], vec![0.0f32; 1 << 26]);
        let half = source.len() / 2;
        self.time("machine", "copy", Throughput::BytesDecimal(8 * source.len() as u64), |bencher| {
            bencher.iter(|| {
                std::thread::scope(|scope| {
                    for (target, source) in target.chunks_mut(half).zip(source.chunks(half)) {
                        scope.spawn(move || target.copy_from_slice(source));
                    }
                });
            });
        });
    }

    /// Times one pass of a kernel without gradients.
    pub(crate) fn one(
        &mut self,
        kernel: &str,
        pass: &str,
        shapes: &[[usize; 2]],
        work: Throughput,
        run: impl Fn(&[Tensor<2>]) -> Tensor<2>,
    ) {
        let mut inputs = Inputs::new(shapes, &self.device);
        self.time(kernel, pass, work, |bencher| {
            let inputs = inputs.get();
            bencher.iter(|| black_box(run(inputs)));
        });
    }

    /// Times the forward pass of a kernel, then its backward pass.
    pub(crate) fn both(
        &mut self,
        kernel: &str,
        shapes: &[[usize; 2]],
        [forward, backward]: [Throughput; 2],
        run: impl Fn(&[Tensor<2>]) -> Tensor<2>,
    ) {
        self.one(kernel, "forward", shapes, forward, &run);
        let mut inputs = Inputs::new(shapes, &self.device);
        self.time(kernel, "backward", backward, |bencher| {
            let inputs = inputs.get();
            let record = || {
                let tracked: Vec<_> =
                    inputs.iter().map(|input| input.clone().autodiff().require_grad()).collect();
                (run(&tracked), tracked)
            };
            // The inputs live until the gradients are dropped, which is not timed.
            let pass = |(output, tracked): (Tensor<2>, Vec<Tensor<2>>)| (output.backward(), tracked);
            bencher.iter_batched(record, pass, BatchSize::PerIteration);
        });
    }

    /// Times a kernel that works in the memory of what it is given, again and again from `start`.
    pub(crate) fn in_place<S>(
        &mut self,
        kernel: &str,
        pass: &str,
        work: Throughput,
        start: impl Fn(&Device) -> S,
        run: impl Fn(S) -> S,
    ) {
        let (device, mut state) = (self.device.clone(), None);
        self.time(kernel, pass, work, |bencher| {
            state.get_or_insert_with(|| start(&device));
            bencher.iter(|| state = state.take().map(&run));
        });
    }

    fn time(&mut self, kernel: &str, pass: &str, work: Throughput, routine: impl FnMut(&mut Bencher)) {
        self.criterion
            .benchmark_group(kernel)
            .sampling_mode(SamplingMode::Flat)
            .throughput(work.clone())
            .bench_function(pass, routine);
        self.rows.push(Row { kernel: kernel.to_owned(), pass: pass.to_owned(), work });
    }

    /// Prints what was measured in this sitting, each as a share of the machine's rate.
    pub(crate) fn print(&self, tokens: usize) -> Result<()> {
        let mut timings = Vec::new();
        for row in &self.rows {
            timings.extend(self.seconds(row)?.map(|seconds| (row, seconds)));
        }
        let rate = |(row, seconds): (&Row, f64)| row.amount() / seconds / 1e9;
        let [product, copy, kernels @ ..] = timings.as_slice() else {
            return Ok(()); // Nothing was timed, as with `--test` and `--list`.
        };
        let (product, copy) = (rate(*product), rate(*copy));
        println!("matmul {product:.0} GFLOP/s, copy {copy:.1} GB/s, {tokens} tokens\n");
        println!("| kernel | ms | rate | share |\n|---|---|---|---|");
        for &(row, seconds) in kernels {
            let (limit, unit) = match row.work {
                Throughput::Elements(_) => (product, "GFLOP/s"),
                _ => (copy, "GB/s"),
            };
            let (name, rate) = (format!("{}, {}", row.kernel, row.pass), rate((row, seconds)));
            let share = 100.0 * rate / limit;
            println!("| {name} | {:.2} | {rate:.1} {unit} | {share:.0} % |", 1e3 * seconds);
        }
        Ok(())
    }

    /// Criterion's median, unless it is of an earlier sitting.
    fn seconds(&self, row: &Row) -> Result<Option<f64>> {
        let path = self.folder.join(&row.kernel).join(&row.pass).join("new/estimates.json");
        let written = fs::metadata(&path).and_then(|file| file.modified());
        if !written.is_ok_and(|time| time >= self.started) {
            return Ok(None);
        }
        let read = || -> Result<f64> {
            let estimates: Value = serde_json::from_slice(&fs::read(&path)?)?;
            estimates["median"]["point_estimate"].as_f64().context("there is no median")
        };
        let nanoseconds = read().with_context(|| path.display().to_string())?;
        Ok(Some(nanoseconds / 1e9))
    }
}

impl Row {
    fn amount(&self) -> f64 {
        match self.work {
            Throughput::Elements(amount) | Throughput::BytesDecimal(amount) => amount as f64,
            _ => unreachable!("work is arithmetic or decimal bytes"),
        }
    }
}

/// Random matrices, made when a timing first wants them: a filter may leave it out.
struct Inputs<'a> {
    shapes: &'a [[usize; 2]],
    device: Device,
    made: Vec<Tensor<2>>,
}

impl<'a> Inputs<'a> {
    fn new(shapes: &'a [[usize; 2]], device: &Device) -> Self {
        Self { shapes, device: device.clone(), made: Vec::new() }
    }

    fn get(&mut self) -> &[Tensor<2>] {
        if self.made.is_empty() {
            let random = |shape: &[usize; 2]| Tensor::random(*shape, Distribution::Default, &self.device);
            self.made = self.shapes.iter().map(random).collect();
        }
        &self.made
    }
}
