//! What the tasks generate stays the same across versions.

use super::*;

#[test]
fn the_questions_of_the_embedded_model_are_pinned() {
    let questions: Vec<String> = exercises()
        .iter()
        .filter(|(task, _)| NANO.contains(&task.name()))
        .map(|(task, level)| task.generate(&mut Key::new(1).stream(), *level).question)
        .collect();
    let pinned = [
        "5+5+8+3",
        "5+5+8+3-7",
        "5+5+8+3-7-1",
        "5+5+8+3-7-1+1",
        "count a in reesab",
        "count r in reesabas",
        "count a in reesabassa",
        "count b in reesabassata",
        "sort 54 47 41 79",
        "sort 54 47 41 79 9",
        "sort 54 47 41 79 9 25",
        "sort 54 47 41 79 9 25 10",
        "use 5 4 5 to make 5",
        "use 5 5 4 8 to make 22",
        "use 5 4 1 8 5 to make 32",
    ];
    assert_eq!(questions, pinned);
}

/// A hash of the first thousand problems of each level with their worked solutions.
fn fingerprint(task: &dyn Task) -> u64 {
    let mut text = String::new();
    for level in 1..=task.levels() {
        for problem in problems(task, level).take(1_000) {
            let Solution { reasoning, answer } = task.solve(&problem);
            text += &format!("{}\n{reasoning}\n{answer}\n", serde_json::to_string(&problem).unwrap());
        }
    }
    key::hash(&text)
}

#[test]
fn problems_and_solutions_are_pinned_across_versions() {
    let found: Vec<(&str, u64)> =
        all().iter().map(|task| (task.name(), fingerprint(task.as_ref()))).collect();
    assert_eq!(found, PINNED);
}

const PINNED: [(&str, u64); 25] = [
    ("echo", 0x7622_0c9f_b793_8cc1),
    ("chained_arithmetic", 0xa745_a05c_29d3_b96a),
    ("products", 0x7ded_ffcb_e035_52a9),
    ("gcd", 0x9cd3_85e0_aea5_d42b),
    ("base_conversion", 0x8226_c7c4_cfe3_f763),
    ("fraction_simplification", 0x7f3d_d9b2_989b_4bf8),
    ("simple_equations", 0x4b69_5791_12f1_ef62),
    ("modular_arithmetic", 0xab00_7079_ecc9_381b),
    ("letter_counting", 0xcf1c_f0b7_9bd0_bc4b),
    ("number_sorting", 0x5ad9_ba02_1114_b2cb),
    ("number_filtering", 0xb63d_6f3d_be51_dc26),
    ("spell_backward", 0x62a2_2e88_7e43_1d12),
    ("word_sorting", 0x4264_2209_c266_8176),
    ("coin_flip", 0x6858_c17d_657e_3542),
    ("leg_counting", 0xa1f6_af9a_aa71_e3fa),
    ("needle_haystack", 0xd1c5_065e_0286_1b75),
    ("countdown", 0x4fb1_4ddd_7db5_c7a3),
    ("mini_sudoku", 0x261a_d195_5d5a_369d),
    ("maze", 0x76d9_6839_6f1e_b52a),
    ("tower_of_hanoi", 0x9bf6_a5a6_e950_981a),
    ("knights_knaves", 0xf83b_f601_9288_57cd),
    ("propositional_logic", 0x9a90_fceb_6186_585e),
    ("syllogism", 0xa503_d57b_4cf3_58b8),
    ("spoken_arithmetic", 0x4e67_f75e_a987_040e),
    ("courtesy", 0xc553_676b_e42a_19ba),
];
