//! The words that change what stands beside them.
//!
//! Nouns and adjectives are without number, and may count or describe: `5 red apples`. The words that
//! negate, correct, bound, join or calculate are few, and none of them may be dropped.

/// Words that change a value wherever they stand: negations, corrections, bounds, operations, choices.
const TELLING: &str = " or nor not no never none neither without cannot minus negative plus times over divided \
    divide modulo mod multiplied squared cubed half third quarter percent percentage hundred thousand million \
    billion trillion score pi sqrt root factorial choose remainder quotient log reciprocal inverse opposite \
    between either about approximately roughly nearly almost around least most less more fewer than greater \
    smaller larger under above below beyond up doubled tripled quadrupled halved inverted negated reversed flipped \
    tens but except instead rather wait however actually wrong incorrect \
    false invalid error impossible fail fails failed until infinity infinite double twice triple odd even \
    halves thirds fourths fifths sixths sevenths eighths ninths tenths hundredths thousandths millionths tenth \
    hundredth thousandth millionth pm loss lost loses losing deficit debt decrease decreases decreased decreasing \
    reduction reduces reduced drop drops dropped fall falls fell decline declines declined owes owed below \
    zero one two three four five six seven eight nine ten eleven twelve twenty thirty forty fifty k e i ";

/// Words that make a sentence about a number no statement of it: negations that are drawn together, conditions,
/// what may be and what is no more.
const SUSPENDING: &str = " isnt arent wasnt werent hasnt havent hadnt dont doesnt didnt wont wouldnt couldnt \
    shouldnt cant mustnt neednt aint if unless whether when would could should might may must before after once \
    perhaps maybe possibly probably guess guessed supposedly allegedly assuming suppose unlike besides excluding any \
    close short off ish hex hexadecimal octal excluded other another different incorrectly mistakenly too ";

/// What stands directly before the number that a sentence states.
const LEADING: &str = " is are was were has have had be been being equals equal its it i he she they we you there \
    costs cost gets get got needs need needed makes make made earns earned earn spends spent spend pays paid pay \
    takes took take sells sold sell buys bought buy uses used use contains contain contained weighs weigh weighed \
    saves saved save receives received receive gives gave give given eats ate eat reads read runs ran run drives \
    drove drive walks walked walk lasts lasted requires required requiring measures becomes became remains remain \
    remaining left totals total totaling totaled of by with in for the a an just exactly only answer result value \
    so thus therefore hence and to at ";

/// Words that no unit or noun is: they make a statement of what follows a value.
const STATING: &str = " and if then else when where while because since so thus hence therefore that which who \
    whose this these those is are was were be been being am has have had do does did can could may might must \
    shall should will would only exactly both any some every many several r rem equals equal it he she they we \
    you its also too as at before after from to through for with by on against versus vs into onto prime \
    multiple integer integers solution undefined correct right true possible isnt arent dont doesnt wont ish maybe \
    perhaps possibly probably guess guessed supposedly allegedly hex hexadecimal octal ";

/// Words before a value that turn or bound it.
const NEGATING: &str = " not no nor never neither without except minus double twice triple less least more most fewer greater larger \
    smaller than between above below under over wrong incorrect false nearly almost up ";

/// What is calculated from the number of which it is: "a multiple of 5".
const CALCULATING: &str = " square squares cube cubes multiple multiples factor factors divisor divisors power \
    powers reciprocal inverse opposite negative root fraction part complement logarithm derivative integral ";

/// What goes beyond the number before "and": "5 and higher".
const RISING: &str = " higher lower bigger upward upwards upward onward onwards downward downwards later earlier \
    longer shorter taller older younger so ";

/// Dozens are a unit, and a number within a sentence.
const COUNTING: &str = " dozen ";

/// Words beside a measure that say nothing of its size.
const NEUTRAL: &str = " long wide tall high deep thick old apart away total altogether ";

fn holds(list: &str, word: &str) -> bool {
    !word.is_empty() && list.contains(&format!(" {word} "))
}

/// Whether a lower-case word changes the number that it stands beside in a sentence.
pub(crate) fn changes_a_number(word: &str) -> bool {
    holds(TELLING, word) || holds(COUNTING, word)
}

/// Whether a lower-case word takes back what a sentence states.
pub(crate) fn suspends(word: &str) -> bool {
    holds(SUSPENDING, word)
}

/// Whether the number that a sentence states may follow a lower-case word.
pub(crate) fn leads(word: &str) -> bool {
    holds(LEADING, word)
}

/// Whether two lower-case words make another number of the one beside them: "multiple of", "and higher".
pub(crate) fn calculates(first: &str, second: &str) -> bool {
    second == "of" && holds(CALCULATING, first)
        || (first, second) == ("the", "red")
        || matches!(first, "and" | "or") && holds(RISING, second)
}

/// Whether something else is made of what a lower-case word is said of: "the square of x".
pub(crate) fn is_made(word: &str) -> bool {
    holds(CALCULATING, word)
}

/// Whether a lower-case word cannot belong to the unit or the noun after a value.
pub(crate) fn is_no_noun(word: &str) -> bool {
    holds(TELLING, word) && word.len() > 1 || holds(STATING, word)
}

/// Whether a lower-case word turns or bounds what follows, so that it is no part of a name.
pub(crate) fn negates(word: &str) -> bool {
    holds(NEGATING, word)
}

/// Whether a lower-case word may be dropped beside a measure.
pub(crate) fn is_neutral(word: &str) -> bool {
    holds(NEUTRAL, word)
}

/// Characters that negate, join or bound in Chinese.
pub(crate) fn tells_in_chinese(text: &str) -> bool {
    // Hours; and what is squared, but no square metres.
    let text = text.replace("小时", "");
    text.ends_with('方')
        || text.contains([
            '不', '非', '无', '或', '和', '与', '且', '至', '到', '余', '约', '是', '为', '若', '当', '但',
            '大', '小', '多', '少', '之', '以', '半', '倍', '超', '加', '减', '乘', '除', '负', '反', '前',
            '后', '外', '内', '左', '没', '未', '否', '错', '另', '近', '低', '高',
        ])
}
