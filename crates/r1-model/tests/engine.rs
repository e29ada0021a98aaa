//! What the engine promises: the same bits whatever runs beside a completion, and the probabilities that
//! training will compute, also to the last bit.

mod support;

use std::sync::Arc;

use burn::tensor::Device;
use r1_core::{
    FinishReason, Key, LoopGuard, Sampling,
    session::{Event, Refused, Request, RequestId, SequenceId},
};
use r1_model::{
    CausalLm, Engine, EngineConfig, PackedBatch, Transformer,
    engine::{Generated, Vocabulary},
    kernels::token_logprobs,
};

fn vocabulary() -> Vocabulary {
    Vocabulary { stop_ids: vec![2], forbidden: Vec::new() }
}

fn sampling(max_tokens: usize) -> Sampling {
    Sampling::default().with_max_tokens(max_tokens)
}

fn prompt(length: u32, start: u32) -> Vec<u32> {
    (start..start + length).map(|id| 3 + id % 90).collect()
}

/// Prompts that end inside of a page, with one, and in a second one.
fn requests(sampling: &Sampling) -> Vec<Request> {
    let request = |r: u32| {
        let length = [1, 8, 64, 22, 71][r as usize];
        Request::new(prompt(length, 11 * r), Key::new(4).for_problem(&r.to_string()))
            .with_samples(1 + r as usize)
            .with_sampling(sampling.clone())
    };
    (0..5).map(request).collect()
}

fn generate(engine: EngineConfig, model: &Transformer, sampling: &Sampling) -> Vec<Vec<Generated>> {
    engine.generate(model, vocabulary(), requests(sampling), &Device::flex()).unwrap()
}

fn same(a: &[Vec<Generated>], b: &[Vec<Generated>]) {
    assert_eq!(a.len(), b.len());
    for (a, b) in a.iter().flatten().zip(b.iter().flatten()) {
        assert_eq!(a, b);
    }
}

