package scalar_test

import "testing"

func TestStrings(t *testing.T) {
	check(t, []row{
		{"UCASE", in("straÉé"), "STRAÉÉ"}, {"LCASE", in("ÄB"), "äb"}, {"TRIM", in(" \t a b \n"), "a b"}, {"INITCAP", in("the   Quick br0wn fOx"), "The   Quick Br0wn Fox"}, {"INITCAP", in(" \ta b "), "A B "}, {"UCASE", in("Straße"), "STRASSE"},
		{"MD5", in("r1"), "7c92cf1eee8d99cc85f8355a3d6e4b86"}, {"MD5", in(""), "d41d8cd98f00b204e9800998ecf8427e"}, {"MD5", in(typed{"STRING", nil}), "NULL"},
		{"LEN", in("日本語"), "3"}, {"LEN", in([]byte("abc")), "3"}, {"REPLACE", in("anaconda", "a", "o"), "onocondo"}, {"REPLACE", in("anaconda", "a", nil), "NULL"},
		{"CHR", in(75), "K"}, {"CHR", in(-1), "NULL"}, {"CHR", in(`\u004b`), "K"}, {"CHR", in(`\u597d`), "好"}, {"CHR", in(`\ud820\udeb8`), "\U000182b8"}, {"CHR", in(`\u597d\u0041 x`), "好A x"}, {"CHR", in(`\u00`), "NULL"}, {"CHR", in(`\u0041\u00`), "NULL"}, {"CHR", in(`\ud820`), "NULL"}, {"CHR", in("75"), "NULL"}, {"CHR", in(""), "NULL"},
	})
}

func TestSubstring(t *testing.T) {
	check(t, []row{
		{"SUBSTRING", in("some string", 6), "string"}, {"SUBSTRING", in("some string", -3), "ing"}, {"SUBSTRING", in("some string", 0, 2), "so"}, {"SUBSTRING", in("some string", 1, 4), "some"},
		{"SUBSTRING", in("abc", 9), ""}, {"SUBSTRING", in("abc", -9, 2), "ab"}, {"SUBSTRING", in("abc", 2, -1), ""}, {"SUBSTRING", in("日本語", 2, 1), "本"}, {"SUBSTRING", in("abc", 2, 2147483647), "bc"},
		{"SUBSTRING", in([]byte("some_string"), 6), "0x737472696e67"}, {"SUBSTRING", in([]byte("some"), nil), "NULL"},
		{"INSTR", in("corporate floor", "or"), "2"}, {"INSTR", in("no substring", "or"), "0"}, {"INSTR", in("corporate floor", "or", 4), "5"}, {"INSTR", in("corporate floor", "or", 4, 2), "14"},
		{"INSTR", in("corporate floor", "or", -4), "5"}, {"INSTR", in("short", "or", -4), "0"}, {"INSTR", in("corporate floor", "or", -1, 3), "2"}, {"INSTR", in("aaa", "aa", 1, 2), "2"}, {"INSTR", in("日本語", "語"), "3"}, {"INSTR", in("abc", "c", 0), "0"}, {"INSTR", in("abc", "c", 1, nil), "NULL"}, {"INSTR", in(typed{"STRING", nil}, "c"), "0"}, {"INSTR", in("xor", "or", -1), "2"}, {"INSTR", in("xor", "or", -2), "0"}, {"INSTR", in("xor", "or", -9), "0"},
		{"LPAD", in("foo", 7, "Bar"), "BarBfoo"}, {"RPAD", in("foo", 7, "Bar"), "fooBarB"}, {"RPAD", in("foo", 2, "Bar"), "fo"}, {"RPAD", in("foo", -1, "Bar"), "NULL"}, {"RPAD", in("foo", 7, ""), "NULL"}, {"RPAD", in("", 7, "Bar"), "BarBarB"},
		{"LPAD", in("", 2000000000, "x"), "!a value grows to 2000000001 bytes..."},
		{"LPAD", in([]byte("yes"), 8, []byte("no")), "0x6e6f6e6f6e796573"}, {"RPAD", in([]byte("yes"), 2, []byte("no")), "0x7965"}, {"RPAD", in([]byte("yes"), 3, []byte("")), "NULL"},
	})
}

