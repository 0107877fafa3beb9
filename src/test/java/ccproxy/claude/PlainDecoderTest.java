package ccproxy.claude;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ccproxy.wire.ApiException;
import ccproxy.wire.CliMessage;
import ccproxy.wire.ErrorKind;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Lines of a turn, and the events that a client gets.
class PlainDecoderTest {
    private static final String START =
            event("{\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\"}}");
    private static final String STOP = event("{\"type\":\"message_stop\"}");
    private static final String BUDGET =
            "{\"type\":\"result\",\"is_error\":true,\"stop_reason\":\"end_turn\",\"errors\":[\"Reached maximum budget ($0)\"]}";
    private static final String FINE =
            "{\"type\":\"result\",\"is_error\":false,\"stop_reason\":\"end_turn\",\"result\":\"x\"}";

    private final PlainDecoder decoder = new PlainDecoder();

    private static String event(String json) {
        return "{\"type\":\"stream_event\",\"event\":" + json + ",\"parent_tool_use_id\":null}";
    }

    private static String text(String text) {
        return event(
                "{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\""
                        + text
                        + "\"}}");
    }

    private static String delta(String reason) {
        return event("{\"type\":\"message_delta\",\"delta\":{\"stop_reason\":" + reason + "}}");
    }

    private static String assistant(String id, String block, String more) {
        return "{\"type\":\"assistant\",\"message\":{\"id\":\""
                + id
                + "\",\"role\":\"assistant\",\"model\":\"m\",\"content\":["
                + block
                + "]"
                + more
                + "},\"parent_tool_use_id\":null}";
    }

    private List<String> add(String... lines) {
        var names = new ArrayList<String>();
        for (String line : lines) {
            byte[] bytes = line.getBytes(StandardCharsets.UTF_8);
            decoder.add(CliMessage.of(bytes, bytes.length));
            while (decoder.hasEvent()) names.add(decoder.event().name());
        }
        return names;
    }

    private void fails(ErrorKind kind, String line) {
        assertEquals(kind, assertThrows(ApiException.class, () -> add(line)).kind());
        assertFalse(decoder.hasEvent());
        assertFalse(decoder.isComplete());
    }

    @Test
    void answerIsOverWithItsLastEvent() {
        assertFalse(decoder.hasBegun());
        assertEquals(
                List.of("message_start", "content_block_delta", "message_delta", "message_stop"),
                add(START, text("a"), delta("\"end_turn\""), STOP));
        assertTrue(decoder.hasBegun() && decoder.isComplete());
        assertEquals(List.of(), add(BUDGET), "whatever the turn came to");
    }

    /// Where the CLI asks the model again by itself.
    @Test
    void onlyTheFirstAnswerCounts() {
        add(START, text("a"), delta("\"max_tokens\""), STOP);
        assertEquals(List.of(), add(START, text("b"), delta("\"end_turn\""), STOP, FINE));
    }

    @Test
    void answerWithoutItsLastEventIsEndedByTheResult() {
        assertEquals(
                List.of("message_start", "message_delta", "message_stop"),
                add(START, delta("\"end_turn\""), BUDGET));
        assertTrue(decoder.isComplete());
    }

    @Test
    void answerWithoutAReasonToStopHasBrokenOff() {
        assertEquals(List.of("message_start"), add(START, delta("null"), STOP));
        assertFalse(decoder.isComplete());
        fails(ErrorKind.UNREACHABLE, BUDGET);
    }

    @Test
    void answerThatBrokeOffWithoutAnyEndHasNoneMade() {
        add(START, text("a"));
        fails(ErrorKind.UNREACHABLE, BUDGET);
    }

    @Test
    void withdrawnAnswerStaysWithdrawnWhateverComes() {
        String abandoned =
                "{\"type\":\"stream_event\",\"event\":{\"type\":\"message_stop\"},\"abandoned_blocks\":{\"from_block_index\":0}}";
        add(START, text("a"));
        assertEquals(List.of(), add(abandoned));
        assertEquals(
                List.of(),
                add(
                        START,
                        text("b"),
                        delta("\"end_turn\""),
                        STOP,
                        assistant("msg_2", "{\"type\":\"text\",\"text\":\"b\"}", "")));
        fails(ErrorKind.UNREACHABLE, FINE);
    }

    @Test
    void blocksOfOneMessageBecomeOneAnswer() {
        String block = "{\"type\":\"text\",\"text\":\"%s\"}";
        assertEquals(
                List.of(),
                add(
                        assistant("msg_1", block.formatted("a"), ""),
                        assistant("msg_1", block.formatted("b"), ",\"stop_reason\":null"),
                        assistant("msg_2", block.formatted("not asked for"), "")));
        List<String> names = add(FINE);
        assertEquals("message_start", names.getFirst());
        assertEquals("message_stop", names.getLast());
        assertEquals(2, names.stream().filter("content_block_start"::equals).count());
        assertTrue(decoder.isComplete());
    }

    @Test
    void madeUpTextIsNoAnswer() {
        String made =
                "{\"type\":\"assistant\",\"message\":{\"model\":\"<synthetic>\",\"content\":[{\"type\":\"text\",\"text\":\"API Error: 529 Overloaded.\"}]},\"error\":\"server_error\"}";
        assertEquals(List.of(), add(made));
        // Also when the result calls it a success and repeats nothing.
        fails(ErrorKind.OVERLOADED, "{\"type\":\"result\",\"is_error\":false}");
    }

    @Test
    void turnWithoutAnyAnswerIsIncomplete() {
        fails(ErrorKind.INCOMPLETE, FINE);
    }

    @Test
    void pauseOfTheUpstreamIsAReason() {
        add(START, delta("\"pause_turn\""), STOP);
        assertTrue(decoder.isComplete());
    }
}
