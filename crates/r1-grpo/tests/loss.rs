//! Behaviour of the loss at its edges.

use burn::tensor::{DType, Device, Tensor, TensorData};
use r1_grpo::{GrpoInputs, LossMetrics, Objective, RatioLevel, StepTotals, TopEntropy, grpo_loss};

const LOGPROBS: [f64; 4] = [-1.0, -2.0, -0.5, -0.7];
const OLD: [f64; 4] = [-1.3, -1.8, -0.5, -0.9];

fn tensor(values: &[f64], device: &Device, dtype: DType) -> Tensor<1> {
    Tensor::from_data(TensorData::from(values), (device, dtype))
}

/// Inputs of two completions of two tokens; constants live on `constants`.
fn inputs(logprobs: Tensor<1>, constants: &Device) -> GrpoInputs<'static> {
    let dtype = logprobs.dtype();
    GrpoInputs {
        logprobs,
        old_logprobs: tensor(&OLD, constants, dtype),
        reference_logprobs: Some(tensor(&OLD, constants, dtype)),
        sampled_logprobs: None,
        advantages: tensor(&[1.0, 1.0, -1.0, -1.0], constants, dtype),
        entropy: Some(tensor(&[0.5, 1.5, 1.0, 2.0], constants, dtype)),
        top_entropy: None,
        segments: &[0..2, 2..4],
        totals: StepTotals { completions: 2, tokens: 4, ..StepTotals::default() },
    }
}

fn run(objective: &Objective, dtype: DType, constants: &Device) -> (f64, Vec<f64>, LossMetrics) {
    let logprobs = tensor(&LOGPROBS, &Device::flex().autodiff(), dtype).require_grad();
    let output = grpo_loss(inputs(logprobs.clone(), constants), objective);
    let loss = output.loss.clone().into_data().convert::<f64>().try_to_vec::<f64>().unwrap()[0];
    let gradients = output.loss.backward();
    let gradient = logprobs.grad(&gradients).unwrap().into_data().convert::<f64>().try_to_vec().unwrap();
    (loss, gradient, output.metrics.read())
}

#[test]
fn constants_may_live_on_a_device_without_autodiff() {
    for objective in [Objective::grpo(), Objective::gspo(), Objective::cispo()] {
        let tracked = run(&objective, DType::F32, &Device::flex().autodiff());
        assert_eq!(run(&objective, DType::F32, &Device::flex()), tracked);
    }
}

#[test]
fn double_precision_is_kept() {
    let objective = Objective { ratio: RatioLevel::Token, ..Objective::grpo() };
    let (loss, gradient, _) = run(&objective, DType::F64, &Device::flex());
    // Ratios e^0.3 (clipped at 1.2), e^-0.2, 1, e^0.2 (not clipped: the advantage is negative).
    let kl = |d: f64| f64::from(0.04f32) * (d.exp() - d - 1.0);
    let clipped = f64::from(1.2f32);
    let policy = [-clipped, -(-0.2f64).exp(), 1.0, (0.2f64).exp()];
    let expected: f64 = (0..4).map(|t| 0.25 * (policy[t] + kl(OLD[t] - LOGPROBS[t]))).sum();
    assert!((loss - expected).abs() < 1e-7, "{loss}, expected {expected}");
    // Token 2 has ratio 1 and no divergence: its gradient is −A / (completions · length).
    assert_eq!(gradient[2], 0.25);
}

#[test]
fn the_parts_of_the_loss_add_up_with_everything_on() {
    let objective = Objective {
        off_policy_threshold: Some(0.05),
        top_entropy: 0.5,
        entropy_coef: 0.1,
        ..Objective::grpo()
    };
    let device = Device::flex().autodiff();
    let logprobs = tensor(&LOGPROBS, &device, DType::F32).require_grad();
    let mut inputs = inputs(logprobs, &device);
    inputs.top_entropy = Some(TopEntropy { threshold: 1.5, tokens: 2 });
    let output = grpo_loss(inputs, &objective);
    let loss = f64::from(output.loss.into_scalar::<f32>());
    let metrics = output.metrics.read();
    assert!((metrics.loss() - loss).abs() < 1e-6);
    // Tokens 0 and 2 have low entropy; the bonus is the mean over the other two, 1.5 and 2.
    assert_eq!(metrics.masked_tokens, 2);
    assert!((metrics.entropy_loss + 0.175).abs() < 1e-6);
}

#[test]
fn a_completion_without_tokens_changes_nothing() {
    let device = Device::flex().autodiff();
    let logprobs = || tensor(&LOGPROBS, &device, DType::F32);
    let loss = |segments| {
        let inputs = GrpoInputs { segments, ..inputs(logprobs(), &device) };
        grpo_loss(inputs, &Objective::gspo()).loss.into_scalar::<f32>()
    };
    assert_eq!(loss(&[0..2, 2..2, 2..4]), loss(&[0..2, 2..4]));
}

#[test]
fn a_logprob_that_is_no_number_is_counted() {
    let device = Device::flex().autodiff();
    let logprobs = tensor(&[f64::NAN, -1.0, -1.0, -1.0], &device, DType::F32);
    let metrics = grpo_loss(inputs(logprobs, &device), &Objective::r1()).metrics.read();
    assert_eq!(metrics.non_finite_tokens, 1);
}

#[test]
#[should_panic(expected = "reference_logprobs is missing; give it or set kl.coef to 0")]
fn a_missing_reference_is_named() {
    let device = Device::flex().autodiff();
    let inputs =
        GrpoInputs { reference_logprobs: None, ..inputs(tensor(&LOGPROBS, &device, DType::F32), &device) };
    grpo_loss(inputs, &Objective::r1());
}

#[test]
fn an_objective_survives_json_and_refuses_unknown_fields() {
    let text = serde_json::to_string(&Objective::dapo()).unwrap();
    assert_eq!(serde_json::from_str::<Objective>(&text).unwrap(), Objective::dapo());
    let wrong = text.replacen("\"kl\"", "\"kll\"", 1);
    assert!(serde_json::from_str::<Objective>(&wrong).unwrap_err().to_string().contains("kll"));
}