func TestConcatAndSplit(t *testing.T) {
	check(t, []row{
		{"CONCAT", in("a", nil, "b"), "ab"}, {"CONCAT", in([]byte("yes"), nil, []byte("no")), "0x7965736e6f"}, {"CONCAT", in(typed{"STRING", nil}, nil), ""},
		{"CONCAT_WS", in("-", "a", nil, "b"), "a-b"}, {"CONCAT_WS", in("-", nil, nil), ""}, {"CONCAT_WS", in(typed{"STRING", nil}, "a", "b"), "NULL"}, {"CONCAT_WS", in([]byte("a"), []byte("b"), []byte("")), "0x6261"},
		{"ELT", in(1, "a", "b"), "a"}, {"ELT", in(3, "a", "b"), "NULL"}, {"ELT", in(0, "a"), "NULL"}, {"ELT", in(nil, "a"), "NULL"},
		{"FIELD", in("hello", nil, "hello"), "2"}, {"FIELD", in("hello", "x"), "0"}, {"FIELD", in(typed{"STRING", nil}, nil, "x"), "0"},
		{"SPLIT", in("..a..", "."), "[, , a, , ]"}, {"SPLIT", in(".$$a..", "$$"), "[., a..]"}, {"SPLIT", in("", "."), "[]"}, {"SPLIT", in("abc", ""), "[a, b, c]"}, {"SPLIT", in("abc", nil), "NULL"},
		{"SPLIT", in([]byte("a.b"), []byte(".")), "[YQ==, Yg==] :: ARRAY<BYTES>"},
		{"SPLIT_TO_MAP", in("apple:green/banana:yellow", "/", ":"), "{apple=green, banana=yellow}"}, {"SPLIT_TO_MAP", in("apple:green/banana:yellow/cherry:red", "&&", ":"), "{apple=green/banana}"},
		{"SPLIT_TO_MAP", in("apple:green//cherry:red/", "/", ":"), "{apple=green, cherry=red}"}, {"SPLIT_TO_MAP", in("a:b", "/", "="), "{}"}, {"SPLIT_TO_MAP", in("a:b", "", ":"), "NULL"}, {"SPLIT_TO_MAP", in("a:b", ":", ":"), "NULL"}, {"SPLIT_TO_MAP", in("", "/", ":"), "{}"},
	})
}

func TestMask(t *testing.T) {
	check(t, []row{
		{"MASK", in("My Test $123"), "Xx-Xxxx--nnn"}, {"MASK", in("Ab1!", "*", nil, "#", nil), "*b#!"}, {"MASK", in("A", "**", "x", "n", "-"), "!Invalid mask character. Must be only single character, but was '**'"},
		{"MASK_LEFT", in("My Test $123", 4), "Xx-Xest $123"}, {"MASK_RIGHT", in("My Test $123", 4), "My Test -nnn"}, {"MASK_KEEP_LEFT", in("My Test $123", 4), "My Txxx--nnn"}, {"MASK_KEEP_RIGHT", in("My Test $123", 4), "Xx-Xxxx-$123"},
		{"MASK_LEFT", in("ab", 9), "xx"}, {"MASK_KEEP_RIGHT", in("ab", 9), "ab"}, {"MASK_LEFT", in("ab", -1), "!function requires a non-negative number..."}, {"MASK_LEFT", in("My", 1, nil, "y", "z", "-"), "My"},
	})
}

