use proptest::prelude::*;

use super::*;
use crate::DataError;
use r1_core::{Content, Message, Problem, Reference, Trace};

fn problem(id: &str, question: &str) -> Problem {
    Problem::new(id, question, Reference::number("1"))
}

fn contaminants(rule: ContaminationRule, items: &[Problem]) -> Contaminants {
    let mut contaminants = Contaminants::new(rule).unwrap();
    contaminants.add("test", items);
    contaminants
}

const TANK: &str = r"A tank holds $\frac{1}{2}$ of 1,800 litres. It loses 7 litres in every hour. After how many whole hours is it empty?";
const CHINESE: &str =
    "一个水池有两个进水管，单独开甲管六小时注满，单独开乙管八小时注满，两管同时打开需要几小时注满水池？";

fn evaluation() -> Vec<Problem> {
    vec![
        problem("tank", TANK)
            .with("solution", "Half of 1800 is 900, and 900 divided by 7 is 128.57, so after 129 hours."),
        problem("pool", CHINESE),
        problem("short", "What is 17 + 25?"),
    ]
}

#[test]
fn planted_copies_are_found_and_nothing_else() {
    let contaminants = contaminants(ContaminationRule::new(), &evaluation());
    let copy = |text: &str| contaminants.find(&problem("x", text)).map(|found| (found.item, found.matched));
    let found = |item: &str, matched: &str| Some((item.to_owned(), matched.to_owned()));
    // The whole question inside another text, with other LaTeX, punctuation, case and blanks.
    let variant = r"Solve. A TANK holds \(\dfrac12\)  of 1800 litres - it loses 7 litres in every\, hour; after how many whole hours is it empty";
    assert_eq!(copy(variant), found("tank", &variant[7..]));
    // Ten words are enough, nine are not.
    assert_eq!(
        copy("Say: loses 7 litres in every hour. After how many whole days?"),
        found("tank", "loses 7 litres in every hour. After how many whole")
    );
    assert_eq!(copy("Say: loses 7 litres in every hour. After how many days?"), None);
    // The solution counts, too.
    assert_eq!(
        copy("It is half of 1800 is 900 and 900 divided by 7 is it").unwrap().1,
        "half of 1800 is 900 and 900 divided by 7 is"
    );
    // Chinese has words without blanks.
    let chinese = format!("请回答:{}谢谢", CHINESE.replace('，', ","));
    assert_eq!(copy(&chinese).unwrap().0, "pool");
    assert_eq!(copy("一个水池有两个进水管，甲管比乙管快，两管同时打开需要几小时？"), None);
    // A text shorter than a run counts as a whole, not as a part.
    assert_eq!(copy("what is 17+25").unwrap().0, "short");
    assert_eq!(copy("What is 17 + 25 + 3?"), None);
    // A paraphrase is not found; this is the method's limit.
    assert_eq!(copy("Every hour, 7 litres leak from a half-full tank of 1800 litres. When is it dry?"), None);
}

#[test]
fn traces_are_searched_in_every_text() {
    let contaminants = contaminants(ContaminationRule::new(), &evaluation());
    let clean = Content::Messages(vec![Message::system("Think."), Message::user("Help me.")]);
    let quoting = Trace::new("t", clean.clone(), format!("<think>The task: {TANK}</think>"));
    let found = contaminants.find(&quoting).unwrap();
    assert_eq!(
        (found.text.as_str(), found.item_text.as_str(), found.coverage),
        ("completion", "question", 1.0)
    );
    assert_eq!((found.matched.as_str(), found.others), (&TANK[..TANK.len() - 1], 0));
    let asked = Content::Messages(vec![Message::system("Think."), Message::user("What is 17+25")]);
    assert!(contaminants.find(&Trace::new("t", asked, "42")).unwrap().whole);
    let about = Trace::new("t", Content::Ids(vec![1]), "42").of(problem("p", TANK));
    assert_eq!(contaminants.find(&about).unwrap().text, "question");
    assert_eq!(contaminants.find(&Trace::new("t", clean, "An empty tank.")), None);
}

#[test]
fn the_report_counts_and_keeps_the_order() {
    let mut contaminants = contaminants(ContaminationRule::new(), &evaluation());
    contaminants.add("more", &[problem("m", "a b c d e f g h i j k l m n o p")]);
    let documents = vec![
        problem("a", "Nothing."),
        problem("b", "b c d e f g h i j k l m"),
        problem("c", "Nothing else."),
        problem("d", TANK),
    ];
    let (kept, report) = contaminants.remove_from(documents);
    assert_eq!(kept.iter().map(|kept| kept.id.as_str()).collect::<Vec<_>>(), ["a", "c"]);
    assert_eq!((report.documents, report.kept), (4, 2));
    assert_eq!(report.removed.iter().map(|one| one.id.as_str()).collect::<Vec<_>>(), ["b", "d"]);
    assert_eq!((report.removed[0].ngrams, report.removed[0].coverage), (3, 0.75));
    let set = |name: &str, items, whole_only, removed| EvaluationSet {
        name: name.into(),
        items,
        whole_only,
        removed,
    };
    assert_eq!(report.sets, [set("test", 3, 1, 1), set("more", 1, 0, 1)]);
    let json = serde_json::to_string(&report).unwrap();
    assert_eq!(serde_json::from_str::<ContaminationReport>(&json).unwrap(), report);
}