#[test]
fn slots_and_batches_do_not_change_a_completion() {
    // Also of a mixture of experts, of latent attention and of a window, for each has laws of its own to break.
    for name in ["llama-tied", "qwen3-moe", "deepseek-v3", "gemma3"] {
        let (_, model) = support::load_long(name);
        let wide = generate(EngineConfig::default(), &model, &sampling(40));
        assert_eq!(wide.iter().map(Vec::len).collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
        for max_slots in [1, 2, 3, 7] {
            let engine = EngineConfig { max_slots, prefill_tokens: 16, ..EngineConfig::default() };
            same(&wide, &generate(engine, &model, &sampling(40)));
        }
        let short_of_memory = EngineConfig { cache_bytes: 1, ..EngineConfig::default() };
        same(&wide, &generate(short_of_memory, &model, &sampling(40)));
        let without_drafts = EngineConfig { draft_tokens: 0, ..EngineConfig::default() };
        same(&wide, &generate(without_drafts, &model, &sampling(40)));
    }
}

#[test]
fn samples_of_a_group_differ_and_repeat_with_the_seed() {
    let (_, model) = support::load_long("llama3-scaled");
    let first = generate(EngineConfig::default(), &model, &sampling(30));
    assert_ne!(first[4][0].ids, first[4][1].ids);
    assert_eq!(first, generate(EngineConfig::default(), &model, &sampling(30)));
}

#[test]
fn log_probabilities_equal_those_of_training() {
    for name in ["llama-tied", "llama3-scaled", "qwen3-moe", "deepseek-v3", "gemma3"] {
        let (_, model) = support::load_long(name);
        for temperature in [1.0, 0.7] {
            let sampling = sampling(50).with_temperature(temperature);
            let engine = EngineConfig { max_slots: 3, ..EngineConfig::default() };
            let written = generate(engine, &model, &sampling);
            for (request, group) in requests(&sampling).iter().zip(&written) {
                for completion in group {
                    let sequence: Vec<u32> = request.prompt.iter().chain(&completion.ids).copied().collect();
                    let mut targets = sequence[1..].to_vec();
                    targets.push(0);
                    let head = model.head();
                    let hidden = head.normalize(model.hidden(&PackedBatch::from_sequences(&[&sequence])));
                    let targets: Arc<[u32]> = targets.into();
                    let scores = token_logprobs(hidden, head.weight, &targets, f64::from(temperature));
                    let scores = scores.into_data().try_to_vec::<f32>().unwrap();
                    for (place, logprob) in completion.logprobs.iter().enumerate() {
                        let trained = scores[2 * (request.prompt.len() - 1 + place)];
                        assert_eq!(
                            logprob.to_bits(),
                            trained.to_bits(),
                            "{name}: {logprob} is not {trained}"
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn completions_end_for_the_reason_they_give() {
    let (config, model) = support::load_long("llama-tied");
    for completion in generate(EngineConfig::default(), &model, &sampling(8)).concat() {
        let stopped = completion.ids.last() == Some(&2);
        assert_eq!(completion.finish, if stopped { FinishReason::Stop } else { FinishReason::Length });
        assert!(completion.ids.len() == 8 || stopped);
    }
    let mut ended = 0;
    let mut count = |_: usize, group: Vec<Generated>| {
        for completion in group {
            assert!(completion.finish == FinishReason::Stop && completion.ids.len() <= 3);
            ended += 1;
        }
    };
    let third = |ids: &[u32]| ids.len() == 3;
    let engine = EngineConfig::default();
    let requests = requests(&sampling(8));
    engine.generate_into(&model, vocabulary(), requests, &Device::flex(), Some(&third), &mut count).unwrap();
    assert_eq!(ended, 15);
    // The context ends a completion that the limit would not.
    let long = Request::new(vec![5; config.context - 3], Key::new(1)).with_sampling(sampling(100));
    let written = engine.generate(&model, Vocabulary::default(), vec![long], &Device::flex()).unwrap();
    assert_eq!((written[0][0].ids.len(), written[0][0].finish), (3, FinishReason::Length));
}

#[test]
fn nothing_is_asked_and_nothing_is_written() {
    let (config, model) = support::load_long("llama-tied");
    let generate =
        |requests| EngineConfig::default().generate(&model, vocabulary(), requests, &Device::flex());
    assert_eq!(generate(vec![]).unwrap(), Vec::<Vec<Generated>>::new());
    assert_eq!(generate(vec![Request::new(vec![5], Key::new(1)).with_samples(0)]).unwrap(), [vec![]]);
    let refused = |prompt| generate(vec![Request::new(prompt, Key::new(1))]).unwrap_err();
    assert!(matches!(refused(vec![]), Refused::EmptyPrompt));
    assert!(matches!(refused(vec![5; config.context]), Refused::PromptTooLong { .. }));
    assert!(matches!(refused(vec![5, config.vocab as u32]), Refused::TokenId { .. }));
    let broken = Request::new(vec![5], Key::new(1)).with_sampling(sampling(0));
    assert!(matches!(generate(vec![broken]), Err(Refused::Sampling(_))));
}

fn engine(model: &Transformer, config: EngineConfig) -> Engine {
    Engine::new(&model.cache_spec(), vocabulary(), config, &Device::flex())
}

/// Tokens, log-probabilities and end of one sequence.
type Written = (Vec<u32>, Vec<u32>, Option<FinishReason>);

fn take(events: Vec<Event>, written: &mut std::collections::BTreeMap<SequenceId, Written>) {
    for event in events {
        match event {
            Event::Token { sequence, token } => {
                let (ids, logprobs, finish) = written.entry(sequence).or_default();
                assert_eq!(*finish, None, "a token behind the end");
                ids.push(token.id);
                logprobs.push(token.logprob.to_bits());
            }
            Event::Finished { sequence, finish } => {
                assert_eq!(written.entry(sequence).or_default().2.replace(finish), None, "two ends");
            }
            _ => {}
        }
    }
}

/// Whatever comes, goes, is cancelled and is preempted beside it, a request gets what it gets alone.
#[test]
fn a_random_schedule_changes_no_bit() {
    let mut reused = 0;
    for (name, seed) in
        [("llama-tied", 1), ("qwen3-moe", 2), ("deepseek-v3", 3), ("gemma3", 4), ("llama-tied", 5)]
    {
        let (_, model) = support::load_long(name);
        reused += random_schedule(name, &model, seed);
    }
    assert!(reused > 0);
}

/// Packed weights keep the law: a row's bits do not depend on its batch.
#[test]
fn a_random_schedule_changes_no_bit_of_packed_models() {
    use r1_model::checkpoint::Packing::{Bf16, F16, Q8_0};
    let mut reused = 0;
    for (name, packing, seed) in [
        ("llama-tied", Q8_0, 1),
        ("qwen3-moe", Q8_0, 2),
        ("deepseek-v3", Bf16, 8),
        ("gemma3", F16, 4),
        ("qwen2", Bf16, 5),
    ] {
        let (_, model) = support::load_long_packed(name, packing);
        reused += random_schedule(name, &model, seed);
    }
    assert!(reused > 0);
}

/// Returns how many tokens of prompts were not computed again.
fn random_schedule(name: &str, model: &Transformer, seed: u64) -> u64 {
    let mut stream = Key::new(seed).stream();
    let mut pick = |count: usize| (stream.uniform() * count as f64) as usize;
    let page = model.cache_spec().page_bytes();
    let config = EngineConfig {
        max_slots: 1 + pick(6),
        cache_bytes: (2 + pick(6)) * page,
        prefill_tokens: 1 + pick(40),
        draft_tokens: pick(4),
        ..EngineConfig::default()
    };
    let mut engine = engine(model, config);
    let (mut asked, mut cancelled) = (Vec::new(), Vec::new());
    let mut written = std::collections::BTreeMap::new();
    let request = |index: usize, picks: [usize; 5]| {
        // Prompts that begin alike, some equal; greedy ones repeat themselves, so that drafts are accepted.
        let mut ids = prompt(1 + picks[0] as u32, 0);
        ids.extend(prompt(picks[1] as u32, 40));
        let temperature = if picks[2] == 0 { 0.0 } else { 1.0 };
        let sampling = sampling(1 + picks[3]).with_temperature(temperature);
        let mut request =
            Request::new(ids, Key::new(index as u64)).with_samples(1 + picks[4]).with_sampling(sampling);
        request.priority = picks[2] as i32 % 2;
        request
    };
    let mut step = 0;
    while step < 150 || engine.is_busy() {
        step += 1;
        assert!(step < 20_000, "{name}: it does not come to an end");
        if step < 150 && pick(3) == 0 {
            let picks = [pick(75), pick(3), pick(3), pick(40), pick(3)];
            match engine.add(request(asked.len(), picks)) {
                Ok(id) => asked.push((id, picks)),
                Err(Refused::PromptTooLong { .. }) => {}
                Err(other) => panic!("{other}"),
            }
        }
        if pick(20) == 0 && !asked.is_empty() {
            let (id, _) = asked[pick(asked.len())];
            engine.cancel(id);
            cancelled.push(id);
        }
        if pick(40) == 0 {
            // The weights are the same, so what is computed again is, too.
            engine.forget();
        }
        take(engine.step(model), &mut written);
    }
    let load = engine.load();
    assert_eq!((load.running, load.waiting, load.used_tokens), (0, 0, 0), "{load:?}");
    assert!(asked.len() > 20, "{name}: {load:?}");
    let mut whole = 0;
    for (index, (id, picks)) in asked.iter().enumerate() {
        let mut alone = request(index, *picks);
        let config = EngineConfig { draft_tokens: 0, ..config };
        let room = self::engine(model, config).room();
        // Where the small cache ends a sequence, it ends a sequence of any company.
        alone.sampling.max_tokens = alone.sampling.max_tokens.min(room - alone.prompt.len());
        let samples = alone.samples;
        let wide = EngineConfig { draft_tokens: 0, ..EngineConfig::default() };
        let expected = wide.generate(model, vocabulary(), vec![alone], &Device::flex()).unwrap();
        for sample in 0..samples {
            let (ids, logprobs, finish) = &written[&SequenceId { request: *id, sample }];
            let expected = &expected[0][sample];
            let bits: Vec<u32> = expected.logprobs.iter().map(|logprob| logprob.to_bits()).collect();
            if *finish == Some(FinishReason::Cancelled) {
                assert!(cancelled.contains(id));
                assert_eq!((&ids[..], &logprobs[..]), (&expected.ids[..ids.len()], &bits[..ids.len()]));
            } else {
                assert_eq!((ids, logprobs, *finish), (&expected.ids, &bits, Some(expected.finish)), "{name}");
                whole += 1;
            }
        }
    }
    assert!(whole > 20, "{name}: {whole} were not cancelled");
    load.reused_tokens
}

#[test]
fn sequences_that_find_no_page_are_preempted_and_lose_nothing() {
    let (_, model) = support::load_long("llama-tied");
    let config = EngineConfig { cache_bytes: 3 * model.cache_spec().page_bytes(), ..EngineConfig::default() };
    let mut engine = engine(&model, config);
    let request =
        |i: u32| Request::new(prompt(50, 7 * i), Key::new(u64::from(i))).with_sampling(sampling(50));
    let ids: Vec<RequestId> = (0..3).map(|i| engine.add(request(i)).unwrap()).collect();
    let mut written = std::collections::BTreeMap::new();
    while engine.is_busy() {
        take(engine.step(&model), &mut written);
    }
    assert!(engine.load().preemptions > 0);
    for (i, id) in ids.iter().enumerate() {
        let alone =
            EngineConfig::default().generate(&model, vocabulary(), vec![request(i as u32)], &Device::flex());
        assert_eq!(written[&SequenceId { request: *id, sample: 0 }].0, alone.unwrap()[0][0].ids);
    }
}

#[test]
fn a_full_queue_refuses_and_goes_on() {
    let (_, model) = support::load_long("llama-tied");
    let mut engine = engine(&model, EngineConfig { max_slots: 2, max_waiting: 3, ..EngineConfig::default() });
    let request = || Request::new(vec![5, 6], Key::new(1)).with_sampling(sampling(2));
    let added = (0..9).filter(|_| engine.add(request()).is_ok()).count();
    assert_eq!(added, 5);
    assert!(matches!(engine.add(request()), Err(Refused::Full { waiting: 5 })));
    let mut written = std::collections::BTreeMap::new();
    while engine.is_busy() {
        take(engine.step(&model), &mut written);
    }
    assert_eq!(written.len(), 5);
    assert!(engine.add(request()).is_ok());
}

#[test]
fn forced_tokens_are_as_good_as_a_prompt() {
    let (_, model) = support::load_long("llama-tied");
    for written in [0, 2, 5] {
        for draft_tokens in [0, 4] {
            let mut engine = engine(&model, EngineConfig { draft_tokens, ..EngineConfig::default() });
            let greedy = Sampling::greedy().with_max_tokens(30);
            let first = prompt(62, 3);
            let request = Request::new(first.clone(), Key::new(1)).with_sampling(greedy.clone());
            let id = SequenceId { request: engine.add(request).unwrap(), sample: 0 };
            let (mut ids, mut forced) = (Vec::new(), false);
            while engine.is_busy() {
                for event in engine.step(&model) {
                    if let Event::Token { token, .. } = event {
                        assert_eq!(token.forced, forced && (written..written + 2).contains(&ids.len()));
                        ids.push(token.id);
                    }
                }
                if !forced && ids.len() >= 5 {
                    forced = true;
                    ids.truncate(written);
                    engine.force(id, written, &[70, 71]);
                }
            }
            assert_eq!((ids.len(), &ids[written..written + 2]), (30, &[70, 71][..]));
            let longer = [&first[..], &ids[..written + 2]].concat();
            let greedy = greedy.clone().with_max_tokens(30 - written - 2);
            let request = Request::new(longer, Key::new(1)).with_sampling(greedy);
            let expected = EngineConfig::default()
                .generate(&model, vocabulary(), vec![request], &Device::flex())
                .unwrap();
            assert_eq!(ids[written + 2..], expected[0][0].ids);
        }
    }
}

#[test]
fn a_loop_ends_a_sequence_and_says_so() {
    let (_, model) = support::load_long("llama-tied");
    let guard = LoopGuard { max_period: 8, repeats: 3, min_tokens: 6 };
    let mut request =
        Request::new(vec![5, 6], Key::new(1)).with_sampling(Sampling::greedy().with_max_tokens(90));
    let free = EngineConfig::default()
        .generate(
            &model,
            Vocabulary::default(),
            vec![Request::new(vec![5, 6], Key::new(1)).with_sampling(request.sampling.clone())],
            &Device::flex(),
        )
        .unwrap();
    assert!(guard.finds(&free[0][0].ids), "a greedy tiny model repeats itself: {:?}", free[0][0].ids);
    request.sampling.loop_guard = Some(guard);
    let written = EngineConfig::default()
        .generate(&model, Vocabulary::default(), vec![request], &Device::flex())
        .unwrap();
    let ids = &written[0][0].ids;
    assert_eq!(written[0][0].finish, FinishReason::Loop);
    assert!(guard.finds(ids) && !guard.finds(&ids[..ids.len() - 1]) && free[0][0].ids.starts_with(ids));
}

#[test]
fn drafts_save_passes_and_change_nothing() {
    let (_, model) = support::load_long("llama-tied");
    let passes = |draft_tokens| {
        let mut engine = engine(&model, EngineConfig { draft_tokens, ..EngineConfig::default() });
        let request =
            Request::new(vec![5, 6], Key::new(1)).with_sampling(Sampling::greedy().with_max_tokens(90));
        engine.add(request).unwrap();
        let mut written = std::collections::BTreeMap::new();
        let mut passes = 0;
        while engine.is_busy() {
            take(engine.step(&model), &mut written);
            passes += 1;
        }
        (passes, written)
    };
    let ((plain, written), (drafted, same)) = (passes(0), passes(8));
    assert_eq!(written, same);
    assert!(2 * drafted < plain, "{drafted} of {plain} passes");
}

#[test]
fn a_sample_that_waits_for_its_groups_prompt_can_be_forced() {
    let (_, model) = support::load_long("llama-tied");
    let mut engine = engine(&model, EngineConfig { prefill_tokens: 20, ..EngineConfig::default() });
    let greedy = Sampling::greedy().with_max_tokens(6);
    let ask = |prompt| Request::new(prompt, Key::new(1)).with_sampling(greedy.clone());
    let request = engine.add(ask(prompt(70, 3)).with_samples(3)).unwrap();
    let mut written = std::collections::BTreeMap::new();
    take(engine.step(&model), &mut written);
    engine.force(SequenceId { request, sample: 1 }, 0, &[70]);
    engine.cancel(RequestId(99));
    while engine.is_busy() {
        take(engine.step(&model), &mut written);
    }
    let alone = |prompt: Vec<u32>| {
        let written = EngineConfig::default()
            .generate(&model, vocabulary(), vec![ask(prompt)], &Device::flex())
            .unwrap();
        written[0][0].ids.clone()
    };
    let of = |sample| &written[&SequenceId { request, sample }].0;
    assert_eq!((of(0), of(2)), (&alone(prompt(70, 3)), &alone(prompt(70, 3))));
    assert_eq!(of(1)[0], 70);
    assert_eq!(of(1)[1..], alone([&prompt(70, 3)[..], &[70]].concat())[..5]);
}
