//! The program in an answer: fenced blocks as people write them.

use super::{Language, TestCase};

/// The program that the tests are for, among the fenced blocks of an answer.
///
/// Blocks marked with another language are none, and unmarked ones count only where none is marked. Of
/// the rest it is the last that defines what the tests call, or that reads input where the tests give
/// some; without such a one, the last that is more than comments.
pub(crate) fn extract(answer: &str, language: Language, tests: &[TestCase]) -> Option<String> {
    let blocks = blocks(answer, language);
    let is_marked = |block: &&Block| block.mark == Mark::Language;
    let marked: Vec<&Block> = blocks.iter().filter(is_marked).collect();
    let chosen: Vec<&Block> = if marked.is_empty() {
        blocks.iter().filter(|block| block.mark == Mark::None).collect()
    } else {
        marked
    };
    let needed = |block: &&&Block| match names(tests) {
        Some(names) => names.iter().any(|name| defines(&block.code, name)),
        None => !wants_input(tests) || reads(&block.code),
    };
    let last =
        |keep: &dyn Fn(&&&Block) -> bool| chosen.iter().rev().find(keep).map(|block| block.code.clone());
    last(&needed)
        .filter(|code| says_something(code))
        .or_else(|| last(&|block| says_something(&block.code)))
        .or_else(|| chosen.last().map(|block| block.code.clone()))
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Mark {
    Language,
    None,
    Other,
}

#[derive(Debug)]
struct Block {
    mark: Mark,
    code: String,
}

/// A line that opens or closes a block.
struct Fence<'a> {
    kind: u8,
    count: usize,
    indent: usize,
    info: &'a str,
}

/// A line that opens a block: a fence, or one behind a text, `Here it is:```python`, if it names the language.
fn opening(line: &str, language: Language) -> Option<Fence<'_>> {
    fence(line).or_else(|| {
        let text = line.get(line.find("```")?..)?;
        let fence = fence(text)?;
        let indent = line.len() - line.trim_start().len();
        let names = !fence.info.contains(' ') && mark(fence.info, language) == Mark::Language;
        names.then_some(Fence { indent, ..fence })
    })
}

/// The code before a fence at the end of a line: `print(1)```.
fn glued(line: &str, count: usize) -> Option<&str> {
    let code = line.trim_end().strip_suffix(&"`".repeat(count))?;
    (!code.trim().is_empty() && !code.contains('`')).then_some(code)
}

fn fence(line: &str) -> Option<Fence<'_>> {
    let text = line.trim_start_matches([' ', '\t', '>']);
    let kind = *text.as_bytes().first().filter(|&&byte| byte == b'`' || byte == b'~')?;
    let count = text.bytes().take_while(|&byte| byte == kind).count();
    let info = text.get(count..)?.trim();
    // ```code``` within a line is no fence.
    let is_fence = count >= 3 && !(kind == b'`' && info.contains('`'));
    is_fence.then_some(Fence { kind, count, indent: line.len() - text.len(), info })
}

fn blocks(answer: &str, language: Language) -> Vec<Block> {
    let lines: Vec<&str> = answer.split_inclusive('\n').collect();
    let (mut found, mut index) = (Vec::new(), 0);
    // For each kind, a length of which no closing fence follows: nothing is looked for twice.
    let mut endless = [usize::MAX; 2];
    while let Some(line) = lines.get(index) {
        index += 1;
        let Some(open) = opening(line, language) else { continue };
        // What is quoted as a whole has blocks of its own.
        if matches!(open.info, "markdown" | "md") {
            continue;
        }
        let kind = usize::from(open.kind == b'~');
        if open.count >= endless[kind] {
            continue;
        }
        let closes = |line: &str| {
            fence(line).is_some_and(|close| {
                let ends = close.info.is_empty() || close.info.starts_with('<');
                close.kind == open.kind && close.count >= open.count && ends
            })
        };
        let last_part = |end: usize| glued(lines[end], open.count).filter(|_| open.kind == b'`');
        let ends = (index..lines.len()).filter(|&end| closes(lines[end]) || last_part(end).is_some());
        let ends: Vec<usize> = ends.take(16).collect();
        let code = |end: usize| -> String {
            let whole = lines[index..end].iter().copied().chain(last_part(end));
            whole.map(|line| unindented(line, open.indent)).collect()
        };
        // A fence inside of a text or a comment of the program belongs to it, if that ends at all.
        let is_end = |end: usize| match open_at_end(&code(end), language) {
            None => true,
            Some("\n" | "\"" | "'") => last_part(end).is_none(),
            Some(_) => false,
        };
        let whole = ends.iter().find(|&&end| is_end(end));
        let Some(&end) = whole.or(ends.iter().find(|&&end| last_part(end).is_none())) else {
            endless[kind] = open.count;
            continue;
        };
        found.push(Block { mark: mark(open.info, language), code: code(end) });
        index = end + 1;
    }
    found
}

