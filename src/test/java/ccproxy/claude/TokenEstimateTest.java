package ccproxy.claude;

import static org.junit.jupiter.api.Assertions.assertEquals;

import ccproxy.wire.Json;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.node.ObjectNode;

class TokenEstimateTest {
    private static long of(String json) {
        return TokenEstimate.of((ObjectNode) Json.tree(json));
    }

    private static long content(String content) {
        return of("{\"messages\":[{\"role\":\"user\",\"content\":" + content + "}]}");
    }

    @ParameterizedTest
    @CsvSource({"'', 4", "abc, 5", "abcd, 5", "abcde, 6", "éé, 5", "€, 5", "€€, 6", "😀, 5"})
    void fourBytesAreOneToken(String text, long tokens) {
        assertEquals(tokens, content("\"" + text + "\""));
        // Blocks cost what their text does, and the name of its field.
        assertEquals(
                4 + (text.getBytes(java.nio.charset.StandardCharsets.UTF_8).length + 4 + 3) / 4,
                content("[{\"type\":\"text\",\"text\":\"" + text + "\"}]"));
    }

    @Test
    void systemToolsAndEachMessageCount() {
        assertEquals(0, of("{\"messages\":[]}"));
        assertEquals(2, of("{\"system\":\"12345678\",\"messages\":[]}"));
        long one = content("\"abcd\"");
        assertEquals(2 * one, of("{\"messages\":[{\"content\":\"abcd\"},{\"content\":\"abcd\"}]}"));
        // name(4) + "f"(1) + description(11) + 4 = 20 bytes
        assertEquals(
                5, of("{\"tools\":[{\"name\":\"f\",\"description\":\"abcd\"}],\"messages\":[]}"));
    }

    @Test
    void imageIsTheMostThatOneCostsWhateverItsBytes() {
        String image =
                "[{\"type\":\"image\",\"source\":{\"type\":\"base64\",\"media_type\":\"image/png\",\"data\":\"%s\"}}]";
        assertEquals(1604, content(image.formatted("x")));
        assertEquals(1604, content(image.formatted("x".repeat(100_000))));
        assertEquals(
                1604 + (11 + 7 + 1 + 3) / 4,
                content(
                        "[{\"type\":\"tool_result\",\"tool_use_id\":\"t\",\"content\":"
                                + image.formatted("x")
                                + "}]"));
    }

    @Test
    void documentCountsByItsPages() {
        String pdf = "[{\"type\":\"document\",\"source\":{\"type\":\"base64\",\"data\":\"%s\"}}]";
        assertEquals(2004, content(pdf.formatted("x".repeat(66_000))));
        assertEquals(4004, content(pdf.formatted("x".repeat(66_668))));
        String text = "[{\"type\":\"document\",\"source\":{\"type\":\"text\",\"data\":\"%s\"}}]";
        assertEquals(104, content(text.formatted("x".repeat(400))));
    }
}