func TestEncodings(t *testing.T) {
	check(t, []row{
		{"ENCODE", in("4578616d706C6521", "hex", "ascii"), "Example!"}, {"ENCODE", in("ce95cebb", "hex", "utf8"), "Ελ"}, {"ENCODE", in("c39c62", "hex", "ascii"), "\ufffd\ufffdb"}, {"ENCODE", in("c39c62", "hex", "base64"), "w5xi"},
		{"ENCODE", in("0x578616d706C6521", "hex", "utf8"), "\x05xample!"}, {"ENCODE", in("X'4578'", "hex", "utf8"), "Ex"}, {"ENCODE", in("x''", "hex", "utf8"), ""}, {"ENCODE", in("0x", "hex", "utf8"), ""},
		{"ENCODE", in("0x0x", "hex", "utf8"), "!invalid hexadecimal..."}, {"ENCODE", in("X'", "hex", "utf8"), "!invalid..."}, {"ENCODE", in("x'578'", "hex", "utf8"), "!invalid..."}, {"ENCODE", in("578", "hex", "utf8"), "!invalid..."},
		{"ENCODE", in("Ελ", "ascii", "hex"), "3f3f"}, {"ENCODE", in("x", "null", "utf8"), "!Supported input and output encodings are: hex, utf8, ascii, base64; not \"null\""}, {"ENCODE", in(nil, "hex", "utf8"), "NULL"},
		{"TO_BYTES", in("hello", "ascii"), "0x68656c6c6f"}, {"FROM_BYTES", in([]byte("!"), "base64"), "IQ=="}, {"FROM_BYTES", in([]byte{0xab}, "hex"), "AB"}, {"ENCODE", in("«", "utf8", "hex"), "c2ab"}, {"TO_BYTES", in("IQ==", "BASE64"), "0x21"}, {"TO_BYTES", in("I\r\nQ", "base64"), "0x21"}, {"TO_BYTES", in("I", "base64"), "!invalid base64..."},
		{"INT_FROM_BYTES", in([]byte{0, 0, 7, 0xe5}), "2021"}, {"INT_FROM_BYTES", in([]byte{0xe5, 7, 0, 0}, "LITTLE_ENDIAN"), "2021"}, {"INT_FROM_BYTES", in([]byte{1}), "!Number of bytes must be equal to 4, but found 1"},
		{"BIGINT_FROM_BYTES", in([]byte{0, 0, 0, 1, 0x2a, 5, 0xf2, 0}), "5000000000"}, {"DOUBLE_FROM_BYTES", in([]byte{0x40, 0x80, 0xa6, 0xfd, 0x9b, 0xc9, 0xf5, 0x82}), "532.8738323"}, {"INT_FROM_BYTES", in([]byte{0, 0, 0, 1}, "MIDDLE"), "!Byte order must be..."},
		{"UUID", in([]byte("0123456789abcdef")), "30313233-3435-3637-3839-616263646566"}, {"UUID", in([]byte("0")), "!a UUID has 16 bytes, not 1"},
	})
}

func TestRegexp(t *testing.T) {
	check(t, []row{
		{"REGEXP_EXTRACT", in("test.", "some_test_string"), "test_"}, {"REGEXP_EXTRACT", in("test.", "nothing"), "NULL"}, {"REGEXP_EXTRACT", in("(.*) (.*)", "steven zhang", 2), "zhang"}, {"REGEXP_EXTRACT", in("(.*) (.*)", "agavra", 2), "NULL"}, {"REGEXP_EXTRACT", in("a", "a", 3), "NULL"},
		{"REGEXP_EXTRACT", in("a(?=b)", "ab"), "!invalid regular expression pattern: a(?=b): look-ahead (?=) is not supported"}, {"REGEXP_EXTRACT", in(`(a)\1`, "aa"), "!invalid regular expression pattern: (a)\\1: back-references (\\1)..."},
		{"REGEXP_EXTRACT", in("a++", "aa"), "!invalid regular expression pattern: a++: possessive..."}, {"REGEXP_EXTRACT", in("(", "a"), "!invalid regular expression pattern: (: ..."}, {"REGEXP_EXTRACT", in("[a&&b]", "a"), "!invalid regular expression pattern: [a&&b]: class intersections..."},
		{"REGEXP_EXTRACT", in(`\p{Alpha}+\u0031`, "12ab1"), "ab1"}, {"REGEXP_EXTRACT", in(`[\p{Punct}x]+`, "ab!x"), "!x"}, {"REGEXP_EXTRACT", in(`\Q(.\E.`, "a(.b"), "(.b"}, {"REGEXP_EXTRACT", in(`(?<y>\d{4})`, "in 2020", 1), "2020"}, {"REGEXP_EXTRACT", in(`[^\]]+`, "a]b"), "a"},
		{"REGEXP_EXTRACT_ALL", in("test.", "test1 test2"), "[test1, test2]"}, {"REGEXP_EXTRACT_ALL", in("t(.)", "t1t2", 1), "[1, 2]"}, {"REGEXP_EXTRACT_ALL", in("x", "t1t2"), "[]"},
		{"REGEXP_REPLACE", in("baababaa", "(ab)+", "cat"), "bacataa"}, {"REGEXP_REPLACE", in("baabbabaa", "(ab)+", "cat"), "bacatbcataa"}, {"REGEXP_REPLACE", in("ab", "(a)(b)", "$2$1\\$$10"), "ba$a0"}, {"REGEXP_REPLACE", in("ab", "(?<x>a)", "${x}${x}"), "aab"}, {"REGEXP_REPLACE", in("ab", "a", "$1"), "!no group..."}, {"REGEXP_REPLACE", in("a", nil, "b"), "NULL"},
		{"REGEXP_SPLIT_TO_ARRAY", in("aabcda", "(ab|cd)"), "[a, , a]"}, {"REGEXP_SPLIT_TO_ARRAY", in("aabdcda", "(ab|cd)"), "[a, d, a]"}, {"REGEXP_SPLIT_TO_ARRAY", in("zxy", "(ab|cd)"), "[zxy]"},
	})
}