/// The line without the indentation of its fence, as far as it has it.
fn unindented(line: &str, indent: usize) -> &str {
    let own = line.bytes().take(indent).take_while(|&byte| matches!(byte, b' ' | b'\t' | b'>')).count();
    &line[own..]
}

/// `python`, `python 3`, `python3.11`, `{.python .numberLines}`, `python title="main.py"`, `python:main.py`.
fn mark(info: &str, language: Language) -> Mark {
    let word = info.trim_start_matches(['{', '.', ' ']);
    let end = word.find([' ', '\t', '{', '}', ',', ':', ';', '=']).unwrap_or(word.len());
    let word = &word[..end];
    if word.is_empty() {
        return Mark::None;
    }
    let plain = word.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
    let fits = |fence: &String| fence.eq_ignore_ascii_case(word) || fence.eq_ignore_ascii_case(plain);
    let fences = &language.spec().fences;
    if fences.iter().any(fits) || language.name().eq_ignore_ascii_case(word) {
        Mark::Language
    } else {
        Mark::Other
    }
}

/// What it ends within, by what would end that: a text or a comment.
fn open_at_end(code: &str, language: Language) -> Option<&'static str> {
    let (python, mut rest) = (language == Language::PYTHON, code);
    let mut open: Option<&'static str> = None;
    while let Some(next) = rest.chars().next() {
        let mut step = next.len_utf8();
        if let Some(end) = open {
            if rest.starts_with(end) {
                step = end.len();
                open = None;
            } else if next == '\\' && end != "*/" && end != "\n" {
                step += rest[step..].chars().next().map_or(0, char::len_utf8);
            } else if next == '\n' && end.len() == 1 {
                open = None;
            }
        } else if python {
            open = ["\"\"\"", "'''", "\"", "'"].into_iter().find(|quote| rest.starts_with(quote));
            step = open.map_or(step, str::len);
            if next == '#' {
                open = Some("\n");
            }
        } else if rest.starts_with("/*") {
            (open, step) = (Some("*/"), 2);
        } else if rest.starts_with("//") {
            open = Some("\n");
        } else if next == '"' {
            open = Some("\"");
        }
        rest = &rest[step..];
    }
    open
}

/// The functions that the tests call, where they do.
fn names(tests: &[TestCase]) -> Option<Vec<&str>> {
    match tests.first()? {
        TestCase::Call { call, .. } => Some(vec![call]),
        TestCase::Assert { functions, .. } => Some(functions.iter().map(String::as_str).collect()),
        TestCase::Stdio { .. } => None,
    }
}

fn wants_input(tests: &[TestCase]) -> bool {
    tests.iter().any(|test| matches!(test, TestCase::Stdio { stdin, .. } if !stdin.trim().is_empty()))
}

/// Whether a line of it defines the name: `def f`, `class f`, `function f`, `f =`, or a method `f(..) {`.
fn defines(code: &str, name: &str) -> bool {
    code.lines().any(|line| {
        let mut words = line.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$'));
        let mut before = "";
        let declared = words.any(|word| {
            let found = word == name && matches!(before, "def" | "class" | "function" | "fn" | "func");
            if !word.is_empty() {
                before = word;
            }
            found
        });
        let line = line.trim();
        let line = ["const ", "let ", "var ", "async ", "public "]
            .iter()
            .fold(line, |line, word| line.strip_prefix(word).unwrap_or(line));
        let rest = line.strip_prefix(name).map(str::trim_start);
        let assigned = rest.is_some_and(|rest| {
            (rest.starts_with('=') && !rest.starts_with("=="))
                || (rest.starts_with('(') && rest.ends_with('{'))
        });
        declared || assigned
    })
}

/// Whether it seems to read standard input.
fn reads(code: &str) -> bool {
    const MARKS: [&str; 18] = [
        "input(",
        "stdin",
        "open(0",
        "cin",
        "scanf",
        "getline",
        "getchar",
        "gets(",
        "read_line",
        "readline",
        "readFileSync",
        "Scanner",
        "BufferedReader",
        "Console.Read",
        "fmt.Scan",
        "bufio",
        "fread",
        "read ",
    ];
    MARKS.iter().any(|mark| code.contains(mark))
}

