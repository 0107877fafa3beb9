package ccproxy.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import ccproxy.wire.JsonFile.Shape;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class JsonFileTest {
    @Test
    void nestedAndDottedKeysAreTheSame() {
        var nested = read("{\"api\": {\"key\": \"a\", \"b\": {\"c\": true}}, \"n\": 5}");
        assertEquals(Map.of("api.key", "a", "api.b.c", true, "n", 5), nested);
        assertEquals(nested, read("{\"api.key\": \"a\", \"api.b.c\": true, \"n\": 5}"));
    }

    @Test
    void commentsAndTrailingCommasAreAllowed() {
        String text =
                """
                // what runs here
                {
                  "host": "::1", /* this
                  machine */
                  "url": "http://a//b", // not a comment inside
                }
                """;
        assertEquals(Map.of("host", "::1", "url", "http://a//b"), read(text));
    }

    @Test
    void orderIsTheFiles() {
        assertEquals(
                List.of("c", "a", "b"),
                List.copyOf(read("{\"c\":\"\",\"a\":\"\",\"b\":\"\"}").keySet()));
    }

    @Test
    void mapKeepsItsKeysWholeAndInOrder() {
        var values = read("{\"models\": {\"gpt.4\": \"b\", \"/x/\": \"a\"}}");
        assertEquals("{gpt.4=b, /x/=a}", values.get("models").toString());
        assertEquals("a=b", read("{\"models\": \"a=b\"}").get("models"));
        values = read("{\"prices\": {\"m.1\": {\"input\": 3, \"output\": 0.5}, \"n\": {}}}");
        assertEquals("{m.1={input=3, output=0.5}, n={}}", values.get("prices").toString());
    }

    @Test
    void treeKeepsItsNamesWholeAndMayBeDeep() {
        var values =
                read("{\"keys\":{\"a.b\":\"t\",\"c\":{\"n\":5,\"l\":[\"x\",\"y\"],\"o\":{}}}}");
        assertEquals("{a.b=t, c={n=5, l=[x, y], o={}}}", values.get("keys").toString());
    }

    @Test
    void listIsOneWhereItIsExpected() {
        assertEquals(List.of("a", "b"), read("{\"names\": [\"a\", \"b\",]}").get("names"));
        assertEquals("a,b", read("{\"names\": \"a,b\"}").get("names"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            textBlock =
                    """
                    {"a":"b","a":"c"}          | line 1, column 10: a: this key is there already
                    {"a":{"b":1},"a.b":2}      | line 1, column 14: a.b: this key is there already
                    {"models":{"a":"b","a":""}}| line 1, column 24: models: 'a' is there already
                    {"prices":{"a":5}}         | line 1, column 16: prices: expected an object for 'a'
                    {"prices":{"a":{},"a":{}}} | line 1, column 24: prices: 'a' is there already
                    {"prices":{"a":{"b":"5"}}} | line 1, column 21: prices: 'a': expected a number for 'b'
                    {"prices":{"a":{"b":1,"b":2}}}| line 1, column 27: prices: 'a': 'b' is there already
                    {"models":{"a":5}}         | line 1, column 16: models: expected a string for 'a'
                    {"keys":{"a":"b","a":{}}}  | line 1, column 23: keys: 'a' is there already
                    {"keys":{"a":{"b":null}}}  | line 1, column 19: keys: expected a string, a number, true or false, found null
                    {"names":["a",5]}          | line 1, column 15: names: expected strings in its list
                    {"a":null}                 | line 1, column 6: a: expected a string, a number, true or false, found null
                    {"a":[1]}                  | line 1, column 6: a: expected a string, a number, true or false, found an array
                    ["a"]                      | line 1, column 1: expected an object
                    {} {}                      | line 1, column 4: expected nothing after the object
                    """)
    void wrongFileSaysWhere(String text, String message) {
        assertEquals(message, message(text));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            textBlock =
                    """
                    {"a": x}       | line 1, column
                    {"a": "b"      | line 1, column
                    {"a" "b"}      | line 1, column
                    {a: 1}         | line 1, column
                    {"a": 01}      | line 1, column
                    {"a": 1} trail | line 1, column
                    """)
    void whatIsNoJsonSaysWhere(String text, String start) {
        String message = message(text);
        assertEquals(start, message.substring(0, start.length()));
        assertEquals(1, message.lines().count(), message);
        assertFalse(message.contains("REDACTED"), message);
    }

    @Test
    void placeIsThatOfTheMistake() {
        assertEquals("line 3, column 6:", message("{\n\"a\": 1,\n\"b\": oops}").split(" (?=U)")[0]);
    }

    @Test
    void errorDoesNotQuoteWhatMayBeASecret() {
        String message = message("{\"auth_token\": hunter2}");
        assertFalse(message.contains("hunter2"), message);
    }

    @Test
    void emptyFileIsNoObject() {
        assertEquals("line 1, column 1: expected an object", message(" "));
    }

    private static Map<String, Object> read(String text) {
        return JsonFile.read(
                text,
                Map.of(
                        "models", Shape.STRINGS,
                        "prices", Shape.TABLE,
                        "keys", Shape.TREE,
                        "names", Shape.LIST));
    }

    private static String message(String text) {
        return assertThrows(IllegalArgumentException.class, () -> read(text)).getMessage();
    }
}