func TestURL(t *testing.T) {
	check(t, []row{
		{"URL_ENCODE_PARAM", in("?foo $bar"), "%3Ffoo+%24bar"}, {"URL_ENCODE_PARAM", in("*~"), "*%7E"}, {"URL_DECODE_PARAM", in("url%20encoded"), "url encoded"}, {"URL_DECODE_PARAM", in("%zz"), "!URL parameter has invalid escapes: %zz"},
		{"URL_EXTRACT_FRAGMENT", in("http://www.test.com/?query#fragment"), "fragment"}, {"URL_EXTRACT_FRAGMENT", in("http://www.nofragment.com"), "NULL"}, {"URL_EXTRACT_HOST", in("http://test@confluent.io:8080"), "confluent.io"},
		{"URL_EXTRACT_PARAMETER", in("http://www.test.com/?one=a&two=url%20encoded", "two"), "url encoded"}, {"URL_EXTRACT_PARAMETER", in("http://www.test.com/?one=a", "two"), "NULL"}, {"URL_EXTRACT_PARAMETER", in("http://www.test.com/?one&two=a=b", "one"), ""}, {"URL_EXTRACT_PARAMETER", in("http://www.test.com/?one&two=a=b", "two"), "a=b"}, {"URL_EXTRACT_PARAMETER", in("http://www.test.com/?one=a%26two=b", "two"), "b"}, {"URL_EXTRACT_PARAMETER", in("http://www.test.com/", ""), "NULL"},
		{"URL_EXTRACT_PATH", in("http://www.test.com?query#fragment"), ""}, {"URL_EXTRACT_PATH", in("http://test@confluent.io:8080/nested/path?query&jobs"), "/nested/path"},
		{"URL_EXTRACT_PATH", in("http://x/a b"), "!URL input has invalid syntax: http://x/a b"}, {"URL_EXTRACT_QUERY", in("http://x/?a|b"), "!URL input..."}, {"URL_EXTRACT_PORT", in("http://x/{a}"), "!URL input..."}, {"URL_EXTRACT_PORT", in("http://test@confluent.io"), "NULL"}, {"URL_EXTRACT_PORT", in("http://test@confluent.io:8080/nested"), "8080"}, {"URL_EXTRACT_PROTOCOL", in("https://x"), "https"}, {"URL_EXTRACT_PROTOCOL", in("www.confluent.io"), "NULL"},
		{"URL_EXTRACT_QUERY", in("http://www.test.com/path?q1&q2"), "q1&q2"}, {"URL_EXTRACT_QUERY", in("http://x/path"), "NULL"}, {"URL_EXTRACT_HOST", in("http://[::1"), "!URL input has invalid syntax: http://[::1"},
	})
}
