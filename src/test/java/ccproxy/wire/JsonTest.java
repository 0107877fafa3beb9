package ccproxy.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class JsonTest {
    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static String problem(byte[] body) {
        return assertThrows(ApiException.class, () -> Json.object("body", body)).getMessage();
    }

    /// Case 47.
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    ''              | body: expected a JSON object, found nothing
                    '  '            | body: expected a JSON object, found nothing
                    []              | body: expected a JSON object, found an array
                    '"text"'        | body: expected a JSON object, found a string
                    1               | body: expected a JSON object, found an integer
                    1.5             | body: expected a JSON object, found a number
                    true            | body: expected a JSON object, found a boolean
                    null            | body: expected a JSON object, found null
                    '{"a":'         | body: the JSON ends too early at line 1, column 6
                    '{"a":1}x'      | body: expected JSON, found something else at line 1, column 8
                    '{"a":1,"a":2}' | body: a property is given twice at line 1, column 12
                    'a=1&b=2'       | body: expected JSON, found something else at line 1, column 1
                    """)
    void whatIsNoObjectIsNamed(String body, String problem) {
        assertEquals(problem, problem(utf8(body)));
    }

    /// Case 47.
    @Test
    void byteOrderMarksAndOtherEncodingsAreRefused() {
        assertEquals(
                "body: expected a JSON object, found a byte order mark",
                problem(utf8("\uFEFF{\"a\":1}")));
        assertEquals(
                "body: expected UTF-8, found another byte at line 1, column 8",
                problem(new byte[] {'{', '"', 'a', '"', ':', '"', (byte) 0xFC, '"', '}'}));
        // Overlong zero, and half a surrogate pair: the parser alone takes some of them.
        for (byte[] bad :
                new byte[][] {
                    {(byte) 0xC0, (byte) 0x80}, {(byte) 0xED, (byte) 0xA0, (byte) 0x80}
                }) {
            byte[] body = utf8("{\"a\":\"" + "x".repeat(9000) + "\\u0000   \"}");
            System.arraycopy(bad, 0, body, 9000, bad.length);
            assertTrue(problem(body).startsWith("body: expected UTF-8, found "), problem(body));
        }
        Json.object("body", utf8("{\"a\":\"" + "x".repeat(8190) + "🙂北\"}"));
        String found = problem("{\"a\":1}".getBytes(StandardCharsets.UTF_16BE));
        assertTrue(found.startsWith("body: expected JSON, found something else"), found);
    }

    @Test
    void nestingIsLimitedAndWhatWasReadCanBeWritten() {
        for (int depth : new int[] {Json.NESTING_MAX - 1, Json.NESTING_MAX}) {
            String body = "{\"a\":".repeat(depth) + "1" + "}".repeat(depth);
            assertEquals(
                    body,
                    new String(
                            Json.bytes(Json.object("body", utf8(body))), StandardCharsets.UTF_8));
        }
        int over = Json.NESTING_MAX + 1;
        String body = "{\"a\":".repeat(over) + "1" + "}".repeat(over);
        assertEquals(
                "body: expected at most 512 levels of nesting, found more", problem(utf8(body)));
    }

    @Test
    void numbersKeepEveryDigitAndHaveALimit() {
        String body = "{\"a\":1.10,\"b\":12345678901234567890123,\"c\":1E+400}";
        assertEquals(body, Json.text(Json.object("body", utf8(body))));
        Json.object("body", utf8("{\"a\":" + "1".repeat(1000) + "}"));
        problem(utf8("{\"a\":" + "1".repeat(1001) + "}"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"北🙂", "a\u0000b", "\uD800", "\uDE42\uD83D", "\"\\\n"})
    void everyTextIsWrittenAndReadBack(String text) {
        assertEquals(
                text, Json.tree(new String(Json.quoted(text), StandardCharsets.UTF_8)).asString());
        var object = Json.object().put("t", text);
        assertEquals(object, Json.object("body", Json.bytes(object)));
    }

    @Test
    void treesThatAreNoJsonAreIllegalArguments() {
        assertThrows(IllegalArgumentException.class, () -> Json.tree("{"));
        assertThrows(IllegalArgumentException.class, () -> Json.tree("NaN"));
        assertThrows(IllegalArgumentException.class, () -> Json.tree("1 2"));
        assertEquals(true, Json.tree("").isMissingNode());
    }
}