/// Whether a line of it is no comment.
fn says_something(code: &str) -> bool {
    let is_comment = |line: &str| line.is_empty() || (line.starts_with('#') && !line.starts_with("#include"));
    code.lines().map(str::trim).any(|line| !is_comment(line) && !line.starts_with("//"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn python(text: &str) -> Option<String> {
        extract(text, Language::PYTHON, &[TestCase::stdio("1", "1")])
    }

    #[test]
    fn the_last_block_of_the_language_is_the_program() {
        let text = "```python\na\n```\ntext\n```py\n  b\nc\n```\n```cpp\nd\n```\nend";
        assert_eq!(python(text).as_deref(), Some("  b\nc\n"));
        assert_eq!(extract(text, Language::CPP, &[]).as_deref(), Some("d\n"));
        assert_eq!(extract(text, Language::RUST, &[]), None);
        assert_eq!(extract("```\nx\n```", Language::RUST, &[]).as_deref(), Some("x\n"));
        assert_eq!(python("```python\nnever closed"), None);
        assert_eq!(python(""), None);
    }

    #[test]
    fn fences_are_read_as_people_write_them() {
        for info in [
            "python",
            "Python3",
            "python 3",
            "python3.11",
            "{.python .x}",
            "py:main.py",
            "python title=\"a\"",
        ] {
            assert_eq!(python(&format!("```{info}\nx\n```")).as_deref(), Some("x\n"), "{info}");
        }
        assert_eq!(python("~~~~ python\nx\n~~~\n~~~~").as_deref(), Some("x\n~~~\n"));
        assert_eq!(python("````python\nx\n```\n````").as_deref(), Some("x\n```\n"));
        assert_eq!(python("1. a\n   ```python\n   if x:\n     y\n   ```").as_deref(), Some("if x:\n  y\n"));
        assert_eq!(python("```print(1)``` no\n```python\nx\n```").as_deref(), Some("x\n"));
        assert_eq!(
            python("```python\n'''\n```\n1\n```\n'''\nx\n```\nprose").as_deref(),
            Some("'''\n```\n1\n```\n'''\nx\n")
        );
        assert_eq!(python("```python\n# it's\nx\n```\n```\n40\n```").as_deref(), Some("# it's\nx\n"));
    }

    #[test]
    fn fences_are_found_beside_text() {
        for text in [
            "**Solution**:```python\nx\n```",
            "```python\nx```",
            "```python\nx```\nThat is `it`.\n```\n40\n```",
            "```python\nx\n```<|im_end|>",
            "```python\nx\n``` </code>",
            "````markdown\nSo:\n```python\nx\n```\n````",
            "```ipython3\nx\n```",
            "Open it by ```python and close it.\n```python\nx\n```",
        ] {
            assert_eq!(python(text).as_deref().map(str::trim_end), Some("x"), "{text}");
        }
        // At the end of a comment or a text a fence is a part of it.
        for code in ["# a ```\nx\n", "s = 'a```'\nx\n", "s = \"\"\"a```\n\"\"\"\nx\n"] {
            assert_eq!(python(&format!("```python\n{code}```\n")).as_deref(), Some(code));
        }
        assert_eq!(python("```python\n# never closed ```\nx"), None);
    }

    #[test]
    fn the_block_is_the_one_that_the_tests_need() {
        let text = "```python\ndef f(x):\n    return x\n```\nUse:\n```python\nprint(f(1))\n```";
        let call = [TestCase::call("f", vec![], 1)];
        assert!(extract(text, Language::PYTHON, &call).unwrap().starts_with("def f"));
        let text = "```python\nprint(input())\n```\nUse:\n```python\n# echo 1 | python main.py\n```\n```py\nprint(2)\n```";
        assert_eq!(python(text).as_deref(), Some("print(input())\n"));
        assert_eq!(
            extract(text, Language::PYTHON, &[TestCase::stdio("", "2")]).as_deref(),
            Some("print(2)\n")
        );
    }

    #[test]
    fn any_text_is_read_in_reasonable_time() {
        assert_eq!(python(&"```python\n'''\n".repeat(100_000)), None);
        assert!(python(&"```python\n'''\n```\n".repeat(20_000)).is_some());
        assert_eq!(python(&"```python\n# a```\n".repeat(20_000)), None);
        assert!(python(&"a:```python\nx```\n".repeat(20_000)).is_some());
        assert_eq!(python(&"`".repeat(1_000_000)), None);
    }
}
