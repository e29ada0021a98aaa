const assert = require("assert");
const { count } = require("./words.js");

const tests = {
  words: () => assert.deepStrictEqual(count("a b a"), { a: 2, b: 1 }),
};

Object.entries(tests).forEach(([name, test], index) => {
  try {
    test();
    console.log(`ok ${index + 1} - ${name}`);
  } catch (error) {
    console.log(`not ok ${index + 1} - ${name}`);
  }
});
