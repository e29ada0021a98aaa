use std::{collections::HashSet, fs, path::Path, sync::Arc};

use r1_core::{Content, Cursor, Problem, ProblemSource, template::PromptTemplate};
use r1_tasks::{ChainedArithmetic, Gcd, Task, TaskSource, held_out, is_held_out};

use super::*;
use crate::{DataError, dataset::question_answer, did_you_mean};

fn recipe(toml: &str) -> DataRecipe {
    toml::from_str(toml).unwrap()
}

/// A folder with these files.
fn folder(files: &[(&str, String)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in files {
        fs::write(folder.path().join(name), content).unwrap();
    }
    folder
}

fn questions(prefix: &str, count: usize) -> String {
    (0..count)
        .map(|i| format!("{{\"question\": \"{prefix}{i}\", \"answer\": {i}, \"level\": {}}}\n", 9 - i % 10))
        .collect()
}

fn take(source: &mut dyn ProblemSource, count: usize) -> Vec<Problem> {
    (0..count).map(|_| source.next().unwrap()).collect()
}

fn error(toml: &str, base: &Path) -> String {
    let recipe = recipe(toml);
    match recipe.training(base, 0) {
        Ok(_) => panic!("{toml} is no mistake"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn tasks_alone_are_the_problems_of_a_task_source() {
    let recipe =
        recipe("[[sources]]\ntask = \"chained_arithmetic\"\n[[sources]]\ntask = \"gcd\"\nlevel = 2\n");
    let (mut source, report) = recipe.training(Path::new("no/where"), 7).unwrap();
    let pairs: [(Arc<dyn Task>, usize); 2] = [(Arc::new(ChainedArithmetic), 1), (Arc::new(Gcd), 2)];
    let mut expected = TaskSource::new(pairs, 7).unwrap();
    assert_eq!(take(source.as_mut(), 50), take(&mut expected, 50));
    source.seek(1_000).unwrap();
    assert_eq!(source.next().unwrap(), expected.problem(1_000));
    assert_eq!(report.sources[1].name, "gcd 2");
    let other = DataRecipe { seed: Some(8), ..recipe };
    assert_ne!(take(other.training(Path::new(""), 7).unwrap().0.as_mut(), 5), take(&mut expected, 5));
}

#[test]
fn one_file_is_a_cursor() {
    let folder = folder(&[("a.jsonl", questions("q", 20))]);
    let recipe = recipe("sources = [{file = \"a.jsonl\"}]");
    let (mut source, report) = recipe.training(folder.path(), 3).unwrap();
    let problems = question_answer::load(folder.path().join("a.jsonl")).unwrap();
    let mut expected = Cursor::new(problems, 3).unwrap();
    assert_eq!(take(source.as_mut(), 45), take(&mut expected, 45));
    assert_eq!((report.sources[0].format.as_str(), report.sources[0].read), ("question-answer", Some(20)));
    assert_eq!(recipe.files(folder.path()), [folder.path().join("a.jsonl")]);
}

#[test]
fn a_mixture_has_its_weights_and_goes_on_where_it_was() {
    let folder = folder(&[("a.jsonl", questions("a", 9)), ("b.csv", "question,answer\nb,1\nc,2\n".into())]);
    let toml =
        "sources = [{file = \"a.jsonl\", weight = 3.0}, {file = \"b.csv\"}, {task = \"gcd\", weight = 4}]";
    let build = || recipe(toml).training(folder.path(), 5).unwrap().0;
    let problems = take(build().as_mut(), 2_000);
    let share = |test: fn(&Problem) -> bool| problems.iter().filter(|problem| test(problem)).count();
    assert!((650..850).contains(&share(|problem| problem.question.starts_with('a'))));
    assert!((900..1100).contains(&share(|problem| problem.id.starts_with("gcd"))));
    let mut resumed = build();
    resumed.seek(1_990).unwrap();
    assert_eq!(take(resumed.as_mut(), 10), problems[1_990..]);
}

#[test]
fn rows_of_two_files_never_share_an_id() {
    let folder = folder(&[("a.jsonl", questions("a", 3)), ("b.jsonl", questions("b", 3))]);
    fs::create_dir(folder.path().join("old")).unwrap();
    fs::write(folder.path().join("old/a.jsonl"), questions("c", 2) + &questions("a", 3)).unwrap();
    let recipe = recipe("sources = [{file = \"a.jsonl\"}, {file = \"b.jsonl\"}, {file = \"old/a.jsonl\"}]");
    let (problems, _) = recipe.evaluation(folder.path(), 0).unwrap();
    let ids: HashSet<&str> = problems.iter().map(|problem| problem.id.as_str()).collect();
    assert_eq!((ids.len(), problems.len()), (11, 11));
    assert!(ids.contains("a-1") && ids.contains("b-1") && ids.contains("old/a.jsonl/a-1"), "{ids:?}");
}

#[test]
fn an_evaluation_is_finite() {
    let folder = folder(&[("a.jsonl", questions("q", 300))]);
    let recipe = recipe(
        "sources = [{task = \"gcd\", limit = 12}, {file = \"a.jsonl\", split = \"held-out\", limit = 10}]",
    );
    let (problems, report) = recipe.evaluation(folder.path(), 7).unwrap();
    assert_eq!(problems[..12], held_out(&Gcd, 1, 12, 7));
    assert_eq!((problems.len(), report.sources[1].read), (22, Some(10)));
    assert!(problems.iter().all(|problem| is_held_out(&problem.question)));
    let train = self::recipe("sources = [{file = \"a.jsonl\", split = \"train\"}]");
    let (problems, _) = train.evaluation(folder.path(), 7).unwrap();
    assert!(problems.len() > 200 && problems.iter().all(|problem| !is_held_out(&problem.question)));
}

#[test]
fn traces_are_rows_or_worked_solutions() {
    let rows = "{\"q\": \"1+1?\", \"a\": \"<think>2</think>2\", \"source\": \"x\"}\n";
    let messages = "{\"messages\": [{\"role\": \"user\", \"content\": \"?\"}, {\"role\": \"assistant\", \"content\": \"!\"}]}\n";
    let folder = folder(&[("a.jsonl", rows.into()), ("m.jsonl", messages.into())]);
    let recipe = recipe(
        "sources = [{file = \"a.jsonl\", columns = {question = \"q\", completion = \"a\"}}, {file = \"m.jsonl\"}, \
         {task = \"gcd\", limit = 5}]",
    );
    let (traces, report) = recipe.traces(folder.path(), 0, &PromptTemplate::Plain).unwrap();
    assert_eq!(traces.len(), 7);
    assert_eq!((traces[0].completion.as_str(), traces[1].completion.as_str()), ("<think>2</think>2", "!"));
    let problem = traces[2].problem.as_ref().unwrap();
    assert_eq!(traces[2].prompt, Content::Text(problem.question.clone()));
    assert!(!is_held_out(&problem.question));
    let formats: Vec<&str> = report.sources.iter().map(|source| source.format.as_str()).collect();
    assert_eq!(formats, ["question-answer", "messages", "task"]);
}

#[test]
fn filters_drop_and_say_so() {
    let long = |text: &str| {
        format!("Find the sum of all whole numbers from 1 to {text} and name its digits one by one")
    };
    let row = |question: &str, id: &str| {
        format!("{{\"question\": \"{question}\", \"answer\": 1, \"id\": \"{id}\"}}\n")
    };
    let test = "A tank holds 90 litres and loses 7 litres an hour; when is it empty?";
    let train = row(&long("100"), "a")
        + &row(&long("100!"), "b")
        + &row(test, "c")
        + &row("What is 2?", "d")
        + &row("What is 3?", "e");
    let rates = "{\"id\": \"a\", \"correct\": true}\n{\"id\": \"a\", \"correct\": false}\n{\"id\": \"a\", \"correct\": null}\n\
                 {\"id\": \"d\", \"passed\": 1, \"samples\": 8}\n{\"id\": \"e\", \"passed\": 8, \"samples\": 8}\n";
    let folder =
        folder(&[("train.jsonl", train), ("test.jsonl", row(test, "t")), ("r.samples.jsonl", rates.into())]);
    let recipe = recipe(
        "order = \"pass-rate\"\nsources = [{file = \"train.jsonl\"}]\n[filters]\nnear_duplicates = {}\n\
         decontaminate = {against = [\"test.jsonl\"]}\npass_rate = {report = \"r.samples.jsonl\", min = 0.1}\n",
    );
    let (mut source, report) = recipe.training(folder.path(), 0).unwrap();
    let ids: Vec<String> = take(source.as_mut(), 4).into_iter().map(|problem| problem.id).collect();
    assert_eq!(ids, ["a", "d", "a", "d"], "easy ones first, again and again");
    assert_eq!(report.decontamination.as_ref().unwrap().removed[0].id, "c");
    assert_eq!(report.near_duplicates.as_ref().unwrap().removed[0].id, "b");
    assert_eq!(report.pass_rate.unwrap().always_solved, 1);
    assert_eq!((report.sources[0].read, report.sources[0].kept), (Some(5), Some(2)));
    assert_eq!(recipe.files(Path::new("x")).len(), 3);
}

#[test]
fn a_curriculum_goes_by_level() {
    let folder = folder(&[("a.jsonl", questions("q", 10) + "{\"question\": \"none\", \"answer\": 1}\n")]);
    let recipe = recipe("order = \"level\"\nsources = [{file = \"a.jsonl\"}]");
    let (mut source, _) = recipe.training(folder.path(), 0).unwrap();
    let levels: Vec<u64> =
        take(source.as_mut(), 10).iter().map(|p| p.metadata["level"].as_u64().unwrap()).collect();
    assert_eq!(levels, (0..10).collect::<Vec<_>>());
    assert_eq!(source.next().unwrap().question, "none");
}

#[test]
fn mistakes_are_named_with_their_source_and_the_way_out() {
    let folder = folder(&[
        ("a.jsonl", questions("q", 3) + "{\"question\": \"x\", \"answer\": NaN}\n"),
        ("gsm.jsonl", "{\"question\": \"x\", \"answer\": \"#### 1\"}\n".into()),
        ("one.jsonl", questions("q", 1)),
    ]);
    for (toml, reason) in [
        ("sources = []", "the setting `sources` are empty"),
        ("sources = [{}]", "source 1 (without a task or a file): the setting `task` is missing"),
        (
            "sources = [{task = \"gdc\"}]",
            "source 1 (gdc 1): the setting `task` is `gdc`, which is no task; did you mean `gcd`?",
        ),
        (
            "sources = [{task = \"gcd\"}, {task = \"gcd\", level = 9}]",
            "source 2 (gcd 9): the setting `level` is 9; gcd has the levels 1 to ",
        ),
        ("sources = [{task = \"gcd\", file = \"a\"}]", "stands beside `file`"),
        ("sources = [{task = \"gcd\", kind = \"text\"}]", "the setting `kind` belongs to a file"),
        ("sources = [{task = \"gcd\", limit = 3}]", "a task has no end"),
        ("sources = [{task = \"gcd\", weight = 0}]", "the setting `weight` is 0; expected a positive number"),
        ("sources = [{file = \"a.jsonl\", level = 1}]", "the setting `level` belongs to a task"),
        ("sources = [{file = \"a.jsonl\", limit = 0}]", "the setting `limit` is 0"),
        (
            "sources = [{file = \"a.jsonl\"}]",
            "line 4: malformed JSON at column 29: expected value; `NaN` is no number of JSON",
        ),
        ("sources = [{file = \"none.jsonl\"}]", "source 1 (none.jsonl): cannot read `"),
        (
            "sources = [{file = \"gsm.jsonl\", format = \"gsm8\"}]",
            "`gsm8` is no format of problems; did you mean `gsm8k`?",
        ),
        (
            "sources = [{file = \"gsm.jsonl\", format = \"gsm8k\", kind = \"text\"}]",
            "the setting `kind` cannot be set for the layout `gsm8k`",
        ),
        (
            "sources = [{file = \"one.jsonl\", columns = {question = \"qestion\"}}]",
            "line 1: there is no column `qestion`; did you mean `question`?",
        ),
        (
            "sources = [{task = \"gcd\"}]\nfilters = {near_duplicates = {}}",
            "the setting `filters` are for files",
        ),
        ("order = \"level\"\nsources = [{task = \"gcd\"}]", "the setting `order` is for files"),
        ("order = \"pass-rate\"\nsources = [{file = \"one.jsonl\"}]", "names no report"),
        (
            "sources = [{file = \"one.jsonl\"}]\nfilters = {near_duplicates = {threshold = 0.1}}",
            "the setting `threshold` is 0.1",
        ),
        (
            "sources = [{file = \"one.jsonl\"}]\nfilters = {decontaminate = {against = []}}",
            "the setting `against` is empty",
        ),
        (
            "sources = [{file = \"one.jsonl\"}]\nfilters = {pass_rate = {report = \"one.jsonl\"}}",
            "line 1: missing field `id`",
        ),
    ] {
        let text = error(toml, folder.path());
        assert!(text.contains(reason), "{toml}: {text}");
    }
    let recipe = recipe("sources = [{file = \"one.jsonl\", weight = 2.0}]");
    let text = recipe.evaluation(folder.path(), 0).unwrap_err().to_string();
    assert!(text.contains("`weight` has no use here"), "{text}");
}

#[test]
fn misspelt_fields_are_refused_and_the_nearest_is_named() {
    for (toml, near) in [
        ("sources = [{taks = \"gcd\"}]", "task"),
        ("sources = [{file = \"a\", colums = {}}]", "columns"),
        ("sources = [{file = \"a\", columns = {anwser = \"b\"}}]", "answer"),
        ("sources = [{file = \"a\", kind = \"nubmer\"}]", "number"),
        ("sources = [{file = \"a\", split = \"heldout\"}]", "held-out"),
        ("ordr = \"level\"\nsources = []", "order"),
        ("sources = []\nfilters = {near_duplicate = {}}", "near_duplicates"),
    ] {
        let error = toml::from_str::<DataRecipe>(toml).unwrap_err();
        let text = did_you_mean(error.message());
        assert!(text.contains(&format!("did you mean `{near}`?")), "{text}");
    }
}

#[test]
fn a_recipe_is_the_same_in_toml_and_in_json() {
    let text = "order = \"level\"\nseed = 4\n[[sources]]\nfile = \"a.jsonl\"\nlimit = 3\n[sources.columns]\nid = \"n\"\n";
    let recipe = recipe(text);
    let json = serde_json::to_string(&recipe).unwrap();
    assert_eq!(serde_json::from_str::<DataRecipe>(&json).unwrap(), recipe);
    assert!(matches!(recipe.evaluation(Path::new(""), 0), Err(DataError::Setting { name: "order", .. })));
}
