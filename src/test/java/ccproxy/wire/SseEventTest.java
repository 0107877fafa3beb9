package ccproxy.wire;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Whole answers, below, at and above the size up to which they are parsed at once.
class SseEventTest {
    /// An answer of so many bytes whose content is this.
    private static SseEvent answer(String content, int bytes) {
        String json = "{\"content\":" + content + ",\"usage\":{\"input_tokens\":3},\"pad\":\"%s\"}";
        String padded = json.formatted("x".repeat(bytes - json.length() + 2));
        assertEquals(bytes, padded.length());
        return SseEvent.whole(padded.getBytes(UTF_8));
    }

    @ParameterizedTest
    @ValueSource(
            ints = {
                SseEvent.SMALL_BYTES_MAX - 1,
                SseEvent.SMALL_BYTES_MAX,
                SseEvent.SMALL_BYTES_MAX + 1
            })
    void whatAnAnswerCountsIsReadWhateverItsSize(int bytes) {
        SseEvent event = answer("[{\"type\":\"text\",\"text\":\"hi\"}]", bytes);
        assertTrue(event.isObject());
        assertEquals(3, event.summary().path("usage").path("input_tokens").asInt());
        assertEquals("hi", event.json().path("content").path(0).path("text").asString());
    }

    @ParameterizedTest
    @ValueSource(ints = {SseEvent.SMALL_BYTES_MAX, SseEvent.SMALL_BYTES_MAX + 1})
    void contentThatCannotBeReadIsTheClientsAffair(int bytes) {
        SseEvent event = answer("{\"a\":1,\"a\":2}", bytes);
        assertTrue(event.isObject());
        assertEquals(3, event.summary().path("usage").path("input_tokens").asInt());
        assertTrue(event.json().isEmpty());
        assertTrue(event.isObject());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "[]", "\"a\"", "1", "null", "{", "{}{}", "{\"a\":1,\"a\":2}"})
    void whatIsNoObjectIsNone(String json) {
        SseEvent event = SseEvent.whole(json.getBytes(UTF_8));
        assertFalse(event.isObject());
        event.json();
        assertFalse(event.isObject());
    }
}