#[test]
fn phrases_of_the_set_are_no_copies() {
    let stem = "There are apples and pears in a basket on the table here today";
    let items: Vec<Problem> =
        (0..11).map(|i| problem(&i.to_string(), &format!("{stem}: {i} and {i}?"))).collect();
    let document = problem("x", &format!("{stem}. Weigh them."));
    assert_eq!(contaminants(ContaminationRule::new(), &items).find(&document), None);
    assert!(contaminants(ContaminationRule::r1(), &items).find(&document).is_some());
    assert!(contaminants(ContaminationRule::new(), &items[1..]).find(&document).is_some());
    let stopping = ContaminationRule::r1().with_stop_phrase(stem);
    assert_eq!(contaminants(stopping.clone(), &items).find(&document), None);
    // What is left of an item can still be found, and a whole copy always.
    assert_eq!(contaminants(stopping, &items).find(&problem("x", &items[3].question)).unwrap().item, "3");
    let stopped = ContaminationRule::r1().with_stop_phrase(TANK);
    let tank = problem("tank", TANK);
    let index = contaminants(stopped, std::slice::from_ref(&tank));
    let (_, report) = index.remove_from(vec![tank.clone()]);
    assert!(report.removed[0].whole && report.sets[0].whole_only == 1);
}

#[test]
fn the_rule_can_ask_for_more() {
    let words = |range: std::ops::Range<u32>| range.map(|n| format!("w{n}")).collect::<Vec<_>>().join(" ");
    let items = [problem("a", &words(0..40))];
    let found = |rule, length| contaminants(rule, &items).find(&problem("x", &words(0..length))).is_some();
    let three = ContaminationRule::new().with_min_ngrams(3);
    assert_eq!([11, 12].map(|length| found(three.clone(), length)), [false, true]);
    let half = ContaminationRule::new().with_min_ngrams(usize::MAX).with_min_coverage(0.5);
    assert_eq!([19, 20].map(|length| found(half.clone(), length)), [false, true]);
    let eight = ContaminationRule::new().with_ngram(8);
    assert_eq!([7, 8].map(|length| found(eight.clone(), length)), [false, true]);
}

#[test]
fn impossible_rules_are_refused() {
    for (rule, reason) in [
        (ContaminationRule::new().with_ngram(0), "the setting `ngram` is 0"),
        (ContaminationRule::new().with_min_ngrams(0), "the setting `min_ngrams` is 0"),
        (ContaminationRule::new().with_min_coverage(1.5), "the setting `min_coverage` lies outside"),
        (ContaminationRule::new().with_min_coverage(f64::NAN), "the setting `min_coverage` lies outside"),
        (ContaminationRule::new().with_max_items(Some(0)), "the setting `max_items` is 0"),
        (
            ContaminationRule::new().with_stop_phrase("how many"),
            "the setting `stop_phrases` has `how many` with 2 words",
        ),
    ] {
        let error: DataError = Contaminants::new(rule).unwrap_err();
        assert!(error.to_string().starts_with(reason), "{error}");
    }
}

/// Texts over three words, so that runs repeat and overlap.
fn texts(count: usize) -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec(prop::collection::vec("[abc]", 0..14).prop_map(|words| words.join(" ")), count)
}

proptest! {
    #[test]
    fn found_is_what_a_search_by_hand_finds(items in texts(3), documents in texts(4), ngram in 1usize..6, min_ngrams in 1usize..4) {
        let problems: Vec<Problem> = items.iter().enumerate().map(|(i, text)| problem(&i.to_string(), text)).collect();
        let rule = ContaminationRule::new().with_ngram(ngram).with_min_ngrams(min_ngrams);
        let contaminants = contaminants(rule, &problems);
        for text in documents {
            let padded = format!(" {text} ");
            let copied = items.iter().any(|item| {
                let words: Vec<&str> = item.split_whitespace().collect();
                let mut runs: Vec<String> = words.windows(ngram).map(|run| format!(" {} ", run.join(" "))).collect();
                runs.sort();
                runs.dedup();
                (!item.is_empty() && *item == text) || runs.iter().filter(|run| padded.contains(*run)).count() >= min_ngrams
            });
            let found = contaminants.find(&problem("x", &text));
            prop_assert_eq!(found.is_some(), copied);
            if let Some(found) = found {
                prop_assert!(padded.contains(&found.matched) && found.matched == found.original);
                prop_assert!(found.whole || found.matched.split(' ').count() >= ngram);
            }
        }
    }
}
