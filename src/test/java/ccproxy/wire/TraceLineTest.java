package ccproxy.wire;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

class TraceLineTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
                "data: {\"a\":1}\n\n",
                "data: [DONE]\n\n",
                "data: [1,2]\n\n",
                "data: {\"a\":\n\n",
                "event: ping\r\ndata: {}\r\n\r\n",
                "id: 5\ndata: {\"a\":1}\n\n",
                "data: {\"a\":\ndata: 1}\n\n",
                "data:{\"a\":1}\n\n",
                ": ping\n\n",
                "event: e\ndata: {\"ü\":\"\\u00e4\"}\n\n",
            })
    void frameComesBackAsItWas(String frame) {
        JsonNode line = line(TraceLine.frame(frame.getBytes(UTF_8)));
        String back = new String(TraceLine.frame(line), UTF_8);
        // What is JSON may be written in another way.
        assertEquals(frame.replace("\\u00e4", "ä"), back);
    }

    @Test
    void eventIsThereAsJson() {
        var event = SseEvent.of("e", "{\"a\":[1]}".getBytes(UTF_8));
        assertEquals("\"event\":\"e\",\"data\":{\"a\":[1]}", TraceLine.event(event));
        SseEvent again = TraceLine.read(line(TraceLine.event(event)));
        assertEquals("e", again.name());
        assertEquals(1, again.json().path("a").path(0).asInt());
    }

    @ParameterizedTest
    @ValueSource(strings = {"{\n  \"id\": \"msg_1\"\n}", "no JSON", "[]"})
    void wholeAnswerComesBack(String body) {
        String members = TraceLine.event(SseEvent.whole(body.getBytes(UTF_8)));
        assertTrue(members.indexOf('\n') < 0, members);
        SseEvent again = TraceLine.read(line(members));
        assertEquals(SseEvent.WHOLE, again.name());
        assertEquals(body.replaceAll("\\s(?!J)", ""), again.toString());
    }

    @Test
    void lineThatTellsOfNothingIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> TraceLine.read(line("\"event\":\"e\"")));
    }

    private static JsonNode line(String members) {
        return Json.tree("{\"ms\":1.5," + members + "}");
    }
}
