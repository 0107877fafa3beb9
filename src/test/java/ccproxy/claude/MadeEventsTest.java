package ccproxy.claude;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ccproxy.wire.Json;
import ccproxy.wire.MessageEvent;
import ccproxy.wire.MessageFold;
import ccproxy.wire.SseEvent;
import java.util.List;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.node.ObjectNode;

class MadeEventsTest {
    private static final String MESSAGE =
            """
            {"id":"msg_1","type":"message","role":"assistant","model":"m","content":[
            {"type":"thinking","thinking":"deep","signature":"sig"},
            {"type":"text","text":"hé"},{"type":"text","text":""},
            {"type":"tool_use","id":"toolu_1","name":"f","input":{"a":[1,"b"]}},
            {"type":"from_next_year","data":{"x":1}}],
            "stop_reason":null,"stop_sequence":%s,"usage":{"input_tokens":3,"output_tokens":2}}\
            """;

    private static ObjectNode message(String sequence) {
        return (ObjectNode) Json.tree(MESSAGE.formatted(sequence));
    }

    @Test
    void eventsTellTheWholeMessage() {
        for (String sequence : new String[] {"null", "\"END\""}) {
            ObjectNode message = message(sequence);
            ObjectNode before = message.deepCopy();
            var fold = new MessageFold();
            for (SseEvent event : MadeEvents.of(message, "tool_use"))
                fold.add(MessageEvent.of(event));
            assertEquals(before, message, "it is not changed");
            ObjectNode expected = before.put("stop_reason", "tool_use");
            assertEquals(expected.path("content"), fold.message().path("content"));
            assertEquals(expected.path("stop_sequence"), fold.message().path("stop_sequence"));
            assertEquals("tool_use", fold.message().path("stop_reason").asString());
            assertEquals(expected.path("usage"), fold.message().path("usage"));
        }
    }

    @Test
    void allButTheLastEventAreMade() {
        List<SseEvent> events = MadeEvents.of(message("null"), "end_turn");
        assertEquals("message_start", events.getFirst().name());
        assertEquals("message_delta", events.getLast().name());
        assertTrue(events.getFirst().json().path("message").path("content").isEmpty());
        // Five blocks; thinking has two deltas, text one, an empty text and the unknown one none.
        assertEquals(5, events.stream().filter(e -> e.name().endsWith("_stop")).count());
        assertEquals(4, events.stream().filter(e -> e.name().endsWith("block_delta")).count());
    }

    @Test
    void emptyMessageHasABeginAndAnEnd() {
        List<SseEvent> events = MadeEvents.of(Json.object(), "end_turn");
        assertEquals(
                List.of("message_start", "message_delta"),
                events.stream().map(SseEvent::name).toList());
    }
}
