// Words of a text, counted; the same as words.py.
function count(text) {
  const counts = {};
  for (const word of text.split(" ")) {
    counts[word] = (counts[word] || 0) + 1;
  }
  return counts;
}

module.exports = { count };
