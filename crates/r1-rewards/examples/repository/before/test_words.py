import unittest

from words import count


class Count(unittest.TestCase):
    def test_words(self):
        self.assertEqual(count("to be or not to be"), {"to": 2, "be": 2, "or": 1, "not": 1})
